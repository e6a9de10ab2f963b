"""The nearest codes by exact Hamming distance, in all eight orientations, held in memory."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import orientation_distances
from fpcache.media.index.features import CODE_BYTES, Codes
from fpcache.media.index.growing import GrowingRows, nearest_rows

__all__ = ["CodeTable"]

_AT_ONCE = 1 << 14


class CodeTable:
    """All codes of one kind and algorithm: follows the index, and finds the nearest."""

    def __init__(self, kind: str, algorithm: str) -> None:
        self._of = (kind, algorithm)
        self._codes = GrowingRows(CODE_BYTES, np.uint8)
        self._seen = 0

    def follow(self, connection: sqlite3.Connection) -> None:
        """Take in what was added since."""
        asked = "SELECT row, codes FROM codes WHERE row > ? AND kind = ? AND algorithm = ? ORDER BY row"
        cursor = connection.execute(asked, (self._seen, *self._of))
        while found := cursor.fetchmany(_AT_ONCE):
            codes = np.frombuffer(b"".join(data for _, data in found), np.uint8).reshape(-1, CODE_BYTES)
            rows = [row for row, data in found for _ in range(len(data) // CODE_BYTES)]
            self._codes.extend(np.array(rows, np.int64), codes)
            self._seen = found[-1][0]

    def forget(self, rows: NDArray[np.int64]) -> None:
        """Leave out rows that were removed."""
        self._codes.forget(rows)

    def nearest(self, codes: Codes, count: int, allowed: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return the rows of the nearest codes, each once."""
        rows, held = self._codes.selected(allowed)
        if not len(rows) or not len(codes):
            return np.zeros(0, np.int64)
        distances = np.empty(len(held), np.int16)
        for start in range(0, len(held), _AT_ONCE):
            block = held[start : start + _AT_ONCE]
            found = [orientation_distances(code[None], block).min(axis=-1) for code in codes]
            distances[start : start + len(block)] = np.min(found, axis=0)
        return nearest_rows(rows, distances, count, each=2)
