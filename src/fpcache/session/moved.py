"""Tensors that a run gives other memory: ``p.data = z``, ``t.set_(z)``, ``module.half()``, ``t.t_()``.

What lay on the old memory besides (a state dict taken before, an array, a view)
keeps it, and what lies on the new memory shares that. So a replay must not write
the new values into the old memory; it gives the tensor other memory, too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Reading, Walk

__all__ = ["Place", "as_before", "is_written", "moved", "places", "roots_with"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lay before a run.

    Attributes
    ----------
    tensor : Tensor
        Another one that lies there; it keeps the memory alive.
    memory : tuple of (int, int)
        Where the storage's bytes begin, and how many they are.
    """

    tensor: Any
    memory: tuple[int, int]


def places(reading: Reading) -> dict[int, Place]:
    """Return where the dense tensors among the inputs lie now, by rank."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {}
    with torch._C.DisableTorchFunctionSubclass():
        return {
            rank: Place(node.data, _memory(node))
            for rank, node in enumerate(reading.nodes)
            if isinstance(node, torch.Tensor) and _is_dense(node)
        }


def _is_dense(tensor: Any) -> bool:
    torch: Any = sys.modules["torch"]
    return tensor.layout is torch.strided and not (
        tensor.is_quantized or tensor.is_nested or tensor.is_inference() or tensor.grad_fn is not None
    )


def _memory(tensor: Any) -> tuple[int, int]:
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def moved(reading: Reading, before: Mapping[int, Place]) -> dict[int, Any]:
    """Return what lies where the tensors lay that lie elsewhere now, by rank.

    Raises
    ------
    UncacheableError
        If a tensor's storage was itself given other memory, which all that
        lies on it sees.
    """
    if not before:
        return {}
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        for place in before.values():
            if _memory(place.tensor) != place.memory:
                raise UncacheableError(
                    "gives the storage of a tensor other memory (`resize_`, `share_memory_`), which a replay "
                    "can't do; make a tensor of that kind in the first place"
                )
        found = {
            rank: place.tensor
            for rank, place in before.items()
            if _lie(reading.nodes[rank]) != _lie(place.tensor)
        }
        if found:
            _refuse_unseen(reading, before, found)
    return found


def _lie(tensor: Any) -> tuple[object, ...]:
    """Return where and how a tensor lies; what is not dense lies nowhere."""
    if not _is_dense(tensor):
        return ()
    flags = tensor.dtype, tensor.device, tensor.is_conj(), tensor.is_neg()
    return tensor.untyped_storage()._cdata, tensor.storage_offset(), tensor.shape, tensor.stride(), *flags


def _refuse_unseen(reading: Reading, before: Mapping[int, Place], found: Mapping[int, Any]) -> None:
    """Refuse a tensor that shows more of an input's memory now than the inputs showed."""
    shown: dict[int, list[tuple[int, int]]] = {}
    for place in before.values():
        shown.setdefault(place.tensor.untyped_storage()._cdata, []).append(_bounds(place.tensor))
    for rank in found:
        node: Any = reading.nodes[rank]
        if not _is_dense(node):
            raise UncacheableError("gives a tensor another layout in place; make a new tensor of it")
        low, high = _bounds(node)
        spans = shown.get(node.untyped_storage()._cdata)
        if spans is not None and low < high and not any(s <= low and high <= e for s, e in spans):
            raise UncacheableError(
                "gives a tensor memory of an input's storage that no input showed; use .clone()"
            )


def _bounds(tensor: Any) -> tuple[int, int]:
    """Return the first and the one-past-last byte that a tensor reaches in its storage."""
    size = tensor.element_size()
    low = tensor.storage_offset() * size
    if tensor.numel() == 0:
        return low, low
    steps = sum((length - 1) * step for length, step in zip(tensor.shape, tensor.stride(), strict=True))
    return low, low + (steps + 1) * size


def roots_with(reading: Reading, found: Mapping[int, Any]) -> Iterator[str]:
    """Yield the keys of the roots that hold one of these tensors."""
    ids = {id(reading.nodes[rank]) for rank in found}
    for root in reading.roots:
        if ids and root.walk is not None and not ids.isdisjoint(root.walk.ranks):
            yield root.key


def is_written(reading: Reading, rank: int, before: Any) -> bool:
    """Tell whether the memory that a tensor lay on holds another content than before the run."""
    key = id(reading.nodes[rank])
    walks = (root.walk for root in reading.roots if root.walk is not None)
    known = next((walked.contents[key] for walked in walks if key in walked.contents), None)
    return known is None or known != walk(before).contents.get(id(before))


def as_before(walks: tuple[Walk, ...], reading: Reading, found: Mapping[int, Any]) -> tuple[Walk, ...]:
    """Return walks in which these tensors lie where they lay, as a replay comes upon them."""
    lay = {id(reading.nodes[rank]): tensor for rank, tensor in found.items()}
    return tuple(_with_places(walked, lay) for walked in walks) if lay else walks


def _with_places(walked: Walk, lay: Mapping[int, Any]) -> Walk:
    kept = tuple(b for b in walked.buffers if b.rank < 0 or id(walked.nodes[b.rank]) not in lay)
    placed = []
    for buffer in walked.buffers:
        tensor = lay.get(id(walked.nodes[buffer.rank])) if buffer.rank >= 0 else None
        if tensor is not None and tensor.numel():
            low, high = _bounds(tensor)
            placed.append(
                replace(buffer, start=tensor.untyped_storage().data_ptr() + low, size_bytes=high - low)
            )
    return replace(walked, buffers=(*kept, *placed))
