"""Modules that a run was the first to import, where that shows later.

A submodule is reached through its package. And a package may register something
with another one that was there before it, as seaborn does its color maps.
"""

from __future__ import annotations

import importlib
import sys
from itertools import islice
from json import dumps, loads
from types import ModuleType

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Effect, Observation
from fpcache.fingerprints.locality import is_local_module

__all__ = ["KIND", "apply", "check", "probe", "ready"]

KIND = "submodules"
# With these other packages register color maps, accessors, dtypes, operators, formats and protocols.
_REGISTRIES = frozenset(
    {"matplotlib", "pandas", "torch", "xarray", "PIL", "fsspec", "joblib", "polars", "pyarrow", "numba"}
)


class _Probe:
    """Compares the modules that are loaded before and after."""

    def __init__(self) -> None:
        self._count = 0
        self._found: dict[str, list[str]] = {}

    def start(self) -> None:
        self._count = len(sys.modules)

    def stop(self) -> None:
        new = dict.fromkeys(islice(sys.modules, self._count, None))  # what is imported is appended
        registries = {name for name in _REGISTRIES if name in sys.modules and name not in new}
        for name in new:
            package = name.partition(".")[0]
            if package in new:
                if _mentions(sys.modules.get(name), registries - {package}):
                    self._found.setdefault(package, [package]).append(name)
            elif package != name and _is_reached(name):
                self._found.setdefault(package, []).append(name)

    def observation(self) -> Observation:
        found = self._found.items()
        return Observation(effects=tuple(Effect(KIND, name, dumps(names).encode()) for name, names in found))


def _mentions(module: object, packages: set[str]) -> bool:
    """Whether a module of an installed package holds anything of some other packages."""
    if not packages or not isinstance(module, ModuleType) or is_local_module(module):
        return False
    homes = map(_home, list(vars(module).values()))
    return any(isinstance(home, str) and home.partition(".")[0] in packages for home in homes)


def _home(held: object) -> object:
    """Return where something was made, running nothing of it.

    An attribute may be made when it is asked for: one of torch's starts CUDA.
    """
    kind = type(held)  # `isinstance` would ask for `__class__`
    if issubclass(kind, ModuleType):
        return object.__getattribute__(held, "__dict__").get("__name__")
    try:
        if issubclass(kind, type):
            return type.__getattribute__(held, "__module__")
        return object.__getattribute__(held, "__module__")
    except AttributeError:
        return None


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
    """Import what the run imported.

    Of a package that isn't loaded no name leads to its submodules; and nothing
    can be registered with packages that aren't.
    """
    names = loads(effect.state)
    if effect.name in sys.modules or (names[0] == effect.name and not _REGISTRIES.isdisjoint(sys.modules)):
        for name in names:
            importlib.import_module(name)
