"""Calls at the beginning and the end of imports: before anybody can use what was loaded."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeAlias

__all__ = ["LateImports", "OutermostImports"]

Execute: TypeAlias = Callable[[ModuleType], Any]


class LateImports:
    """A finder that finds nothing itself, and calls ``loaded`` after a wanted module's code has run."""

    def __init__(self, wanted: Collection[str], loaded: Callable[[], None]) -> None:
        self._wanted = frozenset(wanted)
        self._loaded = loaded
        self.faults: list[Exception] = []

    def install(self) -> None:
        """Be asked first."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Be asked no more."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the next finder finds, with a note to call when it has loaded."""
        if name not in self._wanted:
            return None
        spec = _found(name, path, target, (self, LateImports))
        if spec is not None:
            _wrap(spec, self._executing)
        return spec

    def _executing(self, execute: Execute, module: ModuleType) -> None:
        execute(module)
        try:
            self._loaded()
        except Exception as fault:  # kept for the probe, which refuses; the user's import must go on
            self.faults.append(fault)


class OutermostImports:
    """A finder that finds nothing itself, and calls around the loading of modules that no other loads.

    Parameters
    ----------
    begins, ended : callable
        Called before and after, with the module; only in the thread that installed the finder.
    """

    def __init__(self, begins: Callable[[ModuleType], None], ended: Callable[[ModuleType], None]) -> None:
        self._begins, self._ended = begins, ended
        self._thread: int | None = None
        self._is_inside = False

    def install(self) -> None:
        """Be asked first."""
        self._thread = threading.get_ident()
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Be asked no more."""
        self._thread = None
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the next finder finds, with a note to call around its loading."""
        if self._is_inside or threading.get_ident() != self._thread:
            return None
        spec = _found(name, path, target, (self, LateImports))
        if spec is not None:
            _wrap(spec, self._executing)
        return spec

    def _executing(self, execute: Execute, module: ModuleType) -> None:
        if self._is_inside or threading.get_ident() != self._thread:
            execute(module)
            return
        self._begins(module)
        self._is_inside = True
        try:
            execute(module)
        finally:
            self._is_inside = False
            self._ended(module)


def _found(
    name: str, path: Sequence[str] | None, target: ModuleType | None, passed_over: tuple[Any, type]
) -> ModuleSpec | None:
    own, kind = passed_over
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if finder is own or find is None or isinstance(finder, kind):
            continue
        spec: ModuleSpec | None = find(name, path, target)
        if spec is not None:
            return spec
    return None


def _wrap(spec: ModuleSpec, executing: Callable[[Execute, ModuleType], None]) -> None:
    """Have a module executed by another function, once; loaders that are classes stay as they are."""
    loader: Any = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None or isinstance(loader, type) or not hasattr(loader, "__dict__"):
        return

    def exec_module(module: ModuleType) -> None:
        loader.__dict__.pop("exec_module", None)
        executing(execute, module)

    loader.exec_module = exec_module
