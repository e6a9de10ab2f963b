"""Functions and classes of the standard library that were replaced in this process.

All packages use the standard library, so what was put in place of a part of it
counts for any code that runs code of theirs. It is told by looking: there are
more ways to replace an attribute than code can be searched for.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import is_, itemgetter
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from fpcache.fingerprints.locality import is_local_code
from fpcache.fingerprints.reading import read

__all__ = ["StandardParts"]

_PARTS = (FunctionType, BuiltinFunctionType, type)
# Kernels and Python itself put others there, for as long as a cell runs.
_OTHERS_OWN = frozenset({"sys", "warnings", "builtins.input", "builtins.__import__", "getpass.getpass"})
_REPLACED = object()


@dataclass(frozen=True, slots=True)
class _Known:
    """A module's functions and classes as they were when it was first seen."""

    held: dict[str, Any]
    names: tuple[str, ...]
    values: tuple[object, ...]
    all_of: Callable[[dict[str, Any]], tuple[object, ...]]

    def is_as_it_was(self) -> bool:
        """Whether each name stands for what it stood for."""
        try:
            return all(map(is_, self.all_of(self.held), self.values))
        except KeyError:
            return False

    def replaced(self) -> Iterator[tuple[str, object]]:
        """Yield the names that stand for something else now, and for what."""
        for name, before in zip(self.names, self.values, strict=True):
            value = self.held.get(name)
            if value is not before and _is_users(value):
                yield name, value


@dataclass(slots=True)
class StandardParts:
    """Tells what of the standard library was replaced, and by what."""

    _known: dict[str, _Known] = field(default_factory=dict)
    _modules: int = 0
    _token: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        self._see_new()

    def replaced(self) -> dict[str, object]:
        """Return what now stands for the parts that were replaced, by their paths; None for what is gone."""
        if len(sys.modules) != self._modules:
            self._see_new()
        found = (
            (f"{name}.{part}", value)
            for name, known in self._known.items()
            if not known.is_as_it_was()
            for part, value in known.replaced()
        )
        return dict(sorted(found, key=itemgetter(0)))

    def digest(self) -> str:
        """Return a digest of `replaced`; empty where nothing was, and never the same for what has none."""
        found = self.replaced()
        if not found:
            return ""
        told = [(path, self._told(path, value)) for path, value in found.items()]
        return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()

    def _told(self, path: str, value: object) -> str:
        try:
            return read({path}, None, {path: value}).digest
        except Exception:  # whatever a user's object raises, it is not known to be the same elsewhere
            return f"{self._token} {id(value)}"

    def _see_new(self) -> None:
        self._modules = len(sys.modules)
        for name, module in list(sys.modules.items()):
            is_standard = name.partition(".")[0] in sys.stdlib_module_names and name not in _OTHERS_OWN
            if is_standard and name not in self._known and issubclass(type(module), ModuleType):
                held = object.__getattribute__(module, "__dict__")
                if held.get("__name__") == name:  # `os.path` is `posixpath`
                    self._known[name] = _known(name, held)


def _known(module: str, held: dict[str, Any]) -> _Known:
    parts = {
        name: _REPLACED if _is_put_in(value) else value
        for name, value in list(held.items())
        if isinstance(value, _PARTS) and f"{module}.{name}" not in _OTHERS_OWN
    }
    all_of = itemgetter(*parts, "__name__", "__name__")  # a tuple, however few the parts are
    return _Known(held, tuple(parts), tuple(parts.values()), all_of)


def _is_put_in(value: object) -> bool:
    """Whether a function was put there by the user's code before its module was seen here."""
    if type(value) is not FunctionType:
        return False
    home = str(value.__globals__.get("__name__")).partition(".")[0]
    return home not in sys.stdlib_module_names and is_local_code(value)


def _is_users(value: object) -> bool:
    """Whether somebody put a thing there on purpose: not a package that does so as it is imported."""
    code = value if issubclass(type(value), _PARTS) else type(value)
    module = str(getattr(code, "__module__", None) or "builtins").partition(".")[0]
    return module in sys.stdlib_module_names or is_local_code(code)
