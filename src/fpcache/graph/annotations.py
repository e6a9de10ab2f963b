"""What a node's callable declares: the classes of its parameters and of what it gives.

Where an annotation can't be resolved, or says nothing that could be checked by class, nothing is declared.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import sys
import types
import typing
from abc import ABCMeta
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fpcache.graph.schema import SchemaNode

__all__ = ["Declared", "Kind", "Type", "declared", "title"]

_CACHED = type(functools.lru_cache(lambda: None))
_MOST_LAYERS = 20  # of partials, methods and callables around a function


@dataclass(frozen=True, slots=True)
class Kind:
    """A class that values may have, and, for a Literal, which values of it."""

    cls: type
    values: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """An annotation that is known.

    Attributes
    ----------
    kinds : tuple of Kind
        A value has one of these.
    text : str
        The annotation, for people.
    """

    kinds: tuple[Kind, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a callable's types.

    Attributes
    ----------
    parameters : mapping of str to Type
        By name, as far as known.
    returns : Type or None
        What it gives, if known.
    """

    parameters: Mapping[str, Type] = field(default_factory=dict)
    returns: Type | None = None


def declared(node: SchemaNode) -> Declared:
    """Return what the node's function or method declares; nothing where that can't be told."""
    try:
        target = getattr(node.uses, node.fn) if node.is_component else node.uses
        return _declared(_innermost(target))
    except Exception:  # whatever an odd callable raises when it is looked at is no fault of the schema
        return Declared()


def _innermost(target: Any) -> Any:
    """Return the function or class that does the work, behind what passes arguments on as they are.

    A decorator may change what goes in and out, so a decorated function tells nothing.
    """
    for _ in range(_MOST_LAYERS):
        if type(target) is functools.partial:
            target = target.func
        elif type(target) is _CACHED:
            target = target.__wrapped__
        elif type(target) is types.MethodType:
            target = target.__func__
        elif isinstance(target, types.FunctionType):
            return None if hasattr(target, "__wrapped__") else target
        elif isinstance(target, type):
            return target
        else:
            target = inspect.getattr_static(type(target), "__call__", None)
    return None


def _declared(target: Any) -> Declared:
    if isinstance(target, types.FunctionType):
        known = _types(target)
        return Declared({name: known[name] for name in _named(target) if name in known}, known.get("return"))
    if not isinstance(target, type) or type(target).__call__ is not type.__call__:
        return Declared()
    new, init = getattr(target, "__new__"), getattr(target, "__init__")  # noqa: B009
    if new is not object.__new__ and (target.__module__ != "builtins" or target is type):
        return Declared()  # a `__new__` may give something else
    given = Type((Kind(target),), _text(target)) if _kind(target) else None
    if not isinstance(init, types.FunctionType) or hasattr(init, "__wrapped__"):
        return Declared(returns=given)
    return Declared(_declared(init).parameters, given)


def _named(function: types.FunctionType) -> tuple[str, ...]:
    """Return the names of parameters that can be given by keyword, but for ``**``."""
    code = function.__code__
    return code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]


def _types(function: types.FunctionType) -> dict[str, Type]:
    known = {}
    scope = _scope(function)
    defaults = _defaults(function)
    for name, annotation in dict(function.__annotations__).items():
        kinds = _kinds(annotation, function.__globals__, scope)
        if kinds is not None:
            if name in defaults and not any(isinstance(defaults[name], kind.cls) for kind in kinds):
                kinds = (*kinds, Kind(type(defaults[name])))  # such as `x: int = None`
            known[name] = Type(kinds, _text(annotation))
    return known


def _scope(function: types.FunctionType) -> dict[str, Any]:
    """Return the names around a function that are no globals: of its class, and what it closes over."""
    scope: dict[str, Any] = {}
    path = function.__qualname__.split(".")[:-1]
    if path and "<locals>" not in path:
        owner: Any = sys.modules.get(function.__module__)
        for part in path:
            owner = getattr(owner, part, None)
        if isinstance(owner, type):
            scope |= vars(owner)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            scope[name] = cell.cell_contents
        except ValueError:  # not bound yet
            scope.pop(name, None)
    return scope


def _defaults(function: types.FunctionType) -> dict[str, Any]:
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return given | (function.__kwdefaults__ or {})


def _kinds(annotation: Any, names: dict[str, Any], scope: Mapping[str, Any]) -> tuple[Kind, ...] | None:
    try:
        if isinstance(annotation, str):
            builtin = {"__builtins__": names.get("__builtins__", builtins)}
            annotation = eval(annotation, builtin, ChainMap(dict(scope), names))
        found = [*_split(annotation)]
    except Exception:  # an annotation is any expression, and may raise anything
        return None
    known = tuple(kind for kind in found if kind is not None)
    return known if len(known) == len(found) else None


def _split(annotation: Any) -> Iterator[Kind | None]:
    """Yield the kinds of value that an annotation allows; None for one that can't be told by a class."""
    origin = typing.get_origin(annotation)
    if annotation is None:
        yield Kind(types.NoneType)
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _split(part)
    elif origin is typing.Annotated:
        yield from _split(annotation.__origin__)
    elif origin is typing.Literal:
        for value in typing.get_args(annotation):
            yield Kind(type(value), (value,))
    elif isinstance(annotation, typing.NewType):
        yield from _split(annotation.__supertype__)
    elif typing.is_typeddict(annotation):
        yield Kind(dict)
    else:
        yield _kind(origin if origin is not None else annotation)


def _kind(cls: Any) -> Kind | None:
    if not isinstance(cls, type) or cls is object or getattr(cls, "_is_protocol", False):
        return None
    if cls.__module__ in ("typing", "typing_extensions"):  # typing.TextIO is no base of any file
        return None
    metaclass: Any = type(cls)
    own = [meta for meta in metaclass.__mro__ if meta not in (ABCMeta, type, object)]
    if any("__instancecheck__" in vars(meta) for meta in own):
        return None  # what such a class takes for its instance only it knows
    return Kind(cls)


def _text(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return title(annotation)
    return repr(annotation).replace("typing.", "")


def title(cls: type) -> str:
    """Return the name of a class, with its module where that is not Python's own.

    Examples
    --------
    >>> import fractions
    >>> title(int), title(fractions.Fraction)
    ('int', 'fractions.Fraction')
    """
    if cls is types.NoneType:
        return "None"
    return f"{cls.__module__}.{cls.__qualname__}".removeprefix("builtins.")
