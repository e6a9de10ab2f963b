"""Loggers that the import of a library sets, which a hit has left away: made when somebody asks for them."""

from __future__ import annotations

import functools
import importlib
import logging
import sys
from types import FrameType
from typing import Any

from fpcache.fingerprints.locality import is_local_namespace

__all__ = ["await_asking", "forget"]

_awaited: dict[str, str] = {}
# Code between who asks for a logger and here; the probe for loggers wraps the same function.
_OWN = frozenset({"logging", __name__, "fpcache.dependencies.loggers"})


def await_asking(name: str, module: str) -> None:
    """Import a module when a logger, or one below it, is asked for; unless it is imported before."""
    _awaited[name] = module
    if not hasattr(logging.Manager.getLogger, "__fpcache_awaits__"):
        logging.Manager.getLogger = _awaiting(logging.Manager.getLogger)  # type: ignore[method-assign]


def forget(name: str) -> None:
    """Await nothing for a logger any more."""
    _awaited.pop(name, None)


def _awaiting(original: Any) -> Any:
    @functools.wraps(original)
    def getLogger(manager: Any, name: str) -> Any:
        if _awaited and isinstance(name, str):
            _make(name)
        return original(manager, name)

    getLogger.__fpcache_awaits__ = True  # type: ignore[attr-defined]
    return getLogger


def _make(name: str) -> None:
    if not _may_import():
        return
    while name:
        module = _awaited.pop(name, None)
        if module is not None and module not in sys.modules:
            importlib.import_module(module)
        name = name.rpartition(".")[0]


def _may_import() -> bool:
    """Whether user code asks, or no import is under way: a library asks while it is half loaded."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _OWN:
        frame = frame.f_back
    if is_local_namespace(frame.f_globals):
        return True
    above: FrameType | None = frame
    while above is not None and not above.f_code.co_filename.startswith("<frozen importlib"):
        above = above.f_back
    return above is None
