"""Whether two pictures' keypoints fit together as one scene, moved, scaled, mirrored or turned.

Places whose patches are each other's nearest are paired; every two pairs propose a movement, scale and small
rotation, and the proposal that most other pairs agree with wins. Nothing is drawn at random.

References
----------
Fischler and Bolles, "Random Sample Consensus", 1981, for judging proposals by agreement; here all are tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import bit_counts, over_flips
from fpcache.media.image.keypoints import (
    LEVEL_STEP,
    PATCH_BITS,
    UNITS_PER_PIXEL,
    Keypoints,
    patch_frequencies,
)

__all__ = ["MOST_PLACES", "NO_AGREEMENT", "Agreement", "agreement"]

_LARGEST_DISTANCE = 44
MOST_PLACES = 56
_ORIENTATIONS_TRIED = 2
_LEAST_PAIRS = 3
_TOLERANCE_PIXELS = 5.0
_LEAST_BASELINE_PIXELS = 16.0
_SAME_PLACE_PIXELS = 6.0
_LARGEST_TURN_RAD = 0.40
_SCALE_SLACK_LOG2 = 0.5
_CLASS_BITS = np.full(4, 32, np.uint8)
_MIRRORED = (1, 2, 4, 7)
_QUARTER_TURNS = {5: 6, 6: 5}  # each undoes the other; all other orientations undo themselves

Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Which patches of two pictures are each other's nearest in one orientation, and how alike (0 to 1)."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    likeness: NDArray[np.float64]
    orientation: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many keypoints of two pictures agree on one movement, and on which.

    Attributes
    ----------
    count : int
        Distinct places that agree; unrelated pictures reach 3 or 4 by chance.
    strength : float
        The same, each place counted by how alike its patches are, from 0 to 1.
    orientation : int
        0-7: as is, mirrored left-right, top-bottom, both; the same after transposing.
    scale : float
        How much larger the scene is in the second picture.
    turn_deg : float
        How far it is rotated in addition.
    """

    count: int
    strength: float
    orientation: int
    scale: float
    turn_deg: float


NO_AGREEMENT = Agreement(0, 0.0, 0, 1.0, 0.0)


def agreement(a: Keypoints, b: Keypoints, least: int = 0) -> Agreement:
    """Return the movement from `a` to `b` that most of their keypoints agree on.

    Places are paired and proposals tried in an order of their own, whichever is asked for first, so that both
    ways round as many agree. Where it is sure that fewer than `least` agree, it isn't looked which.
    """
    if _order_of(a) > _order_of(b):
        return _undone(_agreement(b, a, least))
    return _agreement(a, b, least)


def _order_of(keypoints: Keypoints) -> tuple[bytes, bytes]:
    return keypoints.patches.tobytes(), keypoints.places.tobytes()


def _undone(found: Agreement) -> Agreement:
    """Return the movement the other way round."""
    # Undoing a mirrored scene's turn turns it the same way, as the mirror comes first.
    turn_deg = found.turn_deg if found.orientation in _MIRRORED else -found.turn_deg
    return replace(
        found,
        orientation=_QUARTER_TURNS.get(found.orientation, found.orientation),
        scale=1 / found.scale,
        turn_deg=turn_deg + 0.0,  # no -0.0
    )


def _agreement(a: Keypoints, b: Keypoints, least: int) -> Agreement:
    if min(len(a.places), len(b.places), MOST_PLACES) < max(_LEAST_PAIRS, least):
        return NO_AGREEMENT
    distances = _orientation_distances(a.patches, b.patches)
    tried = [_mutual(distances[orientation], orientation) for orientation in range(8)]
    tried.sort(key=lambda pairs: -float(pairs.likeness.sum()))
    if all(len(pairs.rows) < least for pairs in tried[:_ORIENTATIONS_TRIED]):
        return NO_AGREEMENT
    found = [_verified(a, b, pairs) for pairs in tried[:_ORIENTATIONS_TRIED]]
    return max(found, key=lambda each: each.strength)


