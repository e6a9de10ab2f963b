"""What other code put into an installed class: local functions, and those of other packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, partialmethod
from operator import attrgetter, is_, itemgetter
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from fpcache.fingerprints.locality import is_local_code, is_stdlib_name, module_of_class
from fpcache.fingerprints.records import GlobalRead

__all__ = ["extensions", "package_patches", "patches", "patches_read"]

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
        if code is None or getattr(code, "__globals__", None) is home:
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
    if package in sys.modules:
        for name in _EXTENDED.get(package, ()):
            found = attrgetter(name)(sys.modules[package])
            if isinstance(found, type):
                yield from patches_read(found)


def extensions() -> dict[str, object]:
    """Return what other code put into the classes that people extend, by dotted name."""
    reads = (found for package in _EXTENDED for found in package_patches(package))
    return {f"{found.module}.{found.name}": found.value for found in reads}


def _code_of(value: Any) -> FunctionType | type | None:
    """Return the function or class behind an attribute; None for data."""
    if isinstance(value, _WRAPPERS):
        held = (getattr(value, part, None) for part in ("__func__", "fget", "func"))
        value = next((function for function in held if function is not None), None)
    elif "_accessor" in getattr(value, "__dict__", ()):  # pandas' registered accessors
        value = value._accessor
    return value if isinstance(value, (FunctionType, type)) else None


def _top(module: object) -> str:
    return str(module).partition(".")[0]


def _is_near(top: str, home: str) -> bool:
    """Whether one package's code in the other's classes is there from the beginning."""
    return top == home or is_stdlib_name(top)
