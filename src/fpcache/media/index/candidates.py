"""Which few items are worth comparing: what shares hashes, vectors or tokens with the one asked for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from fpcache.media.index.features import Tokens, asked_features, has_features
from fpcache.media.index.hashes import CodeTable
from fpcache.media.index.rows import Rows, Scope, rows_of, space_of
from fpcache.media.index.sidecar import generation
from fpcache.media.index.vectors import VectorTable
from fpcache.media.records import MediaFingerprint

__all__ = ["Candidates"]

# A token that so many items have says little, and costs much to count.
_COMMON = 2000


class Candidates:
    """Proposes candidates, from tables in memory that follow the index."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._codes: dict[tuple[str, str], CodeTable] = {}
        self._vectors: dict[int, VectorTable] = {}
        self._generation = -1
        self._last_removed = 0

    @property
    def vectors(self) -> list[VectorTable]:
        """The tables of vectors that were asked so far."""
        return list(self._vectors.values())

    def propose(
        self,
        connection: sqlite3.Connection,
        made: MediaFingerprint,
        scope: Scope,
        count: int,
        allowed: Rows | None = None,
    ) -> list[int]:
        """Return rows of a scope: all of few, else up to `count` by each feature; within one transaction.

        Parameters
        ----------
        connection : Connection
            In a transaction.
        made : MediaFingerprint
            What to find items like.
        scope : Scope
            Which items.
        count : int
            How many each feature may propose.
        allowed : ndarray of int64, optional
            The rows of the scope, where they are known and it has a filter.
        """
        few = rows_of(connection, scope, count + 1)
        if len(few) <= count:
            return [int(row) for row in few]
        has_where = bool(scope.where[1])
        if not has_features(made.kind):
            return [int(row) for row in rows_of(connection, scope)]
        if has_where and allowed is None:
            allowed = rows_of(connection, scope)
        features = asked_features(made)
        vectors, codes = self._follow(connection, made, scope)
        found = [_same_content(connection, made)]
        if len(features.tokens):
            found.append(_sharing(connection, features.tokens, count, allowed))
        if len(features.codes):
            found.append(codes.nearest(features.codes, count, allowed))
        if vectors is not None and made.vector is not None:
            found.append(vectors.nearest(connection, made.vector, count, allowed))
        rows = np.unique(np.concatenate(found))
        return _in_scope(connection, scope, rows)

    def _follow(
        self, connection: sqlite3.Connection, made: MediaFingerprint, scope: Scope
    ) -> tuple[VectorTable | None, CodeTable]:
        """Bring the tables that are needed up to this transaction's moment, and the others' removals."""
        now = generation(connection)
        if now != self._generation:
            self._codes.clear()
            self._vectors.clear()
            self._generation, self._last_removed = now, 0
        space = space_of(connection, made)
        of = (scope.kind, scope.algorithm)
        is_new = of not in self._codes or (space is not None and space.number not in self._vectors)
        codes = self._codes.setdefault(of, CodeTable(*of))
        vectors = None
        if space is not None:
            vectors = self._vectors.setdefault(space.number, VectorTable(self._database, space))
            vectors.follow(connection)
        codes.follow(connection)
        asked = "SELECT number, row FROM removed WHERE number > ? ORDER BY number"
        removed = connection.execute(asked, (0 if is_new else self._last_removed,)).fetchall()
        if removed:
            self._last_removed = removed[-1][0]
            rows = np.array([row for _, row in removed], np.int64)
            for held in self._codes.values():
                held.forget(rows)
            for table in self._vectors.values():
                table.forget(rows)
        return vectors, codes


def _same_content(connection: sqlite3.Connection, made: MediaFingerprint) -> Rows:
    found = connection.execute("SELECT row FROM items WHERE digest = ? LIMIT 1000", (made.digest,)).fetchall()
    return np.array([row for (row,) in found], np.int64)


def _sharing(connection: sqlite3.Connection, tokens: Tokens, count: int, allowed: Rows | None) -> Rows:
    """Return the rows that share most tokens, each weighed by how rare it is."""
    pieces, weights = [], []
    asked = f"SELECT row FROM tokens WHERE token = ? LIMIT {_COMMON}"
    for token in tokens.tolist():
        found = connection.execute(asked, (token,)).fetchall()
        if 0 < len(found) < _COMMON:
            pieces.append(np.fromiter((row for (row,) in found), np.int64, len(found)))
            weights.append(np.full(len(found), np.log(2 * _COMMON / len(found))))
    if not pieces:
        return np.zeros(0, np.int64)
    rows, places = np.unique(np.concatenate(pieces), return_inverse=True)
    scores = np.bincount(places, np.concatenate(weights))
    if allowed is not None:
        is_allowed = np.isin(rows, allowed)
        rows, scores = rows[is_allowed], scores[is_allowed]
    return rows[np.argsort(-scores, kind="stable")[:count]]


def _in_scope(connection: sqlite3.Connection, scope: Scope, rows: Rows) -> list[int]:
    clause, parameters = scope.condition
    asked = f"SELECT row FROM items WHERE row = ? AND {clause}"
    return [row for row in rows.tolist() if connection.execute(asked, [row, *parameters]).fetchone()]
