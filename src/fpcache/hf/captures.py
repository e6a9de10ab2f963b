"""A callable taken apart: its code, and each value that it brings along, by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import CO_VARKEYWORDS
from types import CellType, FunctionType, MethodType
from typing import Any

from fpcache.fingerprints.installed import installed_path

__all__ = ["Brought", "TakenApart", "closure_of", "content", "keyword_order", "take_apart", "variables_of"]


@dataclass(frozen=True, slots=True)
class Brought:
    """One value that a callable brings along.

    Attributes
    ----------
    name : str
        As in the code: a variable, a parameter, ``"self"``.
    how : str
        ``"closure"``, ``"default"``, ``"partial"``, ``"self"`` or ``"argument"``.
    root : object
        What is fingerprinted: for a variable its cell, so that it counts
        whether two functions share it.
    value : object
        What it holds.
    """

    name: str
    how: str
    root: object
    value: object


@dataclass(slots=True)
class TakenApart:
    """A callable without what it brings along, and that by itself.

    Attributes
    ----------
    core : object
        A function whose closure and defaults are empty, or what can't be taken apart.
    brought : dict of str to Brought
        By a name that no other has.
    label : str
        The callable's own name, for people.
    home : str
        The module in which it was defined.
    """

    core: object
    label: str = ""
    home: str = ""
    brought: dict[str, Brought] = field(default_factory=dict)

    def add(self, found: Brought) -> None:
        """Add a value under its name, or under ``"how.name"`` where another one has that."""
        key = found.name if found.name not in self.brought else f"{found.how}.{found.name}"
        self.brought[key] = found


def take_apart(function: Callable[..., Any], arguments: Mapping[str, object]) -> TakenApart:
    """Take a callable apart as far as it is Python code of the user's.

    Parameters
    ----------
    function : callable
        A function, bound method, partial, or an object with ``__call__``.
    arguments : mapping of str to object
        What it will be called with by name; they take the place of defaults.

    Returns
    -------
    TakenApart
        An installed function stays whole: it stands for its name and version.
    """
    given = frozenset(arguments)
    found: list[Brought] = []
    core = _peel(function, given, found)
    innermost: Any = core if isinstance(core, FunctionType) else function
    taken = TakenApart(
        core,
        label=str(getattr(innermost, "__qualname__", type(innermost).__qualname__)),
        home=str(getattr(innermost, "__module__", "")),
    )
    for one in found:
        taken.add(one)
    for name, value in arguments.items():
        taken.add(Brought(name, "argument", value, value))
    return taken


def keyword_order(
    function: Callable[..., Any], arguments: Mapping[str, object], taken: TakenApart
) -> dict[str, object]:
    """Return the order of the keywords that a callable sees, where it takes any by ``**``."""
    code = taken.core.__code__ if isinstance(taken.core, FunctionType) else None
    if code is not None and not code.co_flags & CO_VARKEYWORDS:
        return {}
    keywords: dict[str, object] = {}
    while isinstance(function, functools.partial):
        keywords = {**function.keywords, **keywords}
        function = function.func
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
    names = [name for name in {**keywords, **arguments} if name not in known]
    return {"order of keywords": names} if len(names) > 1 else {}


def _peel(function: Any, given: frozenset[str], found: list[Brought]) -> object:
    if isinstance(function, functools.partial) and type(function).__call__ is functools.partial.__call__:
        inner = _peel(function.func, given | frozenset(function.keywords), found)
        found.extend(_partial_parts(function, inner, given))
        return inner
    if isinstance(function, MethodType):
        found.append(Brought("self", "self", function.__self__, function.__self__))
        return _peel(function.__func__, given, found)
    if isinstance(function, FunctionType):
        return function if installed_path(function) is not None else _without_values(function, given, found)
    call = getattr(type(function), "__call__", None)  # noqa: B004  (the function itself is wanted)
    if isinstance(call, FunctionType) and not isinstance(function, type):
        found.append(Brought("self", "self", function, function))
        return _peel(call, given, found)
    return function


def _partial_parts(
    partial: functools.partial[Any], inner: object, given: frozenset[str]
) -> Iterator[Brought]:
    names = (
        inner.__code__.co_varnames[: inner.__code__.co_argcount] if isinstance(inner, FunctionType) else ()
    )
    if isinstance(partial.func, MethodType):
        names = names[1:]
    for place, value in enumerate(partial.args):
        name = names[place] if place < len(names) else f"args[{place}]"
        yield Brought(name, "partial", value, value)
    for name, value in partial.keywords.items():
        if name not in given:
            yield Brought(name, "partial", value, value)


def _without_values(function: FunctionType, given: frozenset[str], found: list[Brought]) -> FunctionType:
    cells = closure_of(function)
    held = {name: content(cell) for name, cell in cells.items()}
    found.extend(Brought(name, "closure", cell, held[name]) for name, cell in cells.items())
    only_by_place = function.__code__.co_varnames[: function.__code__.co_posonlyargcount]
    replaced = given.difference(only_by_place)
    found.extend(one for one in _defaults(function) if one.name not in replaced)
    closure = tuple(CellType() for _ in cells)
    core = FunctionType(function.__code__, function.__globals__, function.__name__, None, closure)
    core.__qualname__, core.__module__, core.__doc__ = (
        function.__qualname__,
        function.__module__,
        function.__doc__,
    )
    core.__annotations__ = function.__annotations__
    wrapped = vars(function).get("__wrapped__")  # by functools.wraps; mostly the closure has it too
    is_held = any(wrapped is value for value in held.values())
    core.__dict__.update((k, v) for k, v in vars(function).items() if not (k == "__wrapped__" and is_held))
    return core


def closure_of(function: FunctionType) -> dict[str, CellType]:
    """Return the variables of enclosing functions that a function holds, by name."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def variables_of(function: FunctionType, taken: TakenApart) -> dict[str, object]:
    """Return the values that a followed function brings along by name; a callable's own were taken off it."""
    if function is taken.core:
        return {name: one.value for name, one in taken.brought.items()}
    return {name: content(cell) for name, cell in closure_of(function).items()}


def _defaults(function: FunctionType) -> Iterator[Brought]:
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(values) : code.co_argcount]
    for name, value in (*zip(names, values, strict=True), *(function.__kwdefaults__ or {}).items()):
        yield Brought(name, "default", value, value)


def content(cell: CellType) -> object:
    """Return what a variable of an enclosing function holds, None where it is not bound yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
