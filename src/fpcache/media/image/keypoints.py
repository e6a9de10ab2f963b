"""Places in a picture that are found again after cropping, pasting, scaling and mirroring, each hashed.

On every level of a pyramid, the places where brightness is most curved in both directions (largest
determinant of the Hessian) are taken, spread over the picture; the patch around each is hashed by the signs
of its cosine transform, ordered by parity as in `fpcache.media.image.dct`, so that a mirrored or turned
picture is matched without hashing it again. Whole numbers throughout: the same bits everywhere.

References
----------
Lindeberg, "Feature Detection with Automatic Scale Selection", 1998; Bay, Tuytelaars and Van Gool, "SURF",
2006, for the detector; Calonder, Lepetit, Strecha and Fua, "BRIEF", 2010, for comparing patches by bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.image.dct import rounded_cosines

__all__ = [
    "LEVELS",
    "LEVEL_STEP",
    "PATCH_BITS",
    "UNITS_PER_PIXEL",
    "Keypoints",
    "find_keypoints",
    "keypoints_of_pyramids",
    "pyramid",
]

LEVEL_STEP = 2**0.5
PATCH_BITS = 128
UNITS_PER_PIXEL = 16
# Side of each level's plane were it square, and how many places are kept on it.
LEVELS = ((256, 44), (181, 44), (128, 44), (91, 40), (64, 30), (45, 16), (32, 8))
_LARGEST_SHAPE = 4.0  # longer pictures are squeezed to 4:1
RADIUS = 8
PATCH_SIDE = 2 * RADIUS + 1
STEP = 2  # pixels between the taps of the second differences
APART = 3  # no two places nearer than this on one level
TILES = 5
LEAST_RESPONSE = 10
_FREQUENCIES = 12
_PATCH_SCALE = 8

Integers = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Places and hashes of their patches, as stored.

    Attributes
    ----------
    places : ndarray of int16, shape (n, 3)
        x and y from the picture's middle, in sixteenths of a pixel of the finest level, and the level.
    patches : ndarray of uint8, shape (n, 16)
        128 bits each, as four classes of 32: even-even, even-odd, odd-even, odd-odd.
    """

    places: NDArray[np.int16]
    patches: NDArray[np.uint8]


def find_keypoints(planes: Sequence[Bytes]) -> list[Keypoints]:
    """Return up to 226 places of each luma plane, shape (height, width), hashed in one product for all."""
    return keypoints_of_pyramids([pyramid(plane) for plane in planes])


def pyramid(luma: Bytes) -> list[Bytes]:
    """Return a luma plane, shape (height, width), at all sizes where places are looked for, finest first."""
    height, width = luma.shape
    stretch = min(max(width / height, 1 / _LARGEST_SHAPE), _LARGEST_SHAPE) ** 0.5
    sizes = [
        (max(round(side * stretch), PATCH_SIDE), max(round(side / stretch), PATCH_SIDE)) for side, _ in LEVELS
    ]
    finest = Image.fromarray(luma).resize(sizes[0], Image.Resampling.BILINEAR)
    coarser = [finest.resize(size, Image.Resampling.BILINEAR) for size in sizes[1:]]
    return [np.asarray(plane) for plane in (finest, *coarser)]


def keypoints_of_pyramids(pyramids: Sequence[Sequence[Bytes]]) -> list[Keypoints]:
    """Return the places of planes that `pyramid` has scaled."""
    found = [_places_and_patches(planes) for planes in pyramids]
    if not found:
        return []
    hashes = _hashed(np.concatenate([patches for _, patches in found]))
    ends = np.cumsum([len(places) for places, _ in found])
    split = np.split(hashes, ends[:-1])
    return [Keypoints(places, own) for (places, _), own in zip(found, split, strict=True)]


def _places_and_patches(planes: Sequence[Bytes]) -> tuple[NDArray[np.int16], Bytes]:
    places, patches = [], []
    for level, plane in enumerate(planes):
        smooth = _smoothed(plane)
        rows, columns = _strongest(_curvature(smooth), LEVELS[level][1])
        places.append(_placed(rows, columns, smooth.shape, level))
        patches.append(_around(smooth, rows, columns))
    return np.concatenate(places), np.concatenate(patches)


def _placed(
    rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...], level: int
) -> NDArray[np.int16]:
    factor = LEVELS[0][0] / LEVELS[level][0] * UNITS_PER_PIXEL
    x = np.rint((columns - (shape[1] - 1) / 2) * factor)
    y = np.rint((rows - (shape[0] - 1) / 2) * factor)
    return np.stack([x, y, np.full(len(x), level)], axis=1).astype(np.int16)


