"""Local modules that code imports while it runs, beyond what its reading follows.

What counts is the code that is loaded. It is known to be the file's content
where the file has not changed since before the module was loaded, so loads
are noted as they happen: at each cell's start and end, and around each run.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from types import ModuleType

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.fingerprints.locality import is_local_module
from fpcache.own_work import quiet

__all__ = ["KIND", "check", "note_modules", "probe"]

KIND = "local_module"
UNKNOWN = "unknown"
CLOCK_STEP_S = 0.02  # file systems stamp times with a coarse clock


@dataclass(frozen=True, slots=True)
class _Load:
    """A loaded module: its spec, which a reload replaces, and the digest of its source."""

    spec: object
    digest: str


@dataclass(slots=True)
class _Loads:
    """The loads of this process, and when they were last looked for."""

    known: set[str] = field(default_factory=set)
    sign: tuple[int, str] = (0, "")
    looked_s: float = 0.0
    by_name: dict[str, _Load] = field(default_factory=dict)


_loads = _Loads()


def note_modules() -> tuple[str, ...]:
    """Note modules loaded or reloaded since the last call; return the names of the local ones."""
    since_s, _loads.looked_s = _loads.looked_s, time.time()
    local = [*_new_modules(), *_reloaded()]
    for name in local:
        module = sys.modules[name]
        _loads.by_name[name] = _Load(module.__spec__, _loaded_digest(module, since_s or _process_start_s()))
    return tuple(local)


def _new_modules() -> list[str]:
    sign = (len(sys.modules), next(reversed(sys.modules)))  # what is imported is appended
    if sign == _loads.sign:
        return []
    new = sys.modules.keys() - _loads.known
    _loads.known, _loads.sign = set(sys.modules), sign
    return sorted(name for name in new if _is_local(name))


def _reloaded() -> list[str]:
    """Names of local modules whose spec is another: ``importlib.reload`` makes a new one."""
    return [
        name
        for name, load in _loads.by_name.items()
        if (spec := getattr(sys.modules.get(name), "__spec__", None)) is not None and spec is not load.spec
    ]


def _process_start_s() -> float:
    """Return when the process started, in seconds since the epoch; 0 where that isn't known."""
    psutil = sys.modules.get("psutil")
    return float(psutil.Process().create_time()) if psutil is not None else 0.0


def _is_local(name: str) -> bool:
    module = sys.modules.get(name)
    if not isinstance(module, ModuleType) or name == "__main__" or getattr(module, "__spec__", None) is None:
        return False
    return is_local_module(module) and isinstance(getattr(module, "__file__", None), str)


def _loaded_digest(module: ModuleType, since_s: float) -> str:
    """Return the digest of what was loaded, if its file is older than the load."""
    path = str(module.__file__)
    try:
        return file_digest(path) if os.stat(path).st_ctime < since_s - CLOCK_STEP_S else UNKNOWN
    except OSError:
        return UNKNOWN


def file_digest(path: str) -> str:
    """Return the digest of a file's bytes."""
    with quiet(), open(path, "rb") as file:
        return xxhash.xxh3_128_hexdigest(file.read())


class _Probe:
    """Finds the local modules that the run was the first to import, or imported again."""

    def __init__(self, context: Context) -> None:
        self._imported: tuple[str, ...] = ()
        self._reloaded: tuple[str, ...] = ()

    def start(self) -> None:
        note_modules()

    def stop(self) -> None:
        self._reloaded = tuple(_reloaded())
        self._imported = note_modules()

    def observation(self) -> Observation:
        return Observation(
            tuple(Dependency(KIND, name, _loads.by_name[name].digest) for name in self._imported),
            refusals=tuple(
                Refusal(f"loads the module `{name}` again; do that in a statement of its own")
                for name in self._reloaded
            ),
        )


def probe(context: Context) -> _Probe:
    """Return a probe for local modules."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say why a module that the run imported may not be the same code now."""
    name = dependency.name
    edited = f"module `{name}` was edited"
    if dependency.expected == UNKNOWN:
        return f"module `{name}` was edited while it was loaded"
    note_modules()
    load = _loads.by_name.get(name)
    module = sys.modules.get(name)
    if module is not None and (load is None or load.digest != dependency.expected):
        return edited
    path = _path_of(name, module)
    if path is None:
        return f"module `{name}` is gone"
    try:
        return None if file_digest(path) == dependency.expected else edited
    except OSError:
        return f"module `{name}` is gone"


def _path_of(name: str, module: ModuleType | None) -> str | None:
    """Find a module's source file without importing anything."""
    if module is not None:
        return getattr(module, "__file__", None)
    parent, _, last = name.rpartition(".")
    folders = sys.path
    if parent:
        owner = _path_of(parent, sys.modules.get(parent))
        folders = [os.path.dirname(owner)] if owner else []
    return next((path for folder in folders for path in _candidates(folder or ".", last)), None)


def _candidates(folder: str, name: str) -> list[str]:
    paths = (os.path.join(folder, name, "__init__.py"), os.path.join(folder, f"{name}.py"))
    return [path for path in paths if os.path.isfile(path)]
