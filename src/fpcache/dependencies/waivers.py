"""What only an explicit ``%%fpcache`` caches, marked so that automatic mode doesn't replay it."""

from __future__ import annotations

from collections.abc import Iterable

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Observation, Refusal

__all__ = ["KIND", "check", "probe", "waivers"]

KIND = "waiver"


class _Probe:
    """Sees nothing: other probes emit these dependencies."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def observation(self) -> Observation:
        return Observation()


def waivers(refusals: Iterable[Refusal]) -> tuple[Dependency, ...]:
    """Return dependencies that hold only where these refusals may be waived."""
    return tuple(Dependency(KIND, found.reason, "explicit") for found in refusals if found.explicit_ok)


def probe(context: Context) -> _Probe:
    """Return a probe that sees nothing."""
    return _Probe()


def check(dependency: Dependency, context: Context) -> str | None:
    """Say what was waived when this was recorded, unless it is waived now as well."""
    return None if context.settings.get("explicit") else dependency.name