def _around(smooth: Integers, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Bytes:
    """Return the square patches around places, shape (n, 289)."""
    plane = (smooth >> 4).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(plane, (PATCH_SIDE, PATCH_SIDE))
    return windows[rows - RADIUS, columns - RADIUS].reshape(len(rows), PATCH_SIDE**2)


def _smoothed(plane: NDArray[np.uint8]) -> Integers:
    """Return the plane times 16, smoothed by binomial weights of 5 x 5."""
    padded = np.pad(plane, 2, mode="edge").astype(np.int32)
    down = padded[:-4] + padded[4:] + 4 * (padded[1:-3] + padded[3:-1]) + 6 * padded[2:-2]
    both = down[:, :-4] + down[:, 4:] + 4 * (down[:, 1:-3] + down[:, 3:-1]) + 6 * down[:, 2:-2]
    return both >> 4


def _curvature(smooth: Integers) -> Integers:
    """Return the Hessian's determinant; 0 within a patch's radius of the edge."""
    s, r = STEP, RADIUS
    height, width = smooth.shape

    def moved(down: int, across: int) -> Integers:
        return smooth[r + down : height - r + down, r + across : width - r + across]

    centre = 2 * moved(0, 0)
    along_y = moved(-s, 0) + moved(s, 0) - centre
    along_x = moved(0, -s) + moved(0, s) - centre
    mixed = (moved(-s, -s) + moved(s, s) - moved(-s, s) - moved(s, -s)) >> 2
    determinant = np.zeros_like(smooth)
    determinant[r : height - r, r : width - r] = ((along_x >> 2) * (along_y >> 2)) - ((mixed >> 2) ** 2)
    return determinant


def _strongest(response: Integers, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the strongest local maxima, each tile of the picture taking turns."""
    is_peak = (response > LEAST_RESPONSE) & (response == _local_maximum(response))
    rows, columns = np.nonzero(is_peak)
    order = np.argsort(-response[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    height, width = response.shape
    tiles = (rows * TILES // height) * TILES + columns * TILES // width
    turn = np.argsort(_rank_within(tiles), kind="stable")[:wanted]
    return rows[turn], columns[turn]


def _rank_within(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many earlier elements share each element's group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    is_first = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.zeros(0, bool)
    indexes = np.arange(len(ordered))
    starts = np.maximum.accumulate(np.where(is_first, indexes, 0))
    ranks = np.empty(len(groups), np.intp)
    ranks[order] = indexes - starts
    return ranks


def _local_maximum(values: Integers) -> Integers:
    for axis in (0, 1):
        padded = np.pad(values, [(APART, APART) if a == axis else (0, 0) for a in (0, 1)])
        length = values.shape[axis]
        slices = [padded.take(range(start, start + length), axis) for start in range(2 * APART + 1)]
        values = np.maximum.reduce(slices)
    return values


def _hashed(patches: Bytes) -> Bytes:
    values = patches.astype(np.int32)
    centred = values - (values.sum(axis=1, keepdims=True) // values.shape[1])
    coefficients = centred.astype(np.float32) @ patch_basis()
    return np.packbits(coefficients > 0, axis=1)


@lru_cache(maxsize=1)
def patch_basis() -> NDArray[np.float32]:
    """Return whole-number products of cosines, shape (289, 128): sums stay below 2**24, exact in float32."""
    cosines = rounded_cosines(_FREQUENCIES, PATCH_SIDE, _PATCH_SCALE)
    columns: list[Any] = [
        np.outer(cosines[down], cosines[across]).ravel() for down, across in patch_frequencies()
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _down_first(pair: tuple[int, int]) -> tuple[int, int, int]:
    return pair[0] * pair[1], pair[0], pair[1]


def _across_first(pair: tuple[int, int]) -> tuple[int, int, int]:
    return pair[0] * pair[1], pair[1], pair[0]


@lru_cache(maxsize=1)
def patch_frequencies() -> tuple[tuple[int, int], ...]:
    """Return the (down, across) frequencies of the 128 bits, 32 of each parity class, lowest first."""
    classes = []
    for down_parity, across_parity in ((0, 0), (0, 1), (1, 0), (1, 1)):
        pairs = [
            (down, across)
            for down in range(down_parity, _FREQUENCIES, 2)
            for across in range(across_parity, _FREQUENCIES, 2)
            if down + across
        ]
        # By product, so that no cut parts two that transposing exchanges; classes that it exchanges are
        # sorted alike.
        pairs.sort(key=_across_first if across_parity > down_parity else _down_first)
        classes.append(pairs[:32])
    return tuple(pair for pairs in classes for pair in pairs)
