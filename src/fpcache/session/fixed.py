"""Inputs that a replay can't change in place: what they were before the run, by themselves.

What they hold counts apart, each object for itself: a list in a tuple may be
changed in place though the tuple can't.
"""

from __future__ import annotations

import sys
from itertools import starmap
from operator import is_
from typing import Any

from fpcache.fingerprints import walk
from fpcache.fingerprints.functions import remembered
from fpcache.fingerprints.records import Reading
from fpcache.replay.mutations import can_transplant
from fpcache.session.memory_counts import MEMOISED

__all__ = ["is_as_before", "remember", "remembers_more"]

_BESIDE = tuple(vars(type)[name] for name in ("__bases__", "__name__", "__qualname__"))


def remember(reading: Reading) -> dict[int, object]:
    """Return what each node that can't be changed in place is now, by rank."""
    nodes = enumerate(reading.nodes)
    return {rank: _content(node) for rank, node in nodes if can_transplant(node) is not None}


def is_as_before(node: object, before: object) -> bool:
    """Tell whether a node holds the same objects as before, or where that can't be seen, equal ones."""
    now = _content(node)
    if isinstance(now, tuple) and isinstance(before, tuple):
        return all(map(_are_same, now, before))
    if isinstance(now, dict) and isinstance(before, dict):
        return now.keys() == before.keys() and all(now[name] is before[name] for name in now)
    return now == before


def remembers_more(node: object, before: object) -> bool:
    """Tell whether all that changed of a memoised function is what it remembers."""
    now = _content(node)
    if not (isinstance(now, tuple) and isinstance(before, tuple)):
        return False
    own, memory = zip(now[:2], before[:2], strict=True), zip(now[2:], before[2:], strict=True)
    return all(starmap(_are_same, own)) and not all(starmap(_are_same, memory))


def _content(node: object) -> object:
    if type(node) in (tuple, frozenset):
        return None  # never holds anything else
    if type(node) is MEMOISED and (memory := remembered(node)) is not None:
        return list(vars(node)), list(vars(node).values()), memory[0], memory[2]
    if isinstance(node, type):
        return _of_class(node)
    torch: Any = sys.modules.get("torch")
    if torch is not None and issubclass(type(node), torch.Tensor):
        with torch._C.DisableTorchFunctionSubclass():
            return _of_tensor(node)
    return walk(node).digest


def _of_tensor(tensor: Any) -> dict[object, object]:
    """Return what a tensor holds beside the leaves of its graph, which are objects for themselves."""
    held: dict[object, object] = {f".{name}": value for name, value in vars(tensor).items()}
    torch: Any = sys.modules["torch"]
    alone = tensor.detach()
    lies_at = alone.data_ptr() if alone.layout is torch.strided else 0
    held["content", walk(alone).digest, lies_at, tensor.output_nr] = None
    held["step"] = tensor.grad_fn
    return held


def _of_class(cls: type) -> dict[object, object]:
    """Return what a class holds, and what of it can be set without being among that."""
    held: dict[object, object] = dict(vars(cls).items())
    if cls.__flags__ & 1 << 9:  # Py_TPFLAGS_HEAPTYPE: no other can be changed
        for part in _BESIDE:
            held[part] = part.__get__(cls, type)
    return held


def _are_same(now: list[object], before: list[object]) -> bool:
    return len(now) == len(before) and all(map(is_, now, before))
