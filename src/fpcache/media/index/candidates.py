"""Which few items are worth comparing: what shares hashes, vectors or tokens with the one asked for."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcache.media.index.features import Tokens, asked_features, has_features
from fpcache.media.index.hashes import CodeTable
from fpcache.media.index.items import Item
from fpcache.media.index.rows import Rows, Scope, rows_of, space_of
from fpcache.media.index.sidecar import generation
from fpcache.media.index.vectors import VectorTable
from fpcache.media.records import MediaFingerprint

__all__ = ["Candidates", "Ranked"]

# A token that so many items have says little, and costs much to count.
_COMMON = 2000
# A filter that lets one in a few pass is asked of so many times more.
_MORE = 16
# Codes of unrelated pictures differ in some 110 of 255 bits, and among a million in 80 by chance.
_FARTHEST_BITS = 80
# As two of a million have them by chance, but hardly two of those that are compared.
_NEAR_BITS = 64
_NEIGHBOURS = 16
# How much alike is told well by distances, and less well by how many tokens are shared.
_FEW_UNLIKE, _MANY_UNLIKE = 4, 16


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows, the likeliest first.

    Attributes
    ----------
    rows : list of int
    patience : int
        How many in a row may be unlike before the rest is left out.
    """

    rows: list[int]
    patience: int


class Candidates:
    """Proposes candidates, from tables in memory that follow the index."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._codes: dict[tuple[str, str], CodeTable] = {}
        self._vectors: dict[int, VectorTable] = {}
        self._generation = -1
        self._last_removed = 0
        self._near_codes: dict[int, list[int]] = {}

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
        if not has_features(made.kind):
            return [int(row) for row in rows_of(connection, scope)]
        if scope.where[1] and allowed is None:
            found = self._among_more(connection, made, scope, count)
            if found is not None:
                return found
            allowed = rows_of(connection, scope)
        lists = self._by_features(connection, made, scope, count, allowed)
        rows = np.unique(np.concatenate([_same_content(connection, made), *lists]))
        return _in_scope(connection, scope, rows)

    def _among_more(
        self, connection: sqlite3.Connection, made: MediaFingerprint, scope: Scope, count: int
    ) -> list[int] | None:
        """Return what is proposed of all and passes the filter; None where that may not be all of it.

        To find all that passes takes far longer, where there are very many.
        """
        lists = self._by_features(connection, made, scope, _MORE * count, None)
        passing = [_in_scope(connection, scope, rows) for rows in lists]
        for rows, passed in zip(lists, passing, strict=True):
            if len(passed) < count and len(rows) >= _MORE * count:
                return None
        same = _in_scope(connection, scope, _same_content(connection, made))
        return sorted({row for rows in (same, *(passed[:count] for passed in passing)) for row in rows})

    def _by_features(
        self, connection: sqlite3.Connection, made: MediaFingerprint, scope: Scope, count: int,
        allowed: Rows | None,
    ) -> list[Rows]:  # fmt: skip
        """Return up to so many rows by each feature, the likeliest first."""
        features = asked_features(made)
        vectors, codes = self._follow(connection, made, scope)
        found = []
        if len(features.tokens):
            found.append(_sharing(connection, features.tokens, count, allowed))
        if len(features.codes):
            found.append(codes.nearest(features.codes, count, allowed, _FARTHEST_BITS))
        if vectors is not None and made.vector is not None:
            found.append(vectors.nearest(connection, made.vector, count, allowed))
        return found

    def join_codes(self, connection: sqlite3.Connection, scope: Scope) -> None:
        """Find all pairs of near codes of a kind, for `propose_many` to go by, once for each row."""
        codes = CodeTable(scope.kind, scope.algorithm)
        codes.follow(connection)
        self._near_codes = codes.near_rows(_NEAR_BITS)

    def propose_many(
        self,
        connection: sqlite3.Connection,
        items: Mapping[int, Item],
        scope: Scope,
        count: int,
        allowed: Rows | None,
    ) -> dict[int, list[Ranked]]:
        """Return for each of many rows lists of rows, the likeliest first; within one transaction.

        Parameters
        ----------
        connection : Connection
            In a transaction.
        items : mapping of int to Item
            The rows and what they hold, of the scope all.
        scope : Scope
            Which others.
        count : int
            How many each feature may propose.
        allowed : ndarray of int64, optional
            The rows of the scope, where it has a filter.
        """
        found: dict[int, list[Ranked]] = {row: [] for row in items}
        for row, near in self._nearest_of_many(connection, items, scope, allowed):
            found[row].append(Ranked([one for one in near if one != row], _FEW_UNLIKE))
        has_tokens = connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None
        for row, item in items.items():
            near = self._near_codes.pop(row, [])  # each row is asked for once
            if allowed is not None:
                near = np.array(near, np.int64)[np.isin(near, allowed)].tolist()
            found[row].insert(0, Ranked(near, _FEW_UNLIKE))
            if has_tokens:
                tokens = asked_features(item.fingerprint).tokens
                sharing = _sharing(connection, tokens, count, allowed)
                in_scope = set(_in_scope(connection, scope, sharing)) - {row}
                ranked = [one for one in sharing.tolist() if one in in_scope]
                found[row].append(Ranked(ranked, _MANY_UNLIKE))
        return found

    def _nearest_of_many(
        self, connection: sqlite3.Connection, items: Mapping[int, Item], scope: Scope, allowed: Rows | None
    ) -> Iterator[tuple[int, list[int]]]:
        """Yield rows with those of the nearest vectors, space by space."""
        of_space: dict[int, list[tuple[int, MediaFingerprint, NDArray[Any]]]] = defaultdict(list)
        for row, item in items.items():
            made, vector = item.fingerprint, item.fingerprint.vector
            space = space_of(connection, made)
            if space is not None and vector is not None:
                of_space[space.number].append((row, made, vector))
        for own in of_space.values():
            table, _ = self._follow(connection, own[0][1], scope)
            if table is not None:
                vectors = np.stack([vector for _, _, vector in own])
                near = table.nearest_of_many(vectors, _NEIGHBOURS, allowed)
                yield from zip((row for row, _, _ in own), near, strict=True)

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
    if connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is None:  # pictures with vectors only
        return np.zeros(0, np.int64)
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
