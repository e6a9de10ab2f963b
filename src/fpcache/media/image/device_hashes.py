"""Hashes of pictures made on cards: sent there by groups of one shape, computed in batches, brought back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fpcache.media.devices import Placement
from fpcache.media.image.tensor_hashes import keypoint_tensors, luma_hash_tensor
from fpcache.media.sharing import run_in_batches
from fpcache.media.staging import Staging

__all__ = ["hashes_on_devices"]

# A picture of 256 x 256 takes some 6 MB while its places are looked for.
_BATCH_SIZE = 128

Planes: TypeAlias = tuple[NDArray[np.uint8], Sequence[NDArray[np.uint8]]]
Hashes: TypeAlias = Mapping[str, NDArray[Any]]

_stagings: dict[str, Staging] = {}
_lock = threading.Lock()


def hashes_on_devices(pictures: Sequence[Planes], placements: Sequence[Placement]) -> list[Hashes]:
    """Return the hashes of scaled pictures, the same bits as those made with NumPy.

    Parameters
    ----------
    pictures : sequence of tuple
        Of each the two planes that are hashed whole, uint8, shape (2, 64, 64), and its pyramid's.
    placements : sequence of Placement
        The devices that share the work; the CPU goes on where their memory doesn't suffice.

    Returns
    -------
    list of mapping
        ``global``, ``places`` and ``patches`` of each, as in `fpcache.media.image.image_parts_many`.
    """
    by_shape: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for index, (_, levels) in enumerate(pictures):
        by_shape.setdefault(tuple(level.shape for level in levels), []).append(index)
    found: dict[int, Hashes] = {}
    for members in by_shape.values():
        group = [pictures[index] for index in members]
        found.update(zip(members, run_in_batches(_begin, group, placements, _BATCH_SIZE).rows, strict=True))
    return [found[index] for index in range(len(pictures))]


def _begin(pictures: Sequence[Planes], placement: Placement) -> Callable[[], list[Hashes]]:
    import torch

    staging = _staging(placement.torch_name)
    with staging.current(), torch.inference_mode():
        whole = luma_hash_tensor(staging.sent([planes for planes, _ in pictures]).flatten(0, 1))
        levels = [staging.sent(level) for level in zip(*(levels for _, levels in pictures), strict=True)]
        tensors = (whole, *keypoint_tensors(levels))
        waiting = [staging.fetched(tensor) for tensor in tensors]
    return lambda: _split(len(pictures), *(wait() for wait in waiting))


def _split(
    count: int, whole: NDArray[Any], owners: NDArray[Any], places: NDArray[Any], patches: NDArray[Any]
) -> list[Hashes]:
    """Return each picture's own; copies, so that none keeps the others' memory."""
    ends = np.searchsorted(owners, np.arange(count + 1))
    own = whole.reshape(count, -1, whole.shape[1])
    return [
        {
            "global": own[index].copy(),
            "places": places[start:stop].copy(),
            "patches": patches[start:stop].copy(),
        }
        for index, (start, stop) in enumerate(pairwise(ends))
    ]


def _staging(device: str) -> Staging:
    with _lock:
        if device not in _stagings:
            _stagings[device] = Staging(device)
        return _stagings[device]
