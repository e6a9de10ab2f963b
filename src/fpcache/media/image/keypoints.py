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
FREQUENCIES = 12
_PATCH_SCALE = 8
_ROWS_AT_ONCE = 1024

Integers = NDArray[np.int32]
Shorts = NDArray[np.int16]
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


def _around(smooth: Shorts, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Bytes:
    """Return the square patches around places, shape (n, 289)."""
    plane = (smooth >> 4).astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(plane, (PATCH_SIDE, PATCH_SIDE))
    return windows[rows - RADIUS, columns - RADIUS].reshape(len(rows), PATCH_SIDE**2)


def _smoothed(plane: NDArray[np.uint8]) -> Shorts:
    """Return the plane times 16, smoothed by binomial weights of 5 x 5; sums stay below 2**16."""
    height, width = plane.shape
    padded = np.empty((height + 4, width + 4), np.uint16)
    padded[2:-2, 2:-2] = plane
    padded[:2, 2:-2], padded[-2:, 2:-2] = plane[0], plane[-1]
    padded[:, :2], padded[:, -2:] = padded[:, 2:3], padded[:, -3:-2]
    both = _weighted(_weighted(padded).T).T
    both >>= 4
    return both.view(np.int16)


def _weighted(padded: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the sums of five rows by the weights 1, 4, 6, 4, 1."""
    total = padded[1:-3] + padded[3:-1]
    total += padded[2:-2]
    total <<= 1
    total += padded[2:-2]
    total <<= 1
    total += padded[:-4]
    total += padded[4:]
    return total


def _curvature(smooth: Shorts) -> Integers:
    """Return the Hessian's determinant; 0 within a patch's radius of the edge."""
    s, r = STEP, RADIUS
    height, width = smooth.shape

    def moved(down: int, across: int) -> Shorts:
        return smooth[r + down : height - r + down, r + across : width - r + across]

    centre = moved(0, 0) << 1
    along_y = moved(-s, 0) + moved(s, 0)
    along_x = moved(0, -s) + moved(0, s)
    mixed = moved(-s, -s) + moved(s, s)
    mixed -= moved(-s, s)
    mixed -= moved(s, -s)
    mixed >>= 4
    for along in (along_y, along_x):
        along -= centre
        along >>= 2
    determinant = np.zeros((height, width), np.int32)
    inner = determinant[r : height - r, r : width - r]
    np.multiply(along_x, along_y, out=inner, dtype=np.int32)
    inner -= np.multiply(mixed, mixed, dtype=np.int32)
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
    """Return the largest value at most 3 places away along both axes, or 0 where that is larger."""
    height, width = values.shape
    padded = np.zeros((height + 2 * APART, width + 2 * APART), np.int32)
    padded[APART:-APART, APART:-APART] = values
    return _running_maximum(_running_maximum(padded).T).T


def _running_maximum(values: Integers) -> Integers:
    """Return the largest of seven rows, by two, four and seven at a time."""
    reach, wanted = 1, 2 * APART + 1
    while reach < wanted:
        step = min(reach, wanted - reach)
        values = np.maximum(values[:-step], values[step:])
        reach += step
    return values


def _hashed(patches: Bytes) -> Bytes:
    """Return the signs of the patches' coefficients: along rows, then along columns."""
    values = patches.astype(np.int32)
    centred = values - (values.sum(axis=1, keepdims=True) // values.shape[1])
    cosines = patch_cosines()
    along = _product(centred.astype(np.float32).reshape(-1, PATCH_SIDE), cosines)
    turned = along.reshape(-1, PATCH_SIDE, FREQUENCIES).transpose(0, 2, 1).reshape(-1, PATCH_SIDE)
    both = _product(turned, cosines).reshape(len(patches), FREQUENCIES**2)
    return np.packbits(both[:, _kept_columns()] > 0, axis=1)


def _product(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the matrix product, in pieces so small that BLAS computes them in this thread.

    Where all threads are at work already, waiting for others takes longer than the product.
    """
    found = np.empty((len(rows), columns.shape[1]), np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        piece = slice(start, start + _ROWS_AT_ONCE)
        np.matmul(rows[piece], columns, out=found[piece])
    return found


@lru_cache(maxsize=1)
def patch_cosines() -> NDArray[np.float32]:
    """Return whole-number cosines, shape (17, 12): all sums stay below 2**24, exact in float32."""
    return np.ascontiguousarray(rounded_cosines(FREQUENCIES, PATCH_SIDE, _PATCH_SCALE).T, np.float32)


@lru_cache(maxsize=1)
def _kept_columns() -> NDArray[np.intp]:
    """Return which of the 12 x 12 coefficients, columns first, are kept."""
    return np.array([across * FREQUENCIES + down for down, across in patch_frequencies()])


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
            for down in range(down_parity, FREQUENCIES, 2)
            for across in range(across_parity, FREQUENCIES, 2)
            if down + across
        ]
        # By product, so that no cut parts two that transposing exchanges; classes that it exchanges are
        # sorted alike.
        pairs.sort(key=_across_first if across_parity > down_parity else _down_first)
        classes.append(pairs[:32])
    return tuple(pair for pairs in classes for pair in pairs)
