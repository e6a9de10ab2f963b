"""The nearest codes by exact Hamming distance, in all eight orientations, held in memory."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import bit_counts, transposed
from fpcache.media.index.features import CODE_BYTES, Codes
from fpcache.media.index.growing import GrowingRows, nearest_rows
from fpcache.media.index.joining import near_pairs

__all__ = ["CodeTable", "least_distances"]

# So many that a step's numbers stay in a processor's cache.
_AT_ONCE = 1 << 14
_READ_AT_ONCE = 1 << 14
_WORDS = CODE_BYTES // 8
_HALF = np.int8(64)  # the bits of a class, half of two classes'

Words = NDArray[np.uint64]


class CodeTable:
    """All codes of one kind and algorithm: follows the index, and finds the nearest."""

    def __init__(self, kind: str, algorithm: str) -> None:
        self._of = (kind, algorithm)
        self._codes = GrowingRows(_WORDS, np.uint64, order="F")
        self._seen = 0

    def follow(self, connection: sqlite3.Connection) -> None:
        """Take in what was added since."""
        asked = "SELECT row, codes FROM codes WHERE row > ? AND kind = ? AND algorithm = ? ORDER BY row"
        cursor = connection.execute(asked, (self._seen, *self._of))
        while found := cursor.fetchmany(_READ_AT_ONCE):
            words = np.frombuffer(b"".join([data for _, data in found]), np.uint64).reshape(-1, _WORDS)
            rows = np.array([row for row, _ in found], np.int64)
            counts = np.array([len(data) // CODE_BYTES for _, data in found])
            self._codes.extend(np.repeat(rows, counts), words)
            self._seen = found[-1][0]

    def forget(self, rows: NDArray[np.int64]) -> None:
        """Leave out rows that were removed."""
        self._codes.forget(rows)

    def nearest(
        self, codes: Codes, count: int, allowed: NDArray[np.int64] | None, within: int | None = None
    ) -> NDArray[np.int64]:
        """Return the rows of the nearest codes, each once; those that differ in at most `within` bits."""
        rows, held = self._codes.selected(allowed)
        if not len(rows) or not len(codes):
            return np.zeros(0, np.int64)
        distances = least_distances(codes, held)
        if within is not None:
            is_near = distances <= within
            rows, distances = rows[is_near], distances[is_near]
        return nearest_rows(rows, distances, count, each=2)

    def near_rows(self, within: int) -> dict[int, list[int]]:
        """Return for each row that has any the rows of codes within so many bits, nearest first."""
        rows, held = self._codes.selected(None)
        codes = np.ascontiguousarray(held).view(np.uint8).reshape(-1, CODE_BYTES)
        places, differing = near_pairs(codes, within)
        both = rows[np.concatenate([places, places[:, ::-1]])]
        order = np.lexsort((both[:, 1], np.tile(differing, 2), both[:, 0]))
        near: dict[int, list[int]] = {}
        for one, other in both[order].tolist():
            if one != other:
                near.setdefault(one, []).append(other)
        return {row: list(dict.fromkeys(others)) for row, others in near.items()}


def least_distances(codes: Codes, held: Words) -> NDArray[np.int16]:
    """Return in how many bits each held code differs from the nearest of some, oriented as fits best.

    The same as the least of `fpcache.media.image.hash_distance`, several times as fast for many.

    Parameters
    ----------
    codes : ndarray of uint8, shape (m, 32)
    held : ndarray of uint64, shape (n, 4)
        Fastest where the first words lie together (order F).

    Returns
    -------
    ndarray of int16, shape (n,)
    """
    asked = np.concatenate([codes, transposed(codes)])
    words = np.ascontiguousarray(asked).view(np.uint64)
    least = np.full(len(held), np.iinfo(np.int16).max, np.int16)
    for start in range(0, len(held), _AT_ONCE):
        block = held[start : start + _AT_ONCE].T
        part = least[start : start + _AT_ONCE]
        for word in words:
            np.minimum(part, _least_over_flips(bit_counts(block ^ word[:, None])), out=part)
    return least


def _least_over_flips(counts: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the least distance as is, mirrored either way and both, from those of the parity classes."""
    even, across, down, both = counts.view(np.int8)
    # A flip inverts two of the odd classes, whose distances then are what is missing to all their bits. Of
    # the four sums, two have `across` as it is and two its complement; all fits bytes, taken from half.
    upright = abs(down + both - _HALF) - across
    inverted = abs(down - both) + (across - _HALF)
    least: NDArray[np.int16] = even + (_HALF - np.maximum(upright, inverted)).astype(np.int16)
    return least
