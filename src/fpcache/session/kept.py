"""Names that a component may leave as they were: their old value counts only if it did."""

from __future__ import annotations

from collections.abc import Mapping

from fpcache.cells import Component
from fpcache.dependencies.records import Dependency
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import fingerprint

__all__ = ["KIND", "check", "dependencies"]

KIND = "kept"
_MISSING = "missing"


def dependencies(
    component: Component, before: Mapping[str, object], now: Mapping[str, object]
) -> list[Dependency]:
    """Return a dependency for each name that the run may have left alone.

    Raises
    ------
    UnfingerprintableValueError
        If such a name's value has no fingerprint.
    """
    absent = object()
    left = (
        name for name in sorted(component.names.kept) if now.get(name, absent) is before.get(name, absent)
    )
    return [Dependency(KIND, name, _digest(name, before)) for name in left]


def check(dependency: Dependency, namespace: Mapping[str, object]) -> str | None:
    """Return why a name that the recorded run left alone is not what it was, or None."""
    try:
        if _digest(dependency.name, namespace) == dependency.expected:
            return None
    except UnfingerprintableValueError:
        pass  # it had a fingerprint then
    return f"`{dependency.name}`, which the code may leave as it is, changed"


def _digest(name: str, namespace: Mapping[str, object]) -> str:
    return fingerprint(namespace[name]) if name in namespace else _MISSING
