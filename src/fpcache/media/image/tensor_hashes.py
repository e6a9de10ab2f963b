"""The hashes of many pictures at once, on any device: the same bits as `dct` and `keypoints` give.

All of it is whole numbers that float64 and int32 hold exactly, and sorts that keep the order of equals, so
that neither the order of summation nor the device shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from fpcache.media.image import keypoints as kp
from fpcache.media.image.dct import HASH_BYTES, basis
from fpcache.media.image.keypoints import LEVELS, UNITS_PER_PIXEL

__all__ = ["keypoint_tensors", "luma_hash_tensor"]

_LOW_32 = 32
_LARGEST_RESPONSE = (1 << 31) - 1


def luma_hash_tensor(frames: Any) -> Any:
    """Return what `fpcache.media.image.dct.luma_hashes` does, of a tensor on any device.

    Parameters
    ----------
    frames : tensor of uint8, shape (n, height, width)

    Returns
    -------
    tensor of uint8, shape (n, 32)
        On the same device.
    """
    import torch

    count, height, width = frames.shape
    sums = frames.sum(dim=(1, 2), dtype=torch.int64)
    means = (2 * sums + height * width) // (2 * height * width)
    centred = frames.double() - means[:, None, None]
    coefficients = _basis(height, frames.device) @ centred @ _basis(width, frames.device).T
    is_positive = coefficients > 0
    is_positive[:, 0, 0] = False
    by_parity = is_positive.reshape(count, 8, 2, 8, 2).permute(0, 2, 4, 1, 3)
    return _packed(by_parity.reshape(count, HASH_BYTES, 8))


def keypoint_tensors(levels: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Return what `fpcache.media.image.keypoints` finds on pyramids of one shape, of tensors on any device.

    Parameters
    ----------
    levels : sequence of tensor of uint8, shape (n, height, width)
        One for each level, of n pictures.

    Returns
    -------
    tuple of tensor
        The picture of each place, int64, shape (m,), rising; the places, int16, shape (m, 3); the hashes of
        their patches, uint8, shape (m, 16).
    """
    import torch

    found = [_on_level(planes, level) for level, planes in enumerate(levels)]
    pictures, places, patches = (torch.cat(parts) for parts in zip(*found, strict=True))
    order = torch.argsort(pictures, stable=True)
    return pictures[order], places[order], _hashed(patches[order])


def _on_level(planes: Any, level: int) -> tuple[Any, Any, Any]:
    import torch

    smooth = _smoothed(planes)
    pictures, rows, columns = _strongest(_curvature(smooth), LEVELS[level][1])
    factor = LEVELS[0][0] / LEVELS[level][0] * UNITS_PER_PIXEL
    height, width = smooth.shape[1:]
    x = torch.round((columns.double() - (width - 1) / 2) * factor)
    y = torch.round((rows.double() - (height - 1) / 2) * factor)
    places = torch.stack([x, y, torch.full_like(x, level)], dim=1).to(torch.int16)
    steps = torch.arange(-kp.RADIUS, kp.RADIUS + 1, device=planes.device)
    down, across = rows[:, None, None] + steps[:, None], columns[:, None, None] + steps
    patches = (smooth >> 4)[pictures[:, None, None], down, across]
    return pictures, places, patches.reshape(len(pictures), kp.PATCH_SIDE**2)


def _smoothed(planes: Any) -> Any:
    """Return the planes times 16, int32, smoothed by binomial weights of 5 x 5."""
    import torch

    height, width = planes.shape[1:]
    around_y, around_x = (
        (torch.arange(-2, side + 2, device=planes.device)).clamp(0, side - 1) for side in (height, width)
    )
    padded = planes.to(torch.int32)[:, around_y][:, :, around_x]
    for axis in (1, 2):
        a, b, c, d, e = (padded.narrow(axis, start, padded.shape[axis] - 4) for start in range(5))
        padded = a + e + 4 * (b + d) + 6 * c
    return padded >> 4


