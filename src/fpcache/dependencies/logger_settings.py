"""Loggers that a run makes and sets: what an import did is left to the next import, levels are set again.

A library that is first imported while a cell runs may set loggers of any name. A logger that did not exist
before, and still is as the import of an installed module left it, is one that this import makes again. So a
hit leaves it away, until somebody asks for it or for one below it: then the import is done first, as it would
have been long ago without the cache. Else what user code sets would be overwritten by a later import.

Any other that did not exist before the run is an effect: nobody can have held it, and its level, and whether
its records are passed on, are all there is to restore. One that existed, or that has handlers or filters,
can't be restored.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec
from json import dumps, loads
from types import ModuleType

from fpcache.dependencies.context import Context
from fpcache.dependencies.late_imports import OutermostImports
from fpcache.dependencies.loggers_awaited import await_asking, forget
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.fingerprints.locality import is_local_module

__all__ = ["KIND", "apply", "check", "probe", "ready", "undo_of"]

KIND = "logger settings"
_REMEDY = "do that in a statement of its own"
_AS_MADE = (logging.NOTSET, False, True)  # level, disabled, propagate


class _Probe:
    """Compares the settings of all loggers before and after."""

    def __init__(self) -> None:
        self._there: frozenset[str] = frozenset()
        self._before: dict[str, object] = {}
        self._effects: list[Effect] = []
        self._refusals: list[Refusal] = []
        self._imports = OutermostImports(self._begins, self._ended)
        self._at_begin: dict[str, object] = {}
        self._left_by_imports: dict[str, tuple[str, object]] = {}

    def start(self) -> None:
        self._there = frozenset(_loggers())
        self._before = _settings()
        self._imports.install()

    def _begins(self, _: ModuleType) -> None:
        self._at_begin = _settings()

    def _ended(self, module: ModuleType) -> None:
        if not is_local_module(module):
            for name, state in _settings().items():
                if self._at_begin.get(name) != state:
                    self._left_by_imports[name] = module.__name__, state

    def stop(self) -> None:
        self._imports.remove()
        after = _settings()
        changed = (name for name in self._before.keys() | after.keys() if self._differs(name, after))
        for name in sorted(changed):
            module, state = self._left_by_imports.get(name, ("", None))
            logger = _loggers().get(name)
            if name in self._there or logger is None:
                self._refusals.append(Refusal(f"changed logger `{name}`", _REMEDY))
            elif module and state == after.get(name):
                self._effects.append(Effect(KIND, name, dumps(module).encode()))
            elif not module and _is_restorable(logger):  # else a later import would set it once more
                self._effects.append(Effect(KIND, name, _state(logger)))
            else:
                self._refusals.append(Refusal(f"changed logger `{name}`", _REMEDY))

    def _differs(self, name: str, after: dict[str, object]) -> bool:
        return self._before.get(name) != after.get(name)

    def observation(self) -> Observation:
        # What is made of a logger may be another thing where it is set already.
        dependencies = tuple(Dependency(KIND, effect.name, "") for effect in self._effects)
        return Observation(dependencies, tuple(self._effects), tuple(self._refusals))


def _loggers() -> dict[str, logging.Logger]:
    table = list(logging.root.manager.loggerDict.items())
    return {name: found for name, found in table if isinstance(found, logging.Logger)}


def _settings() -> dict[str, object]:
    """Return how the loggers are set that are not as they were made."""
    found: dict[str, object] = {}
    for name, logger in _loggers().items():
        is_silent = all(type(one) is logging.NullHandler for one in logger.handlers)
        plain = (logger.level, logger.disabled, logger.propagate)
        if not is_silent or logger.filters or plain != _AS_MADE:
            parts = [(id(one), one.level, id(one.formatter), len(one.filters)) for one in logger.handlers]
            found[name] = (parts, list(map(id, logger.filters)), plain)
    return found


def _is_restorable(logger: logging.Logger) -> bool:
    """Whether nothing of a logger is an object of its own, but for handlers that do nothing."""
    is_silent = all(type(one) is logging.NullHandler for one in logger.handlers)
    has_own = vars(logger).keys() - vars(logging.Logger("")).keys() - {"manager"}
    numbers = type(logger.level) is int and type(logger.disabled) is bool and type(logger.propagate) is bool
    return type(logger) is logging.Logger and is_silent and numbers and not (logger.filters or has_own)


def _state(logger: logging.Logger) -> bytes:
    return dumps([logger.level, logger.disabled, logger.propagate, len(logger.handlers)]).encode()


def probe(_: Context) -> _Probe:
    """Return a probe for the settings of loggers."""
    return _Probe()


def check(dependency: Dependency, _: Context) -> str | None:
    """Say that a logger, which the run found unset, is set by now."""
    if dependency.name in _settings():
        return f"logger `{dependency.name}` is set already"
    return None


def ready(effect: Effect, _: Context) -> str | None:
    """Say that a library is gone that would make the logger."""
    module = loads(effect.state)
    if isinstance(module, str) and not (_is_loaded(module) or find_spec(module.partition(".")[0])):
        return f"`{module}`, which sets logger `{effect.name}`, is not installed"
    return None


def _is_loaded(module: str) -> bool:
    return module in sys.modules


def apply(effect: Effect, _: Context) -> None:
    """Set a logger as the recorded run left it, or have it made when somebody asks for it."""
    state = loads(effect.state)
    if isinstance(state, list):
        _set(logging.getLogger(effect.name), *state)
    elif not _is_loaded(state):
        await_asking(effect.name, state)


def _set(logger: logging.Logger, level: int, disabled: bool, propagate: bool, silent_handlers: int) -> None:
    logger.setLevel(level)
    logger.disabled, logger.propagate = disabled, propagate
    for _ in range(silent_handlers - len(logger.handlers)):
        logger.addHandler(logging.NullHandler())


def undo_of(effect: Effect) -> Callable[[], None]:
    """Return what sets a logger back to what it is now; it stays, as made, where it wasn't there."""
    if not isinstance(loads(effect.state), list):
        return lambda: forget(effect.name)
    logger = _loggers().get(effect.name)
    plain = (logger.level, logger.disabled, logger.propagate) if logger is not None else _AS_MADE
    handlers = list(logger.handlers) if logger is not None else []

    def undo() -> None:
        present = logging.getLogger(effect.name)
        present.setLevel(plain[0])
        present.disabled, present.propagate = plain[1:]
        present.handlers[:] = handlers

    return undo
