"""What fingerprinting may cost, and what earlier runs taught about code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from json import dumps, loads

from fpcache.errors import StoreError
from fpcache.fingerprints.records import Allowance
from fpcache.own_work import uncollected
from fpcache.store.entry import Profile
from fpcache.store.protocol import Store

__all__ = ["AllowanceSpentError", "Governor"]

START_S = 0.25
SHARE_OF_RUN_TIME = 0.08
LEAST_S = 0.01
LEAST_SHARE = 0.005
SHARE_FOR_STORING = 0.15
STORING_S = 0.015
REPLAY_S = "replay_s"
REFUSED = "refused"
INPUTS_S = "inputs_s"
RESULT_S = "result_s"
TRIED_AGAIN = 8
WORTH_FACTOR = 2.0
MORE_TO_TRY = 1.5


class AllowanceSpentError(Exception):
    """Fingerprinting took longer than it may.

    Attributes
    ----------
    limit_s : float
        The seconds that were not enough.
    """

    def __init__(self, what: str, limit_s: float) -> None:
        super().__init__(what)
        self.limit_s = limit_s


@dataclass(slots=True)
class Governor:
    """Keeps durations by code, and decides what is worth its cost.

    What the cache spends comes out of a purse: a little to start with, and a
    share of the time that the session's code ran or would have run. The clock
    is that of the thread, so that a busy machine decides as an idle one does.

    Attributes
    ----------
    store : Store
        Where durations are kept.
    run_time_s : float
        Seconds that code ran, or took when it was recorded where it was replayed.
    spent_s : float
        Seconds of fingerprinting, watching and storing.
    """

    store: Store
    run_time_s: float = 0.0
    spent_s: float = 0.0
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

    @property
    def left_s(self) -> float:
        """What may still be spent, in seconds; less than nothing where one component took long."""
        return START_S + SHARE_OF_RUN_TIME * self.run_time_s - self.spent_s

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Take what is done meanwhile out of the purse."""
        started = time.thread_time()
        try:
            with uncollected():
                yield
        finally:
            self.spent_s += time.thread_time() - started

    def learn_refusal(self, code_digest: str, duration_s: float, reason: str, cost_s: float) -> None:
        """Remember a result that can't be stored, if it was dear to find that out."""
        if cost_s > SHARE_OF_RUN_TIME * duration_s:
            self.learn(code_digest, duration_s, **{REFUSED: reason})

    def known_refusal(self, code_digest: str, min_seconds: float) -> str | None:
        """Return why the code's result could not be stored; None where it is time to try that again."""
        profile, reason = self.profile(code_digest), self.detail(code_digest, REFUSED)
        is_due = min_seconds == 0 or profile is None or profile.runs % TRIED_AGAIN == 0
        return None if is_due or not isinstance(reason, str) else reason

    def allowance(self, code_digest: str, min_seconds: float, *, explicit: bool = False) -> Allowance:
        """Return a check that raises once fingerprinting took too long.

        Never where all is cached, nor in the first run of what the user asked to have cached.

        Raises
        ------
        AllowanceSpentError
            At once, where hardly less was not enough before; every eighth run tries all the same.
        """
        profile = self.profile(code_digest)
        known_s = profile.duration_s if profile else 0.0
        if min_seconds == 0 or (explicit and profile is None):
            known_s = float("inf")
        limit_s = max(self._least_s, self.left_s / 2, known_s / WORTH_FACTOR)
        tried_s = self.detail(code_digest, INPUTS_S)
        if isinstance(tried_s, float) and not self._is_more_than(tried_s, limit_s, profile):
            what = f"fingerprinting its inputs took over {tried_s:.2f} s before, too long for what it saves"
            raise AllowanceSpentError(what, tried_s)
        return _limited(limit_s, f"fingerprinting its inputs took over {limit_s:.2f} s")

    @property
    def _least_s(self) -> float:
        """What any code may be fingerprinted for, unless far more was spent than there is."""
        is_far_below = self.left_s + SHARE_OF_RUN_TIME * self.run_time_s < 0
        return LEAST_S if is_far_below else max(LEAST_S, LEAST_SHARE * self.run_time_s)

    @staticmethod
    def _is_more_than(tried_s: float, limit_s: float, profile: Profile | None) -> bool:
        """Whether trying again may help; every eighth run does."""
        return limit_s >= MORE_TO_TRY * tried_s or profile is None or profile.runs % TRIED_AGAIN == 0

    def storing_allowance(self, code_digest: str, duration_s: float, min_seconds: float) -> Allowance:
        """Return a check that raises once looking at a result took too long for what it saves.

        Raises
        ------
        AllowanceSpentError
            At once, where hardly less was not enough before; every eighth run tries all the same.
        """
        limit_s = max(min(self.left_s, duration_s) / WORTH_FACTOR, SHARE_FOR_STORING * duration_s)
        if min_seconds == 0:
            limit_s = float("inf")
        tried_s, profile = self.detail(code_digest, RESULT_S), self.profile(code_digest)
        what = "looking at its result took over {:.2f} s"
        if isinstance(tried_s, float) and not self._is_more_than(tried_s, limit_s, profile):
            raise AllowanceSpentError(what.format(tried_s), tried_s)
        return _limited(limit_s, what.format(limit_s))

    def can_afford_storing(self, duration_s: float, min_seconds: float) -> bool:
        """Whether a result may be stored in this run already; a later one has more to spend."""
        return min_seconds == 0 or self.left_s > 0 or SHARE_FOR_STORING * duration_s > STORING_S

    @staticmethod
    def is_worth_storing(duration_s: float, restore_s: float, min_seconds: float) -> bool:
        """Whether replaying is clearly quicker than running."""
        return min_seconds == 0 or duration_s > WORTH_FACTOR * restore_s


def _limited(limit_s: float, what: str) -> Allowance:
    started, look_at = time.thread_time(), time.perf_counter() + limit_s

    def check(ahead_s: float) -> None:
        nonlocal look_at
        now = time.perf_counter()
        if now + ahead_s > look_at:  # the thread's clock never goes faster, and takes longer to ask
            left_s = limit_s - (time.thread_time() - started)
            if ahead_s > left_s:
                raise AllowanceSpentError(what, limit_s)
            look_at = now + left_s

    return check


def _differs(known: Profile, profile: Profile) -> bool:
    ratio = (profile.duration_s + 1e-4) / (known.duration_s + 1e-4)
    return known.details != profile.details or not 0.5 < ratio < 2
