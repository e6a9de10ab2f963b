"""What is read off a process after its cells: namespace, random states, reports."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.util
import os
import random
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import describe as describing
from .texts import ADDRESS_IN_BYTES

_NOT_THEIRS = {"In", "_ih", "_dh", "_i", "_ii", "_iii", "__builtins__", "__builtin__", "__name__", "__doc__",
               "__package__", "__loader__", "__spec__", "exit", "quit", "get_ipython", "open"}  # fmt: skip
_NUMBERED_INPUT = re.compile(r"_i\d+|_\d+|_exit_code")


def namespace(shell: Any) -> dict[str, object]:
    """Describe the user's names, with ``Out`` and ``_`` among them."""
    hidden = shell.user_ns_hidden
    theirs = {
        name: value
        for name, value in shell.user_ns.items()
        if name not in _NOT_THEIRS
        and not _NUMBERED_INPUT.fullmatch(name)
        and not (name in hidden and hidden[name] is value and name not in ("Out", "_", "__", "___"))
    }
    theirs.pop("_oh", None)  # it is `Out`
    told = shown_warnings(theirs.pop("__warningregistry__", {}))
    if told:
        theirs["__warningregistry__"] = told
    describer = describing.Describer(theirs)
    describer.globals_ids = {id(shell.user_ns)}
    return describer.described()


def shown_warnings(registry: dict[Any, Any]) -> dict[Any, Any]:
    """Return what counts as shown: nothing where the filters were changed since, by anybody."""
    present: dict[Any, Any] = {}
    filters: Any = warnings.filters
    filters.insert(0, ("ignore", None, Warning, None, 0))
    try:
        warnings.warn_explicit("version", UserWarning, "version", 1, registry=present)
    finally:
        del filters[0]
    is_valid = registry.get("version") == present.get("version")
    return {key: value for key, value in registry.items() if key != "version"} if is_valid else {}


def random_states() -> dict[str, str]:
    """Digest the random states of the libraries that are loaded."""
    # Past the modules' functions: while a component is recorded, calls of those are noticed.
    states, untouched = {"random": repr(random._inst.getstate())}, {}
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        shared = sys.modules["numpy.random.mtrand"]._rand
        kind, key, *rest = shared.get_state()
        states["numpy"] = f"{kind} {key.tobytes().hex()} {rest}"
        if _is_as_born(shared):
            untouched = {"numpy": "untouched"}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "default_generator"):
        states["torch"] = repr(torch.default_generator.get_state().tolist())
    digests = {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in states.items()}
    return digests | untouched


def _is_as_born(shared: Any) -> bool:
    """Whether nobody has seeded NumPy's shared generator or drawn from it; it keeps what it was born of."""
    generator = shared._bit_generator
    born_of = getattr(generator, "_seed_seq", None)
    if born_of is None:
        return False
    born, present = type(generator)(born_of).state["state"], generator.state["state"]
    return bool(born["pos"] == present["pos"] and (born["key"] == present["key"]).all())


class Births:
    """Sees random states as libraries are imported with them, before anybody can have drawn.

    Parameters
    ----------
    states : dict
        Where to add them.
    """

    _WATCHED = ("numpy.random", "torch")

    def __init__(self, states: dict[str, str]) -> None:
        self._states = states
        self._busy = False
        sys.meta_path.insert(0, self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find what the other finders find, and look at the state once it is loaded."""
        if name not in self._WATCHED or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module
            setattr(spec.loader, "exec_module", functools.partial(self._load, run))  # noqa: B010
        return spec

    def _load(self, run: Callable[[ModuleType], None], module: ModuleType) -> None:
        run(module)
        for name, state in random_states().items():
            self._states.setdefault(name, state)


def surroundings() -> dict[str, object]:
    """Return what else of the process a plain run would leave so: directory, import path, environment."""
    ignored = re.compile(r"FPCACHE_|PYTHONHASHSEED|COLUMNS|LINES|JPY_|_$")
    environment = {name: value for name, value in os.environ.items() if not ignored.match(name)}
    return {"directory": os.getcwd(), "path": list(sys.path), "environment": environment}


def files() -> dict[str, bytes]:
    """Return the files below the working directory, by their relative paths, and the directories.

    Addresses of objects are masked, as they are in values.
    """
    found = {}
    for directory, directories, names in os.walk("."):
        for name in directories:
            found[os.path.relpath(os.path.join(directory, name)) + os.sep] = b""
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path)] = ADDRESS_IN_BYTES.sub(b" at 0x...", file.read())
    return found


class Reports:
    """The component rows of each cell, as far as fpcache is loaded.

    Attributes
    ----------
    faults : list of str
        What went wrong in the cache, in all cells.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._last: object = None

    def new_rows(self) -> list[dict[str, object]]:
        """Return the rows of the cell that just ended; none where it did not go through fpcache."""
        fpcache, active = sys.modules.get("fpcache"), sys.modules.get("fpcache.active")
        if fpcache is None or active is None or not active.is_loaded():
            return []
        report = fpcache.report()
        if report is self._last or len(report) == 0:
            return []
        self._last = report
        self.faults += report.faults
        return [dataclasses.asdict(row) for row in report]
