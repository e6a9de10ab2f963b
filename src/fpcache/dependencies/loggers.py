"""Loggers that a run asks: how they are set decides what is shown, and to whom a record is given.

A logger is found by its name, in a table that code doesn't name. So the ones
that are asked for, or asked whether they log, are seen as that happens.
"""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Iterator
from json import dumps
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.dependencies.substitutions import Substitution, substitute, undo

__all__ = ["KIND", "check", "probe"]

KIND = "logger"
# Loggers of what runs the cell: they are asked by what has nothing to do with it.
_MACHINERY = frozenset(
    {
        "IPython", "asyncio", "comm", "fpcache", "ipykernel", "jupyter_client", "parso", "tornado",
        "traitlets", "zmq",
    }
)  # fmt: skip
_AS_MADE = [logging.NOTSET, False, True, [], 0]
_PASSING = ("asctime", "created", "msecs", "relativeCreated", "process", "thread", "taskName")
_SHORTER = "leave it out of the handler's format, or use %%fpcache to keep one log"
_REMEDY = "log where it is not cached, or let the function return what it has to tell"


class _Probe:
    """Stands in for the ways to a logger."""

    def __init__(self) -> None:
        self._replaced: list[Substitution] = []
        self._names: dict[str, None] = {}
        self._before: dict[str, str] = {}
        self._given: dict[str, None] = {}
        self._told: dict[str, None] = {}
        self._there: frozenset[str] = frozenset()

    def start(self) -> None:
        self._there = frozenset(logging.root.manager.loggerDict)
        cls, manager = logging.Logger, logging.Manager
        self._replaced = [
            substitute(manager, "getLogger", self._asked_for(manager.getLogger)),
            substitute(cls, "isEnabledFor", self._asked(cls.isEnabledFor)),
            substitute(cls, "callHandlers", self._giving(cls.callHandlers)),
        ]

    def stop(self) -> None:
        undo(self._replaced)
        self._replaced = []

    def _note(self, name: str) -> None:
        if name not in self._before and name.partition(".")[0] not in _MACHINERY:
            self._before[name] = _state(name, self._there)

    def _asked_for(self, original: Any) -> Any:
        @functools.wraps(original)
        def getLogger(manager: Any, name: str) -> Any:
            if isinstance(name, str):
                self._note(name)
            return original(manager, name)

        return getLogger

    def _asked(self, original: Any) -> Any:
        @functools.wraps(original)
        def isEnabledFor(logger: Any, level: Any) -> Any:
            self._note(logger.name)
            return original(logger, level)

        return isEnabledFor

    def _giving(self, original: Any) -> Any:
        @functools.wraps(original)
        def callHandlers(logger: Any, record: Any) -> Any:
            if logger.name.partition(".")[0] not in _MACHINERY:
                for handler in _handlers(logger):
                    if record.levelno >= handler.level:
                        self._look_at(handler)
            return original(logger, record)

        return callHandlers

    def _look_at(self, handler: logging.Handler) -> None:
        if not _only_shows(handler):
            self._given[type(handler).__name__] = None
        form = str(getattr(handler.formatter, "_fmt", ""))
        self._told.update(dict.fromkeys(word for word in _PASSING if word in form))

    def observation(self) -> Observation:
        dependencies = tuple(Dependency(KIND, name, state) for name, state in self._before.items())
        refusals = [
            Refusal(f"logs to a `{name}`, which a replay would leave out", _REMEDY) for name in self._given
        ]
        refusals += [
            Refusal(f"its log tells what is another in each run (`{word}`)", _SHORTER, explicit_ok=True)
            for word in self._told
        ]
        return Observation(dependencies, (), tuple(refusals))


def probe(_: Context) -> _Probe:
    """Return a probe for loggers."""
    return _Probe()


def check(dependency: Dependency, _: Context) -> str | None:
    """Say that a logger is set in another way than when the component ran."""
    if _state(dependency.name) == dependency.expected:
        return None
    return f"logger `{dependency.name}` is set in another way"


def _state(name: str, there: frozenset[str] | None = None) -> str:
    """Return how a logger and those above it are set, but for the root, which is everybody's.

    Those that are not ``there`` count as they were before anybody asked for them.
    """
    found = {}
    for one in _chain(name):
        if there is not None and one.name not in there:
            continue
        handlers = [
            _described(handler) for handler in one.handlers if type(handler) is not logging.NullHandler
        ]
        state = [one.level, one.disabled, one.propagate, handlers, len(one.filters)]
        if state != _AS_MADE:
            found[one.name] = state
    return dumps(found)


def _chain(name: str) -> Iterator[logging.Logger]:
    """Yield the logger of this name, and those above it; none is made."""
    table = logging.root.manager.loggerDict
    while name:
        found = table.get(name)
        if isinstance(found, logging.Logger) and found is not logging.root:
            yield found
        name = name.rpartition(".")[0]


def _handlers(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _described(handler: logging.Handler) -> list[object]:
    form = getattr(handler.formatter, "_fmt", None)
    return [type(handler).__qualname__, handler.level, form, len(handler.filters), _only_shows(handler)]


def _only_shows(handler: logging.Handler) -> bool:
    """Whether a handler writes to the cell's output, or nowhere."""
    if type(handler) is logging.NullHandler:
        return True
    known = type(handler).__module__.startswith(("logging", "rich."))
    if isinstance(handler, logging.FileHandler) or not known:
        return False
    stream = getattr(handler, "stream", None)
    standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return any(stream is one for one in standard) or type(stream).__module__.startswith(
        ("ipykernel", "fpcache")
    )