def _orientation_distances(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return Hamming distances of all patches of a and b in all orientations, shape (8, n, m)."""
    words_b = _words(b)[:, None]
    words_a, transposed_a = _sides(a.tobytes())
    upright = bit_counts(words_a[:, :, None] ^ words_b)
    turned = bit_counts(transposed_a[:, :, None] ^ words_b)
    return np.stack([*over_flips(upright, _CLASS_BITS), *over_flips(turned, _CLASS_BITS)])


@lru_cache(maxsize=4)  # of a picture that is compared with many
def _sides(patches: bytes) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the words of patches and of those mirrored at their diagonals."""
    held = np.frombuffer(patches, np.uint8).reshape(-1, PATCH_BITS // 8)
    return _words(held), _words(_transposed(held))


def _words(patches: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the four parity classes as words, shape (4, n)."""
    return np.ascontiguousarray(np.ascontiguousarray(patches).view(np.uint32).T)


def _transposed(patches: NDArray[np.uint8]) -> NDArray[np.uint8]:
    bits = np.unpackbits(patches, axis=1)
    return np.packbits(bits[:, _transposition()], axis=1)


@lru_cache(maxsize=1)
def _transposition() -> NDArray[np.intp]:
    position = {pair: index for index, pair in enumerate(patch_frequencies())}
    return np.array([position[across, down] for down, across in patch_frequencies()])


def _mutual(distances: NDArray[np.uint8], orientation: int) -> _Pairs:
    """Return the rows and columns that are each other's nearest and near enough, nearest first."""
    least = distances.min(axis=1)
    rows = np.flatnonzero(least <= _LARGEST_DISTANCE)
    columns = distances[rows].argmin(axis=1)
    is_mutual = least[rows] == distances.min(axis=0)[columns]
    rows, columns = rows[is_mutual], columns[is_mutual]
    order = np.argsort(least[rows], kind="stable")[:MOST_PLACES]
    likeness = 1 - least[rows[order]] / (_LARGEST_DISTANCE + 4)
    return _Pairs(rows[order], columns[order], likeness, orientation)


def _verified(a: Keypoints, b: Keypoints, pairs: _Pairs) -> Agreement:
    if len(pairs.rows) < _LEAST_PAIRS:
        return NO_AGREEMENT
    start = _oriented(_positions(a, pairs.rows), pairs.orientation)
    end = _positions(b, pairs.columns)
    levels = b.places[pairs.columns, 2].astype(np.int64) - a.places[pairs.rows, 2]
    log_scales = levels * np.log2(LEVEL_STEP)
    factor, offset = _proposals(start, end, log_scales)
    if not len(factor):
        return NO_AGREEMENT
    misses = abs(factor[:, None] * start + offset[:, None] - end)
    off_scale = abs(np.log2(abs(factor))[:, None] - log_scales)
    agrees = (misses <= _TOLERANCE_PIXELS) & (off_scale <= _SCALE_SLACK_LOG2)
    best = int((agrees @ pairs.likeness).argmax())
    agreeing = np.flatnonzero(agrees[best])
    distinct = agreeing[_distinct(start[agreeing]) & _distinct(end[agreeing])]
    strength = float(pairs.likeness[distinct].sum())
    turn_deg = float(np.degrees(np.angle(factor[best])))
    return Agreement(len(distinct), strength, pairs.orientation, float(abs(factor[best])), turn_deg)


def _proposals(start: Complex, end: Complex, log_scales: NDArray[np.float64]) -> tuple[Complex, Complex]:
    """Return the factors and offsets, as complex numbers, that take two places each to their partners.

    Only those whose scale is what the levels say on which the two were found.
    """
    first, second = np.triu_indices(len(start), 1)
    across_start, across_end = start[second] - start[first], end[second] - end[first]
    is_long = (abs(across_start) >= _LEAST_BASELINE_PIXELS) & (abs(across_end) >= _LEAST_BASELINE_PIXELS)
    first, second = first[is_long], second[is_long]
    factor = across_end[is_long] / across_start[is_long]
    log_scale = np.log2(abs(factor))
    is_likely = abs(np.angle(factor)) <= _LARGEST_TURN_RAD
    for index in (first, second):
        is_likely &= abs(log_scale - log_scales[index]) <= _SCALE_SLACK_LOG2
    first, factor = first[is_likely], factor[is_likely]
    return factor, end[first] - factor * start[first]


def _distinct(positions: Complex) -> NDArray[np.bool_]:
    """Return which places are the first of their neighbourhood, as a corner is found on several levels."""
    is_near = abs(positions[:, None] - positions) <= _SAME_PLACE_PIXELS
    is_first: NDArray[np.bool_] = np.logical_not(np.tril(is_near, -1).any(axis=1))
    return is_first


def _positions(keypoints: Keypoints, indexes: NDArray[np.intp]) -> Complex:
    places = keypoints.places[indexes].astype(np.float64) / UNITS_PER_PIXEL
    return places[:, 0] + 1j * places[:, 1]


def _oriented(positions: Complex, orientation: int) -> Complex:
    x, y = positions.real, positions.imag
    if orientation >= 4:
        x, y = y, x
    if orientation & 1:
        x = -x
    if orientation & 2:
        y = -y
    return x + 1j * y
