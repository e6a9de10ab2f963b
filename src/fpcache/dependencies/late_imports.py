"""A call as soon as one of some modules has been imported, before anybody can use it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["LateImports"]


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
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None or isinstance(finder, LateImports):
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                self._arrange(spec)
                return spec
        return None

    def _arrange(self, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None or "exec_module" in getattr(loader, "__dict__", {"exec_module": 0}):
            return

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            execute(module)
            try:
                self._loaded()
            except Exception as fault:  # kept for the probe, which refuses; the user's import must go on
                self.faults.append(fault)

        loader.exec_module = exec_module
