"""What fingerprinting may cost, and what earlier runs taught about code."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from json import dumps, loads

from fpcache.errors import StoreError
from fpcache.store.entry import Profile
from fpcache.store.protocol import Store

__all__ = ["AllowanceSpentError", "Governor"]

FIRST_ALLOWANCE_S = 0.05
SHARE_OF_RUN_TIME = 0.05
SHARE_FOR_STORING = 0.3
REPLAY_S = "replay_s"
WORTH_FACTOR = 2.0


class AllowanceSpentError(Exception):
    """Fingerprinting took longer than it may for code of unknown duration."""


@dataclass(slots=True)
class Governor:
    """Keeps durations by code, and decides what is worth its cost."""

    store: Store
    run_time_s: float = 0.0
    _profiles: dict[str, Profile | None] = field(default_factory=dict)
    _unsaved: dict[str, Profile] = field(default_factory=dict)

    def profile(self, code_digest: str) -> Profile | None:
        """Return what is known about a piece of code; None if nothing."""
        if code_digest not in self._profiles:
            try:
                self._profiles[code_digest] = self.store.profile(code_digest)
            except StoreError:
                self._profiles[code_digest] = None
        return self._profiles[code_digest]

    def detail(self, code_digest: str, name: str) -> object:
        """Return one remembered detail about a piece of code, or None."""
        profile = self.profile(code_digest)
        return loads(profile.details).get(name) if profile else None

    def learn(self, code_digest: str, duration_s: float, **details: object) -> None:
        """Remember how long a piece of code took and what was seen of it."""
        self.run_time_s += duration_s
        known = self.profile(code_digest)
        merged = {**(loads(known.details) if known else {}), **details}
        merged = {name: value for name, value in merged.items() if value is not None}
        profile = Profile(
            duration_s=duration_s,
            runs=known.runs + 1 if known else 1,
            details=dumps(merged, sort_keys=True).encode(),
        )
        self._profiles[code_digest] = profile
        if known is None or _differs(known, profile):
            self._unsaved[code_digest] = profile

    def save(self) -> None:
        """Write what was learnt to the store; called once a cell."""
        unsaved, self._unsaved = self._unsaved, {}
        for code_digest, profile in unsaved.items():
            self.store.remember_profile(code_digest, replace(profile))

    def is_known_cheap(self, code_digest: str, min_seconds: float) -> bool:
        """Whether the code's last run was quicker than what is worth caching."""
        profile = self.profile(code_digest)
        return profile is not None and profile.duration_s < min_seconds

    def is_slow_to_restore(self, code_digest: str) -> bool:
        """Whether the code's last result would have taken as long to restore as its last run took."""
        profile, restore_s = self.profile(code_digest), self.detail(code_digest, REPLAY_S)
        return (
            profile is not None
            and isinstance(restore_s, float)
            and profile.duration_s <= WORTH_FACTOR * restore_s
        )

    def allowance(self, code_digest: str, min_seconds: float) -> Callable[[], None]:
        """Return a check that raises once fingerprinting took too long; never where all is cached."""
        profile = self.profile(code_digest)
        known_s = profile.duration_s if profile else 0.0
        if min_seconds == 0:
            known_s = float("inf")
        limit_s = max(FIRST_ALLOWANCE_S + SHARE_OF_RUN_TIME * self.run_time_s, known_s)
        started = time.perf_counter()

        def check() -> None:
            if time.perf_counter() - started > limit_s:
                raise AllowanceSpentError(f"fingerprinting its inputs took over {limit_s:.2f} s")

        return check

    def storing_allowance(self, duration_s: float, min_seconds: float) -> Callable[[], None]:
        """Return a check that raises once looking at a result took too long for what it saves."""
        limit_s = FIRST_ALLOWANCE_S + SHARE_FOR_STORING * duration_s
        started = time.perf_counter()

        def check() -> None:
            if min_seconds > 0 and time.perf_counter() - started > limit_s:
                raise AllowanceSpentError(f"looking at its result took over {limit_s:.2f} s")

        return check

    @staticmethod
    def is_worth_storing(duration_s: float, restore_s: float, min_seconds: float) -> bool:
        """Whether replaying is clearly quicker than running."""
        return min_seconds == 0 or duration_s > WORTH_FACTOR * restore_s


def _differs(known: Profile, profile: Profile) -> bool:
    ratio = (profile.duration_s + 1e-4) / (known.duration_s + 1e-4)
    return known.details != profile.details or not 0.5 < ratio < 2
