"""Telling by the object itself what a name in code reads."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, BuiltinMethodType, ClassMethodDescriptorType, MethodType, ModuleType
from typing import Any

from fpcache.dependencies.volatile_names import NAMES, ROOTS, Kind
from fpcache.fingerprints.records import MISSING

__all__ = ["Reader", "reader_of"]

Key = tuple[int, str]
_KINDS: Mapping[str, Kind] = {name: kind for kind, names in NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Reader:
    """What an object reads.

    Attributes
    ----------
    name : str
        Its dotted name in the list, such as ``"datetime.datetime.now"``.
    kind : Kind
        What is read.
    """

    name: str
    kind: Kind


@dataclass(slots=True)
class _Index:
    """The listed objects of loaded modules; ``kept`` holds them, so that no id is used again."""

    modules: int = -1
    by_key: dict[Key, Reader] | None = None
    kept: list[object] | None = None


_index = _Index()


def reader_of(value: object, path: str = "") -> Reader | None:
    """Return what an object reads of the outside, or None.

    Parameters
    ----------
    value : object
        A function, class or module that code names.
    path : str, optional
        The dotted path by which code names it, for what is not loaded.
    """
    if value is MISSING:
        kind = _KINDS.get(path)
        return _by_root(value, path) if kind is None else Reader(path, kind)
    by_key = _by_key()
    for key in _keys(value):
        found = by_key.get(key)
        if found is not None:
            return found
    if isinstance(getattr(value, "__self__", None), random.SystemRandom):
        return Reader("random.SystemRandom", "entropy")
    return _by_root(value, path)


def _by_root(value: object, path: str) -> Reader | None:
    """Judge by the package that an object is of; by what code calls it only where it isn't loaded."""
    if value is MISSING:
        home = path
    elif isinstance(value, ModuleType):
        home = value.__name__
    else:
        own = getattr(value, "__module__", None)
        home = own if isinstance(own, str) else type(value).__module__
    kind = ROOTS.get(home.partition(".")[0])
    return None if kind is None else Reader(path or home, kind)


def _by_key() -> dict[Key, Reader]:
    if _index.by_key is None or _index.modules != len(sys.modules):
        by_key: dict[Key, Reader] = {}
        kept: list[object] = []
        for name, kind in _KINDS.items():
            value = _find(name)
            if value is not None:
                kept.append(value)
                for key in _listed_keys(value):
                    by_key.setdefault(key, Reader(name, kind))
        _index.by_key, _index.kept, _index.modules = by_key, kept, len(sys.modules)
    return _index.by_key


def _find(name: str) -> Any:
    """Return the object of a dotted name, if its module is loaded."""
    parts = name.split(".")
    for stop in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:stop]))
        if found is not None:
            for part in parts[stop:]:
                found = getattr(found, part, None)
            return found
    return None


def _listed_keys(value: Any) -> Iterator[Key]:
    """A bound method is listed by its owner and name; a class's own also by its function."""
    owner = _method_owner(value)
    yield (id(value), "") if owner is None else (id(owner), value.__name__)
    if isinstance(value, MethodType):
        yield (id(value.__func__), "")


def _method_owner(value: Any) -> object:
    """Return the class or instance a method is bound to: such methods are made anew at each look."""
    if isinstance(value, ClassMethodDescriptorType):
        return value.__objclass__
    if isinstance(value, (BuiltinFunctionType, BuiltinMethodType, MethodType)):
        owner = value.__self__
        return None if isinstance(owner, ModuleType) else owner
    return None


def _keys(value: Any) -> Iterator[Key]:
    """All keys by which an object may be listed; a class method also by the bases of its class."""
    yield (id(value), "")
    if isinstance(value, classmethod):
        yield (id(value.__func__), "")
    owner = _method_owner(value)
    if isinstance(owner, type):
        for base in owner.__mro__:
            yield (id(base), value.__name__)
    elif owner is not None:
        yield (id(owner), value.__name__)
