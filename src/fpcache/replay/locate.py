"""Find where in a value an object lies, to name it in a message."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from types import CellType, FunctionType
from typing import Any

from fpcache.errors import UncacheableError

__all__ = ["UnstorableError", "describe", "path_to"]

_SEARCHED_OBJECTS = 20_000
_PLAIN_NAMES = {"lock": "a lock", "RLock": "a lock", "TextIOWrapper": "an open file"}


class UnstorableError(UncacheableError):
    """An object can't be stored; the message goes on after its path.

    Parameters
    ----------
    message : str
        Such as ``"is a generator, which can't be stored"``.
    culprit : object
        The object, to be located in the payload.
    """

    def __init__(self, message: str, culprit: object) -> None:
        super().__init__(message)
        self.culprit = culprit


def describe(obj: object) -> str:
    """Return a short text that names the type of `obj` for people."""
    kind = type(obj)
    if kind.__name__ in _PLAIN_NAMES:
        return f"{_PLAIN_NAMES[kind.__name__]} (`{kind.__module__}.{kind.__name__}`)"
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    article = "an" if kind.__qualname__[:1].lower() in "aeiou" and not module else "a"
    return f"{article} `{module}{kind.__qualname__}`"


def path_to(root: object, target: object) -> str:
    """Return an expression for where `target` lies in `root`, or ``""``.

    The search is bounded: a message is no reason to walk a huge value.
    """
    queue: deque[tuple[str, object]] = deque(_roots(root))
    seen: set[int] = set()
    while queue and len(seen) < _SEARCHED_OBJECTS:
        path, obj = queue.popleft()
        if obj is target:
            return path.partition("._mgr")[0]  # people know the frame, not its blocks
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        queue.extend((path + step, child) for step, child in _children(obj))
    return ""


def _roots(root: Any) -> list[tuple[str, object]]:
    """A payload names its roots itself; anything else is one root."""
    named = getattr(type(root), "path_roots", None)
    return list(named(root)) if named else [("result", root)]


def _children(obj: object) -> Iterator[tuple[str, object]]:
    if isinstance(obj, Mapping) and isinstance(obj, dict):
        for key, value in dict.items(obj):
            yield f"[{key!r}]" if isinstance(key, str | int) else "[…]", value
            yield ".keys()", key
    elif isinstance(obj, list | tuple | set | frozenset | deque):
        yield from ((f"[{index}]", child) for index, child in enumerate(obj))
    elif isinstance(obj, FunctionType):
        yield from _closure(obj)
    elif type(obj).__module__ == "numpy" and getattr(obj, "base", None) is not None:
        yield "", obj.base  # type: ignore[attr-defined]
    yield from _attributes(obj)


def _closure(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != CellType():
            yield f" (closure variable {name})", cell.cell_contents


def _attributes(obj: object) -> Iterator[tuple[str, object]]:
    try:
        attributes = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return
    if isinstance(attributes, dict) and not isinstance(obj, type):
        yield from ((f".{name}", child) for name, child in attributes.items())
