"""The decimal context's flags: which of them a run raised.

Of a flag that was up before nobody can tell whether the run would have raised
it. So what computes with decimals needs these to be up again; what may look at
a context needs them to be exactly as they were.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from json import dumps, loads
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation

__all__ = ["KIND", "apply", "check", "probe", "ready", "undo_of"]

KIND = "decimal_flags"
_NAME, _UP = "flags", "flags that are up"
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
    """Compares the flags before and after the run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: list[str] = []
        self._new: list[str] = []

    def start(self) -> None:
        self._before = _raised(decimal.getcontext())

    def stop(self) -> None:
        self._new = [name for name in _raised(decimal.getcontext()) if name not in self._before]

    def observation(self) -> Observation:
        effects = [Effect(KIND, _NAME, dumps(self._new).encode())] if self._new else []
        return Observation(tuple(self._dependencies()), tuple(effects))

    def _dependencies(self) -> Iterator[Dependency]:
        reading = self._context.reading
        if reading is None:
            return
        paths = self._context.paths
        values = [*reading.nodes, *(root.value for root in reading.roots)]
        if any(isinstance(value, decimal.Context) for value in values) or any(
            path.startswith(_NAMING) for path in paths
        ):
            yield Dependency(KIND, _NAME, dumps(self._before))
        elif self._before and (
            any(path.startswith("decimal.") for path in paths)
            or any(isinstance(value, decimal.Decimal) for value in values)
        ):
            yield Dependency(KIND, _UP, dumps(self._before))


def probe(context: Context) -> _Probe:
    """Return a probe for the flags of the decimal context."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that flags which were up are not, or for code that may look at them, that others are."""
    present, expected = _raised(decimal.getcontext()), loads(dependency.expected)
    is_same = present == expected if dependency.name == _NAME else set(expected) <= set(present)
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
