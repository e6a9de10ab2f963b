"""Which handler encodes a value: by exact type, then along the type's bases.

Optional libraries are named by dotted path, handlers by ``"module:function"``:
nothing is imported before a value of that very type is at hand.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = ["Entry", "Handler", "look_up", "register", "register_handler", "registered_names"]

Handler = Callable[["Encoder", Any], "Iterator[Any] | None"]

ENTRY_POINT_GROUP = "fpcache.fingerprints"
METHOD = "__fpcache_fingerprint__"


@dataclass(frozen=True, slots=True)
class Entry:
    """How the values of one type are encoded.

    Attributes
    ----------
    handler : callable
        ``handler(encoder, obj)``; feeds tokens and returns None, or returns
        an iterator of ``(step, child)``.
    is_node : bool
        Whether the walker gives each value a rank first, so that sharing counts.
    by_layout : bool
        Whether nothing but ``object`` answers for the type: its dict and slots
        are what it is.
    """

    handler: Handler
    is_node: bool
    by_layout: bool = False


@dataclass(frozen=True, slots=True)
class _Registration:
    target: Handler | str
    exact: bool
    is_node: bool


_by_name: dict[str, _Registration] = {}
_by_type: dict[type, _Registration] = {}
_stand_ins: dict[type, Callable[[Any], object]] = {}
_stand_in_names: dict[str, Callable[[Any], object]] = {}


def register(type_: type | str, function: Callable[[Any], object]) -> None:
    """Let `function(value)` stand in for values of a type and its subclasses.

    Parameters
    ----------
    type_ : type or str
        The type, or its dotted name, which imports nothing.
    function : callable
        Takes the value and returns another value that has a fingerprint and
        holds all that a program can see of the first.
    """
    if not callable(function):
        raise TypeError(f"register needs a function of one value, not {type(function).__name__}")
    if isinstance(type_, str):
        _stand_in_names[type_] = function
    else:
        _stand_ins[type_] = function


def register_handler(
    type_: type | str, handler: Handler | str, *, exact: bool = False, is_node: bool = True
) -> None:
    """Let `handler` encode values of a type, and of its subclasses unless `exact`.

    Parameters
    ----------
    type_ : type or str
        The type, or its dotted name as in ``cls.__module__ + "." + cls.__qualname__``.
    handler : callable or str
        A handler (see `Entry`), or ``"module:function"``, imported when needed.
    exact : bool
        Whether subclasses look further along their bases.
    is_node : bool
        Whether values have an identity that can be seen.
    """
    registration = _Registration(handler, exact, is_node)
    if isinstance(type_, str):
        _by_name[type_] = registration
    else:
        _by_type[type_] = registration


def registered_names() -> tuple[str, ...]:
    """Return the dotted names that have a lazy handler, sorted."""
    return tuple(sorted(_by_name))


def look_up(cls: type) -> Entry:
    """Return how values of `cls` are encoded; every type has an answer."""
    for base in cls.__mro__:
        stand_in = _stand_in(base)
        if stand_in is not None:
            return Entry(_stand_in_handler(stand_in), True)
        registration = _registration(base)
        if registration is not None and (base is cls or not registration.exact):
            return _entry(registration, cls, base)
    raise AssertionError("object has no handler")  # builtin_values registers it


def _stand_in(base: type) -> Callable[[Any], object] | None:
    function = _stand_ins.get(base) or _stand_in_names.get(dotted_name(base))
    if function is not None:
        return function
    if METHOD in vars(base):
        return _call_method
    return _entry_point_stand_in(dotted_name(base))


def _call_method(obj: Any) -> object:
    return getattr(obj, METHOD)()


def _entry_point_stand_in(name: str) -> Callable[[Any], object] | None:
    point = _entry_points().get(name)
    return point.load() if point is not None else None


@cache
def _entry_points() -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _stand_in_handler(function: Callable[[Any], object]) -> Handler:
    def encode_stand_in(enc: Encoder, obj: Any) -> Iterator[Any]:
        enc.feed("stand-in")
        yield ".__class__", type(obj)
        value = function(obj)
        enc.keep(value)
        yield ".__fpcache_fingerprint__()", value

    return encode_stand_in


def _registration(base: type) -> _Registration | None:
    found = _by_type.get(base)
    if found is None:
        found = _by_name.get(dotted_name(base))
        if found is not None and not _is_reachable(base):
            return None
    return found


def dotted_name(cls: type) -> str:
    """Return the module and qualified name of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _is_reachable(cls: type) -> bool:
    """Return whether the class is what its dotted name says, not a namesake."""
    found: object = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls or cls.__module__ == "builtins"


def _entry(registration: _Registration, cls: type, base: type) -> Entry:
    handler = _load(registration.target)
    if base is not cls and not _is_family(cls, base):
        from fpcache.fingerprints.instances import subclass_handler

        handler = subclass_handler(handler, base)
    return Entry(handler, registration.is_node, by_layout=base is object)


def _is_family(cls: type, base: type) -> bool:
    """Return whether the handler of `base` itself tells `cls` apart.

    Handlers for ``object`` and ``type`` encode the class; those of a library
    feed the names of the library's own subclasses.
    """
    return base in (object, type) or _top(cls) == _top(base) != "builtins"


def _top(cls: type) -> str:
    return cls.__module__.partition(".")[0]


def _load(target: Handler | str) -> Handler:
    if not isinstance(target, str):
        return target
    module, _, function = target.partition(":")
    handler: Handler = getattr(importlib.import_module(module), function)
    return handler
