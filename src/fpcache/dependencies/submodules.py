"""Submodules that a run was the first to import: what comes later may reach them through their package."""

from __future__ import annotations

import importlib
import sys
from itertools import islice
from json import dumps, loads

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation

__all__ = ["KIND", "apply", "check", "probe", "ready"]

KIND = "submodules"


class _Probe:
    """Compares the modules that are loaded before and after."""

    def __init__(self) -> None:
        self._count = 0
        self._found: dict[str, list[str]] = {}

    def start(self) -> None:
        self._count = len(sys.modules)

    def stop(self) -> None:
        new = dict.fromkeys(islice(sys.modules, self._count, None))  # what is imported is appended
        for name in new:
            package = name.partition(".")[0]
            if package not in new and package != name and _is_reached(name):
                self._found.setdefault(package, []).append(name)

    def observation(self) -> Observation:
        found = self._found.items()
        return Observation(effects=tuple(Effect(KIND, name, dumps(names).encode()) for name, names in found))


def _is_reached(name: str) -> bool:
    """Whether a public name leads to a module."""
    found = sys.modules.get(name.partition(".")[0])
    for part in name.split(".")[1:]:
        found = None if part.startswith("_") else getattr(found, "__dict__", {}).get(part)
    return found is not None and found is sys.modules.get(name)


def probe(_: Context) -> _Probe:
    """Return a probe for submodules."""
    return _Probe()


def check(dependency: Dependency, _: Context) -> str | None:
    """Say that none is ever recorded as a dependency."""
    return f"recorded by a newer fpcache (unknown submodules of {dependency.name!r})"


def ready(effect: Effect, _: Context) -> str | None:
    """Say nothing: an import that fails is told by `apply`."""


def apply(effect: Effect, _: Context) -> None:
    """Import the submodules of a package that is loaded; where it isn't, no name leads to them."""
    if effect.name in sys.modules:
        for name in loads(effect.state):
            importlib.import_module(name)