def _curvature(smooth: Any) -> Any:
    """Return the Hessian's determinant; 0 within a patch's radius of the edge."""
    import torch

    s, r = kp.STEP, kp.RADIUS
    height, width = smooth.shape[1:]

    def moved(down: int, across: int) -> Any:
        return smooth[:, r + down : height - r + down, r + across : width - r + across]

    centre = 2 * moved(0, 0)
    along_y = moved(-s, 0) + moved(s, 0) - centre
    along_x = moved(0, -s) + moved(0, s) - centre
    mixed = (moved(-s, -s) + moved(s, s) - moved(-s, s) - moved(s, -s)) >> 2
    determinant = torch.zeros_like(smooth)
    inner = (along_x >> 2) * (along_y >> 2) - (mixed >> 2) ** 2
    determinant[:, r : height - r, r : width - r] = inner
    return determinant


def _strongest(response: Any, wanted: int) -> tuple[Any, Any, Any]:
    """Return picture, row and column of each picture's strongest local maxima, its tiles taking turns."""
    import torch

    height, width = response.shape[1:]
    is_peak = (response > kp.LEAST_RESPONSE) & (response == _local_maximum(response))
    pictures, rows, columns = is_peak.nonzero(as_tuple=True)
    weakness = _LARGEST_RESPONSE - response[pictures, rows, columns].long()
    order = torch.argsort((pictures << _LOW_32) + weakness, stable=True)
    pictures, rows, columns = pictures[order], rows[order], columns[order]
    tiles = (rows * kp.TILES // height) * kp.TILES + columns * kp.TILES // width
    ranks = _rank_within(pictures * kp.TILES**2 + tiles)
    turn = torch.argsort((pictures << _LOW_32) + ranks, stable=True)
    turn = turn[_rank_within(pictures[turn]) < wanted]
    return pictures[turn], rows[turn], columns[turn]


def _rank_within(groups: Any) -> Any:
    """Return how many earlier elements share each element's group."""
    import torch

    order = torch.argsort(groups, stable=True)
    ordered, indexes = groups[order], torch.arange(len(groups), device=groups.device)
    is_first = torch.ones(len(groups), dtype=torch.bool, device=groups.device)
    is_first[1:] = ordered[1:] != ordered[:-1]
    starts = torch.where(is_first, indexes, 0)
    starts = torch.cummax(starts, dim=0).values if len(groups) else starts
    ranks = torch.empty_like(indexes)
    ranks[order] = indexes - starts
    return ranks


def _local_maximum(values: Any) -> Any:
    import torch

    reach = 2 * kp.APART + 1
    for axis in (1, 2):
        sides = (kp.APART, kp.APART) if axis == 2 else (0, 0, kp.APART, kp.APART)
        padded = torch.nn.functional.pad(values, sides)
        length = values.shape[axis]
        values = padded.narrow(axis, 0, length)
        for start in range(1, reach):
            values = torch.maximum(values, padded.narrow(axis, start, length))
    return values


def _hashed(patches: Any) -> Any:
    import torch

    centred = patches - patches.sum(dim=1, keepdim=True, dtype=torch.int32) // patches.shape[1]
    # In float64: a card may be set to round products of float32.
    cosines = _patch_cosines(patches.device)
    squares = centred.double().reshape(-1, kp.PATCH_SIDE, kp.PATCH_SIDE)
    coefficients = (cosines.T @ squares @ cosines).flatten(1)[:, _kept(patches.device)]
    return _packed((coefficients > 0).reshape(len(patches), kp.PATCH_BITS // 8, 8))


def _packed(bits: Any) -> Any:
    """Return bits, shape (n, bytes, 8), as bytes, the first bit the highest."""
    import torch

    weights = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1], dtype=torch.int32, device=bits.device)
    return (bits * weights).sum(dim=2, dtype=torch.int32).to(torch.uint8)


@lru_cache(maxsize=64)
def _basis(length: int, device: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(basis(length))).to(device)


@lru_cache(maxsize=16)
def _patch_cosines(device: Any) -> Any:
    import torch

    return torch.from_numpy(kp.patch_cosines().astype(np.float64)).to(device)


@lru_cache(maxsize=16)
def _kept(device: Any) -> Any:
    import torch

    down, across = np.array(kp.patch_frequencies()).T
    return torch.from_numpy(down * kp.FREQUENCIES + across).to(device)
