"""The nearest vectors: those in the sidecar by its graph, those added since exactly, held in memory."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcache.media.index.growing import GrowingRows, nearest_rows
from fpcache.media.index.sidecar import (
    Sidecar,
    Space,
    opened_sidecar,
    recorded_sidecar,
    usearch,
    vectors_in,
)

__all__ = ["VectorTable"]

_AT_ONCE = 1 << 10
_MOST_ASKED = 1 << 13
# The file's numbers are rounded: of so many times more, exact ones tell the nearest.
_ASKED_TIMES = 2
_FEW = 4096

Rows = NDArray[np.int64]


def _threads() -> int:
    return os.cpu_count() or 1


class VectorTable:
    """The vectors of one space: follows the index, and finds the nearest by cosine."""

    def __init__(self, database: Path, space: Space) -> None:
        self.space = space
        self._database = database
        self._sidecar: Sidecar | None = None
        self._graph: Any = None
        self._tail = GrowingRows(space.size, np.float32)
        self._seen = 0
        self._removed = np.zeros(0, np.int64)

    @property
    def tail(self) -> int:
        """How many vectors no file holds."""
        return len(self._tail)

    @property
    def damaged_file(self) -> str | None:
        """The name of the file, if it can't be used."""
        return self._sidecar.file if self._sidecar is not None and self._graph is None else None

    def follow(self, connection: sqlite3.Connection) -> None:
        """Take in what was added since, and a new file where there is one."""
        recorded = recorded_sidecar(connection, self.space) if usearch() is not None else None
        if recorded != self._sidecar:
            self._sidecar = recorded
            self._graph = opened_sidecar(self._database, recorded, self.space) if recorded else None
            if self._graph is None or recorded is None:
                self._tail, self._seen = GrowingRows(self.space.size, np.float32), 0
            else:
                self._tail.forget_up_to(recorded.last_row)
                self._seen = max(self._seen, recorded.last_row)
        asked = "SELECT row, vector FROM vectors WHERE space = ? AND row > ? ORDER BY row"
        cursor = connection.execute(asked, (self.space.number, self._seen))
        while found := cursor.fetchmany(_AT_ONCE):
            vectors = vectors_in([data for _, data in found], self.space)
            self._tail.extend(np.array([row for row, _ in found], np.int64), vectors.astype(np.float32))
            self._seen = found[-1][0]

    def forget(self, rows: Rows) -> None:
        """Leave out rows that were removed."""
        self._tail.forget(rows)
        self._removed = np.concatenate([self._removed, rows])

    def nearest(
        self, connection: sqlite3.Connection, vector: NDArray[Any], count: int, allowed: Rows | None
    ) -> Rows:
        """Return the rows of the nearest vectors, nearest first."""
        query = vector.astype(np.float32)
        found = [self._in_tail(query, count, allowed)]
        if self._graph is not None:
            near = allowed
            if near is None or len(near) > _FEW:
                near = self._in_graph(query, _ASKED_TIMES * count, allowed)
            found.append(self._among(connection, query, count, near))
        rows = np.concatenate([rows for rows, _ in found])
        return nearest_rows(rows, np.concatenate([distances for _, distances in found]), count)

    def nearest_of_many(self, vectors: NDArray[Any], count: int, allowed: Rows | None) -> list[list[int]]:
        """Return for each of many vectors the rows of the nearest, nearest first, as the file has them.

        Parameters
        ----------
        vectors : ndarray of float16, shape (n, d)
        count : int
        allowed : ndarray of int64, optional
            The only rows that count; where they are few among many, some of the nearest may be missing.
        """
        queries = vectors.astype(np.float32)
        rows, held = self._tail.selected(allowed)
        found: list[list[tuple[float, int]]] = [[] for _ in queries]
        if len(rows):
            distances = 1.0 - queries @ held.T
            most = min(count, len(rows))
            for place, nearest in enumerate(np.argpartition(distances, most - 1, axis=1)[:, :most]):
                found[place] += zip(distances[place, nearest].tolist(), rows[nearest].tolist(), strict=True)
        if self._graph is not None:
            asked = count if allowed is None else _ASKED_TIMES * count
            told = self._graph.search(queries, min(asked, len(self._graph)), threads=_threads())
            is_good = ~np.isin(told.keys.astype(np.int64), self._removed)
            if allowed is not None:
                is_good &= np.isin(told.keys.astype(np.int64), allowed)
            for place, number in enumerate(np.asarray(told.counts).tolist()):
                good = is_good[place, :number]
                distances_of, keys = told.distances[place, :number][good], told.keys[place, :number][good]
                found[place] += zip(distances_of.tolist(), keys.tolist(), strict=True)
        return [[row for _, row in sorted(one)[:count]] for one in found]

    def _in_tail(self, query: NDArray[np.float32], count: int, allowed: Rows | None) -> tuple[Rows, Any]:
        rows, vectors = self._tail.selected(allowed)
        distances = 1.0 - vectors @ query
        nearest = np.argsort(distances, kind="stable")[:count]
        return rows[nearest], distances[nearest]

    def _among(
        self, connection: sqlite3.Connection, query: NDArray[np.float32], count: int, near: Rows
    ) -> tuple[Rows, Any]:
        """Compare with each of few rows exactly, read from the database."""
        rows: list[int] = []
        blobs: list[bytes] = []
        for row in near.tolist():
            asked = "SELECT vector FROM vectors WHERE row = ? AND space = ?"
            data = connection.execute(asked, (row, self.space.number)).fetchone()
            if data is not None:
                rows.append(row)
                blobs.append(data[0])
        distances = 1.0 - vectors_in(blobs, self.space).astype(np.float32) @ query
        nearest = np.argsort(distances, kind="stable")[:count]
        return np.array(rows, np.int64)[nearest], distances[nearest]

    def _in_graph(self, query: NDArray[np.float32], count: int, allowed: Rows | None) -> Rows:
        """Ask for more until enough are allowed and still there."""
        asked = count
        while True:
            found = self._graph.search(query, min(asked, len(self._graph)))
            rows: Rows = found.keys.astype(np.int64)
            is_good = ~np.isin(rows, self._removed)
            if allowed is not None:
                is_good &= np.isin(rows, allowed)
            if is_good.sum() >= count or asked >= min(len(self._graph), _MOST_ASKED):
                return rows[is_good][:count]
            asked *= 4
