"""Which items of an index are the same content."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from fpcache.media.index.candidates import Candidates
from fpcache.media.index.database import reading
from fpcache.media.index.deciding import is_alike, judged
from fpcache.media.index.rows import Scope, read, rows_of

__all__ = ["groups_of"]


class _Groups:
    """Rows that are linked, directly or through others (union-find), and which were compared."""

    def __init__(self, rows: Iterable[int]) -> None:
        self._above = {row: row for row in rows}
        self._compared: set[tuple[int, int]] = set()

    def first_of(self, row: int) -> int:
        while self._above.setdefault(row, row) != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def link(self, one: int, other: int) -> None:
        first, second = sorted((self.first_of(one), self.first_of(other)))
        self._above[second] = first

    def is_open(self, one: int, other: int) -> bool:
        """Say whether comparing two can tell anything new, and take it as compared from now on."""
        pair = (min(one, other), max(one, other))
        if self.first_of(one) == self.first_of(other) or pair in self._compared:
            return False
        self._compared.add(pair)
        return True

    def linked(self) -> list[list[int]]:
        together = defaultdict(list)
        for row in sorted(self._above):
            together[self.first_of(row)].append(row)
        return [rows for rows in together.values() if len(rows) > 1]


def groups_of(
    connection: sqlite3.Connection, candidates: Candidates, scope: Scope, count: int, threshold: float | None
) -> list[list[str]]:
    """Return the ids of each group of two or more, in the order in which they were added."""
    with reading(connection):
        rows = rows_of(connection, scope)
    allowed = rows if scope.where[1] else None
    groups = _Groups(rows.tolist())
    for row in rows.tolist():
        with reading(connection):
            asked = next((item for _, item in read(connection, [row])), None)
            if asked is None:  # removed meanwhile
                continue
            proposed = candidates.propose(connection, asked.fingerprint, scope, count, allowed)
            items = list(read(connection, [other for other in proposed if groups.is_open(row, other)]))
        told = judged(asked.fingerprint, [item for _, item in items])
        for (other, _), similarity in zip(items, told, strict=True):
            if is_alike(similarity, threshold):
                groups.link(row, other)
    return _named(connection, groups)


def _named(connection: sqlite3.Connection, groups: _Groups) -> list[list[str]]:
    with reading(connection):
        named = [[item.id for _, item in read(connection, rows)] for rows in groups.linked()]
    return [group for group in named if len(group) > 1]
