"""The decimal context's flags: which of them a run raised, also those that were up before.

A flag that is up stays up, so that of a run that began with it nobody can tell
whether it would have raised it. They are taken down for the run, and put up
again after it. Code that names a context may look at them: there they are left,
and count.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from json import dumps, loads
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation

__all__ = ["KIND", "apply", "check", "probe", "ready", "undo_of"]

KIND = "decimal_flags"
_NAME = "flags"
_NAMING = ("decimal.getcontext", "decimal.localcontext", "decimal.Context", "decimal.setcontext")


def _raised(context: decimal.Context) -> list[str]:
    flags: Any = getattr(context, "flags")  # noqa: B009  (absent from the stubs' Context)
    return sorted(signal.__name__ for signal, is_up in flags.items() if is_up)


def _raise(context: decimal.Context, names: list[str]) -> None:
    flags: Any = getattr(context, "flags")  # noqa: B009
    for signal in list(flags):
        if signal.__name__ in names:
            flags[signal] = True


class _Probe:
    """Takes the flags down before the run, and up again after it."""

    def __init__(self, context: Context) -> None:
        resolved = context.reading.resolved if context.reading is not None else ()
        self._looks_at_them = any(found.path.startswith(_NAMING) for found in resolved)
        self._context: decimal.Context | None = None
        self._before: list[str] = []
        self._new: list[str] = []

    def start(self) -> None:
        self._context = decimal.getcontext()
        self._before = _raised(self._context)
        if self._before and not self._looks_at_them:
            self._context.clear_flags()

    def stop(self) -> None:
        if self._context is None:
            return
        present = decimal.getcontext()
        known = self._before if self._looks_at_them else []
        self._new = [name for name in _raised(present) if name not in known]
        if not self._looks_at_them:
            _raise(self._context, self._before)
        self._context = None

    def observation(self) -> Observation:
        dependencies = [Dependency(KIND, _NAME, dumps(self._before))] if self._looks_at_them else []
        effects = [Effect(KIND, _NAME, dumps(self._new).encode())] if self._new else []
        return Observation(tuple(dependencies), tuple(effects))


def probe(context: Context) -> _Probe:
    """Return a probe for the flags of the decimal context."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that other flags are up than when code ran that may look at them."""
    is_same = dumps(_raised(decimal.getcontext())) == dependency.expected
    return None if is_same else "the decimal context's flags changed"


def ready(effect: Effect, context: Context) -> str | None:
    """Flags can always be raised."""
    return None


def undo_of(effect: Effect) -> Callable[[], None]:
    """Return what takes down the flags that are not up now."""
    context = decimal.getcontext()
    before = _raised(context)

    def undo() -> None:
        context.clear_flags()
        _raise(context, before)

    return undo


def apply(effect: Effect, context: Context) -> None:
    """Raise what the recorded run raised."""
    _raise(decimal.getcontext(), loads(effect.state))
