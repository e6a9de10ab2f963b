"""Calls that read or set a random state as a whole, noticed while a component runs.

Comparing a state before and after a run shows draws. It doesn't show a state
that was read and not advanced, or set to what it already was, or drawn from
and put back. And it can't tell draws that follow a seed given in the run from
draws that depend on what was there before. So the functions that read, set
and seed states are replaced for the duration of a run.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

from fpcache.dependencies.substitutions import Substitution, substitute, undo

__all__ = ["READERS", "Watch"]

Role = Literal["get", "set", "seed", "entropy"]

_PYTHON: dict[str, Role] = {"seed": "seed", "setstate": "set", "getstate": "get"}
_NUMPY: dict[str, Role] = {"seed": "seed", "set_state": "set", "get_state": "get"}
_TORCH: dict[str, Role] = {
    "manual_seed": "seed",
    "seed": "entropy",
    "initial_seed": "get",
    "set_rng_state": "set",
    "get_rng_state": "get",
}
_CUDA: dict[str, Role] = {
    "manual_seed": "seed",
    "manual_seed_all": "seed",
    "seed": "entropy",
    "seed_all": "entropy",
    "initial_seed": "get",
    "set_rng_state": "set",
    "set_rng_state_all": "set",
    "get_rng_state": "get",
    "get_rng_state_all": "get",
}

# Module → the library whose state its functions touch, and what each does.
_CALLS: Mapping[str, tuple[str, Mapping[str, Role]]] = {
    "random": ("random", _PYTHON),
    "numpy.random": ("numpy", _NUMPY),
    "numpy.random.mtrand": ("numpy", _NUMPY),
    "torch": ("torch", _TORCH),
    "torch.random": ("torch", _TORCH),
    "torch.cuda": ("torch.cuda", _CUDA),
    "torch.cuda.random": ("torch.cuda", _CUDA),
}

# Names in code that hand a state to the user, or take it from where it was born.
READERS: Mapping[str, tuple[str, ...]] = {
    "getstate": ("random",),
    "_inst": ("random",),
    "get_state": ("numpy",),
    "_rand": ("numpy",),
    "get_bit_generator": ("numpy",),
    "get_rng_state": ("torch", "torch.cuda"),
    "get_rng_state_all": ("torch.cuda",),
    "initial_seed": ("torch", "torch.cuda"),
    "default_generator": ("torch",),
    "fork_rng": ("torch", "torch.cuda"),
}


@dataclass(eq=False, slots=True)
class Watch:
    """What one run did to random states as wholes.

    Attributes
    ----------
    is_as_before : callable
        Takes a library's name; whether its state is still the one before the run.
    read : set of str
        Libraries whose state was read.
    given : set of str
        Libraries whose state was set, or seeded.
    fixed : set of str
        Those of `given` that were set before anything had read or advanced them.
    entropy : list of str
        Calls that took a seed from the operating system.
    """

    is_as_before: Callable[[str], bool]
    read: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    entropy: list[str] = field(default_factory=list)
    _replaced: list[Substitution] = field(default_factory=list)

    def start(self) -> None:
        """Replace the functions of the libraries that are loaded."""
        for module_name, (library, roles) in _CALLS.items():
            module = sys.modules.get(module_name)
            if module is not None:
                self._replace(module, library, roles)
        _active.append(self)

    def _replace(self, module: Any, library: str, roles: Mapping[str, Role]) -> None:
        held = vars(module)
        for name, role in roles.items():
            original = held.get(name)
            if original is not None and not isinstance(original, _StandIn):
                self._replaced.append(substitute(module, name, _stand_in(module, original, library, role)))

    def stop(self) -> None:
        """Put the functions back."""
        undo(self._replaced)
        self._replaced = []
        if self in _active:
            _active.remove(self)

    def note(self, library: str, role: Role, label: str, arguments: Collection[object]) -> None:
        """Take in one call, before it happens."""
        if role == "get":
            if library not in self.fixed:
                self.read.add(library)
            return
        if role == "entropy" or (role == "seed" and all(value is None for value in arguments)):
            self.entropy.append(label)
        if library not in self.given and library not in self.read and self.is_as_before(library):
            self.fixed.add(library)
        self.given.add(library)


class _StandIn:
    """Stands for one function; harmless where a run keeps hold of it, and pickled as the function."""

    def __init__(self, owner: ModuleType, original: Any, library: str, role: Role) -> None:
        functools.update_wrapper(self, original)
        self._owner, self._original = owner, original
        self._library, self._role = library, role

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        label = f"{self._library}.{self._original.__name__}"
        for watch in tuple(_active):
            watch.note(self._library, self._role, label, (*args, *kwargs.values()))
        return self._original(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _attribute, (self._owner.__name__, self._original.__name__)


def _attribute(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


_active: list[Watch] = []
_stand_ins: dict[int, _StandIn] = {}


def _stand_in(owner: ModuleType, original: Any, library: str, role: Role) -> _StandIn:
    """Return the one stand-in of a function."""
    known = _stand_ins.get(id(original))
    if known is None or known._original is not original:
        known = _stand_ins[id(original)] = _StandIn(owner, original, library, role)
    return known
