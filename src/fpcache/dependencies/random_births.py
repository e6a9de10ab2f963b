"""Which random states are still as the process was born with them.

A state that nobody has seeded, drawn from or looked at can be replaced by
another of its kind, and nothing in the process could tell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

from fpcache.dependencies.random_calls import READERS
from fpcache.dependencies.random_sources import loaded_sources, numpy_birth, read_python, source

__all__ = ["begin", "birth", "end", "is_untouched", "note_code", "touch"]


@dataclass(slots=True)
class _Births:
    """What is known of this process; ``is_fresh`` is False until ``begin``."""

    is_fresh: bool = False
    states: dict[str, bytes] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)


_births = _Births()


class _TorchWatch:
    """An importer that finds nothing, and sees torch's generator before user code can."""

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("torch.") and "torch" not in _births.states:
            generator = getattr(sys.modules.get("torch._C"), "default_generator", None)
            if generator is not None:
                _births.states["torch"] = _seed_token(generator)
                _stop_watching()
        return None


_watch = _TorchWatch()


def _seed_token(generator: Any) -> bytes:
    return str(generator.initial_seed()).encode()


def _stop_watching() -> None:
    if _watch in sys.meta_path:
        sys.meta_path.remove(_watch)


def begin(*, fresh: bool) -> None:
    """Take the present random states as those that the process was born with.

    Parameters
    ----------
    fresh : bool
        Whether no code of the user has run yet. Otherwise every state counts
        as touched for good.
    """
    end()
    _births.is_fresh = fresh
    if not fresh:
        return
    _births.states["random"] = read_python()
    loaded = {found.name: found for found in loaded_sources()}
    if "numpy" in loaded and numpy_birth() is None:
        _births.touched.add("numpy")
    if "torch" in loaded:
        _births.states["torch"] = _seed_token(sys.modules["torch._C"].default_generator)
    elif "torch" not in sys.modules:
        sys.meta_path.insert(0, _watch)


def end() -> None:
    """Forget all; every state counts as touched until the next ``begin``."""
    _stop_watching()
    _births.is_fresh = False
    _births.states.clear()
    _births.touched.clear()


def touch(name: str) -> None:
    """Count a state as touched from now on."""
    _births.touched.add(name)


def note_code(code: CodeType) -> None:
    """Count states as touched that this code may hand to the user.

    Called with the code of every statement before it runs, cheap ones too: a
    state that somebody has looked at must not be replaced.
    """
    pending = [code]
    while pending:
        found = pending.pop()
        for name in found.co_names:
            for library in READERS.get(name, ()):
                touch(library)
        pending.extend(item for item in found.co_consts if isinstance(item, CodeType))


def note_names(names: Iterable[str]) -> None:
    """Like ``note_code``, for names that reached code uses."""
    for name in names:
        for library in READERS.get(name, ()):
            touch(library)


def birth(name: str) -> bytes | None:
    """Return the state that a library's generator was born with, where that is known."""
    if name == "numpy":
        return numpy_birth()
    if name == "torch":
        return _torch_birth()
    return _births.states.get(name)


def _torch_birth() -> bytes | None:
    torch = sys.modules.get("torch")
    generator = getattr(sys.modules.get("torch._C"), "default_generator", None)
    if torch is None or generator is None or _births.states.get("torch") != _seed_token(generator):
        return None
    reborn = torch.Generator()
    reborn.manual_seed(generator.initial_seed())
    return (
        bytes(reborn.get_state().numpy().tobytes()) if "numpy" in sys.modules else bytes(reborn.get_state())
    )


def is_untouched(name: str) -> bool:
    """Whether a state is as it was born, and nothing can have seen it."""
    library = "torch.cuda" if name.startswith("torch.cuda") else name
    if not _births.is_fresh or library in _births.touched or name in _births.touched:
        return False
    if library == "torch.cuda":
        return _is_cuda_unborn()
    if name not in {found.name for found in loaded_sources()}:
        return True
    born = birth(name)
    if born is None or born != source(name).read():
        touch(name)
        return False
    return True


def _is_cuda_unborn() -> bool:
    cuda = sys.modules.get("torch.cuda")
    if cuda is None:
        return True
    if cuda.is_initialized():
        return False
    seeds = getattr(cuda, "_lazy_seed_tracker", None)
    return seeds is not None and not seeds.call_order
