"""Functions that Python doesn't audit, replaced while something watches.

A replaced function announces its call to the subscribers of ``file_events``
and then does what it did. Replacements are counted, so recordings may nest;
the last release puts back exactly what was there. What somebody else replaced
meanwhile stays theirs.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from fpcache.dependencies.file_events import announce

__all__ = ["Call", "Point", "drop_own_frame", "install", "release"]

_MISSING = object()


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Where a function hangs, and the event that its calls are announced as."""

    owner: Any
    name: str
    event: str
    detail: Any = None


@dataclass(slots=True, eq=False)
class Call:
    """One call of a replaced function, about to happen; a subscriber may put other arguments in place."""

    point: Point
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def argument(self, index: int, keyword: str, default: Any = None) -> Any:
        """Return the argument given by position or by keyword."""
        return self.args[index] if 0 <= index < len(self.args) else self.kwargs.get(keyword, default)


@dataclass(slots=True, eq=False)
class _Installed:
    point: Point
    original: Any
    replacement: Any
    users: int = 1


_lock = threading.RLock()  # replaced in a forked child, where another thread may have held it
_installed: dict[tuple[int, str], _Installed] = {}


class Intercepted:
    """Stands in for a builtin function; equal to it, so that ``os.supports_dir_fd`` and the like hold."""

    __slots__ = ("_original", "_point")

    def __init__(self, point: Point, original: Callable[..., Any]) -> None:
        self._point = point
        self._original = original

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = Call(self._point, args, kwargs)
        announce(self._point.event, (call,))
        try:
            return self._original(*call.args, **call.kwargs)
        except BaseException as error:
            drop_own_frame(error)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self._original.__module__, self._original.__name__)


def _named(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


class _ClassStandIn(type):
    """Makes a class that stands in for one that can't be changed: calls, checks and look-ups reach it."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        point, original = type.__getattribute__(cls, "_fpcache")
        announce(point.event, (Call(point, args, kwargs),))
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            drop_own_frame(error)
            raise

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, type.__getattribute__(cls, "_fpcache")[1])

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, type.__getattribute__(cls, "_fpcache")[1])

    def __getattr__(cls, name: str) -> Any:
        return getattr(type.__getattribute__(cls, "_fpcache")[1], name)

    def __mro_entries__(cls, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (type.__getattribute__(cls, "_fpcache")[1],)


def install(points: Iterable[Point]) -> list[Point]:
    """Replace the functions at ``points``; return those to ``release``.

    A point whose owner has no such name, or can't be changed, is left out.
    """
    done: list[Point] = []
    with _lock:
        for point in points:
            present = _installed.get((id(point.owner), point.name))
            if present is not None:
                present.users += 1
                done.append(present.point)
            elif _replace(point):
                done.append(point)
    return done


def _replace(point: Point) -> bool:
    original = vars(point.owner).get(point.name, _MISSING)
    inherited = getattr(point.owner, point.name, _MISSING) if original is _MISSING else original
    if inherited is _MISSING:
        return False
    replacement = _replacement(point, inherited)
    try:
        setattr(point.owner, point.name, replacement)
    except (TypeError, AttributeError):  # an extension type: nothing was changed
        return False
    _installed[id(point.owner), point.name] = _Installed(point, original, replacement)
    return True


def _replacement(point: Point, original: Any) -> Any:
    if isinstance(original, (staticmethod, classmethod)):
        return type(original)(_function(point, original.__func__))
    if isinstance(original, type):
        return _ClassStandIn(
            original.__name__, (), {"_fpcache": (point, original), "__module__": original.__module__}
        )
    if isinstance(point.owner, type) and getattr(original, "__self__", None) is point.owner:
        return staticmethod(_function(point, original))  # inherited, and bound to the class already
    if isinstance(point.owner, type) or isinstance(original, FunctionType):
        return _function(point, original)
    return Intercepted(point, original)


def _function(point: Point, original: Callable[..., Any]) -> Callable[..., Any]:
    def intercepted(*args: Any, **kwargs: Any) -> Any:
        call = Call(point, args, kwargs)
        announce(point.event, (call,))
        try:
            return original(*call.args, **call.kwargs)
        except BaseException as error:
            drop_own_frame(error)
            raise

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(intercepted, name, getattr(original, name, None) or "")
    intercepted.__dict__.update(getattr(original, "__dict__", {}))
    intercepted.__wrapped__ = original  # type: ignore[attr-defined]
    return intercepted


def release(points: Iterable[Point]) -> None:
    """Put back what ``install`` replaced, where nobody else watches it."""
    with _lock:
        for point in points:
            present = _installed.get((id(point.owner), point.name))
            if present is None:
                continue
            present.users -= 1
            if present.users == 0:
                del _installed[id(point.owner), point.name]
                _restore(present)


def _restore(present: _Installed) -> None:
    owner, name = present.point.owner, present.point.name
    if vars(owner).get(name) is not present.replacement:
        return
    if present.original is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, present.original)


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def drop_own_frame(error: BaseException) -> None:
    """Take the handler's own frame from a traceback; a bare ``raise`` after it adds none.

    So the user's traceback is what it would be if nothing watched.
    """
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next
