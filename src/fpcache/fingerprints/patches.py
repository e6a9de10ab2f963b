"""What other code put into an installed class: local functions, and those of other packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial, partialmethod
from operator import attrgetter, is_, itemgetter
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from fpcache.fingerprints.attrs_classes import is_attrs_hash
from fpcache.fingerprints.locality import is_local_code, is_stdlib_name, module_of_class
from fpcache.fingerprints.records import GlobalRead

__all__ = ["changed_extensions", "extensions", "package_patches", "patches", "patches_read"]

_HEAP_TYPE = 1 << 9
# Classes that others like to extend, and whose instances a package makes without naming them.
_EXTENDED = {
    "pandas": ("DataFrame", "Series", "Index"),
    "polars": ("DataFrame", "LazyFrame", "Series", "Expr"),
    "torch": ("Tensor", "nn.Module"),
}
_WRAPPERS = (property, staticmethod, classmethod, partial, partialmethod)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a class held when it was looked at; while it holds just that, its patches are these."""

    names: tuple[str, ...]
    values: tuple[object, ...]
    patches: tuple[tuple[str, Any], ...]


_known: WeakKeyDictionary[type, _Known] = WeakKeyDictionary()


def patches(cls: type) -> tuple[tuple[str, Any], ...]:
    """Return the attributes that an installed class has from elsewhere.

    Parameters
    ----------
    cls : type
        An installed class; one made by C code can't be changed.

    Returns
    -------
    tuple of (str, object)
        Name and value: local code as it is; that of another package by its
        name, because what it holds is the package's own.
    """
    module = module_of_class(cls)
    if not cls.__flags__ & _HEAP_TYPE or module is None:
        return ()
    held = vars(cls)
    names, values = tuple(held), tuple(held.values())
    known = _known.get(cls)
    if known is None or known.names != names or not all(map(is_, known.values, values)):
        known = _known[cls] = _Known(names, values, tuple(_put_in(cls, vars(module))))
    return known.patches


def _put_in(cls: type, home: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    top = _top(cls.__module__)
    for name, value in list(vars(cls).items()):
        code = _code_of(value)
        if code is None or getattr(code, "__globals__", None) is home or is_attrs_hash(cls, name, code):
            continue
        if is_local_code(code):
            yield name, value
        elif not _is_near(_top(code.__module__), top):
            yield name, f"{code.__module__}.{code.__qualname__}"


def patches_read(cls: type) -> Iterator[GlobalRead]:
    """Yield what other code put into the installed classes that `cls` is made of, as reads of it."""
    for base in cls.__mro__[:-1]:
        if base.__flags__ & _HEAP_TYPE and not is_local_code(base):
            for name, value in sorted(patches(base), key=itemgetter(0)):
                scope = vars(sys.modules[base.__module__])
                yield GlobalRead(base.__module__, f"{base.__qualname__}.{name}", value, (), scope)


def package_patches(package: str) -> Iterator[GlobalRead]:
    """Yield what other code put into the classes that a package's users extend, as reads of it."""
    if package in sys.modules and package in _EXTENDED:
        for found in _classes(package):
            yield from patches_read(found)


@cache
def _classes(package: str) -> tuple[type, ...]:
    """Return the loaded classes of a package that people extend; another module of its name has none."""
    found = []
    for name in _EXTENDED[package]:
        with suppress(AttributeError):
            found.append(attrgetter(name)(sys.modules[package]))
    return tuple(cls for cls in found if isinstance(cls, type))


def extensions() -> dict[type, tuple[tuple[str, Any], ...]]:
    """Return what other code put into the classes that people extend; the same while nothing changes."""
    loaded = [package for package in _EXTENDED if package in sys.modules]
    return {cls: patches(cls) for package in loaded for cls in _extended(package)}


@cache
def _extended(package: str) -> tuple[type, ...]:
    """Return what the classes of a package that people extend are made of."""
    bases = dict.fromkeys(base for cls in _classes(package) for base in cls.__mro__[:-1])
    return tuple(base for base in bases if base.__flags__ & _HEAP_TYPE and not is_local_code(base))


def changed_extensions(
    before: dict[type, tuple[tuple[str, Any], ...]], after: dict[type, tuple[tuple[str, Any], ...]]
) -> list[str]:
    """Return the dotted names of what was put into classes, replaced or taken out."""
    names = []
    for cls, now in after.items():
        was = before.get(cls, now)
        if was is not now:
            old, new = dict(was), dict(now)
            parts = [name for name in old.keys() | new.keys() if old.get(name) is not new.get(name)]
            names += [f"{cls.__module__}.{cls.__qualname__}.{part}" for part in parts]
    return sorted(names)


def _code_of(value: Any) -> FunctionType | type | None:
    """Return the function or class behind an attribute; None for data."""
    if isinstance(value, _WRAPPERS):
        held = (getattr(value, part, None) for part in ("__func__", "fget", "func"))
        value = next((function for function in held if function is not None), None)
    elif "_accessor" in _own_attributes(value):  # pandas' registered accessors
        value = value._accessor
    return value if isinstance(value, (FunctionType, type)) else None


def _own_attributes(value: Any) -> Any:
    """Return the attributes of an object without asking the object, which may refuse to answer."""
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return ()


def _top(module: object) -> str:
    return str(module).partition(".")[0]


def _is_near(top: str, home: str) -> bool:
    """Whether one package's code in the other's classes is there from the beginning."""
    return top == home or is_stdlib_name(top)
