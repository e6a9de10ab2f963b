"""Which items of an index are the same content.

For each item a few others are proposed, in lists with the likeliest first: pairs of near codes, found all at
once; the nearest vectors, of many items together; what shares most tokens. Each kind's comparison goes down
these lists, and leaves off where several in a row are something else. So the work grows with the number of
items and of their copies, not with the number of pairs.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from fpcache.media.index.candidates import Candidates, Ranked
from fpcache.media.index.database import reading
from fpcache.media.index.deciding import alike
from fpcache.media.index.features import has_features
from fpcache.media.index.items import Item
from fpcache.media.index.rows import Rows, Scope, read, rows_of

__all__ = ["Groups", "groups_of"]

_TOGETHER = 512


class Groups:
    """Rows that are linked, directly or through others (union-find), and which were compared."""

    def __init__(self, rows: Iterable[int]) -> None:
        self._above = {row: row for row in rows}
        self._compared: dict[int, set[int]] = {}  # the lower ones by the higher one

    def first_of(self, row: int) -> int:
        """Return the row that stands for all that this one is linked with."""
        while self._above.setdefault(row, row) != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def link(self, one: int, other: int) -> None:
        """Put two rows, and all that they are linked with, together."""
        first, second = sorted((self.first_of(one), self.first_of(other)))
        self._above[second] = first

    def is_open(self, one: int, other: int) -> bool:
        """Say whether comparing two can tell anything new, and take it as compared from now on."""
        lower, higher = sorted((one, other))
        compared = self._compared.setdefault(higher, set())
        if lower in compared or self.first_of(one) == self.first_of(other):
            return False
        compared.add(lower)
        return True

    def is_through(self, row: int) -> None:
        """Forget what this row and lower ones were compared with: going up, nobody asks again."""
        self._compared.pop(row, None)

    def linked(self) -> list[list[int]]:
        """Return the groups of two or more, ascending."""
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
    groups = Groups(rows.tolist())
    if threshold is None or threshold <= 1:
        _link_equal(connection, scope, groups)
    is_exact = len(rows) <= count or not has_features(scope.kind)
    if not is_exact:
        with reading(connection):
            candidates.join_codes(connection, scope)
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        with reading(connection):
            items = dict(read(connection, some.tolist()))  # some may have been removed meanwhile
            if is_exact:
                lists = {row: [Ranked(rows[rows > row].tolist(), len(rows))] for row in items}
            else:
                lists = candidates.propose_many(connection, items, scope, count, _allowed(scope, rows))
            for row, proposed in lists.items():
                for ranked in proposed:
                    own = (row, items[row])
                    _walk(connection, groups, own, ranked, threshold, is_exact=is_exact)
                groups.is_through(row)
    return _named(connection, groups)


def _allowed(scope: Scope, rows: Rows) -> Rows | None:
    return rows if scope.where[1] else None


def _link_equal(connection: sqlite3.Connection, scope: Scope, groups: Groups) -> None:
    """Link what is of one digest, and so the same whatever else may be."""
    clause, parameters = scope.condition
    asked = f"SELECT digest, row FROM items WHERE {clause} ORDER BY digest, row"
    with reading(connection):
        before: tuple[str, int] | None = None
        for digest, row in connection.execute(asked, parameters):
            if before is not None and before[0] == digest:
                groups.link(before[1], row)
            before = (digest, row)


def _walk(
    connection: sqlite3.Connection, groups: Groups, own: tuple[int, Item], ranked: Ranked,
    threshold: float | None, *, is_exact: bool,
) -> None:  # fmt: skip
    """Compare an item with others, the likeliest first, and link those that are alike."""
    row, item = own
    for start in range(0, len(ranked.rows), ranked.patience):
        step = ranked.rows[start : start + ranked.patience]
        is_linked = [groups.first_of(row) == groups.first_of(other) for other in step]
        open_ = [other for other in step if groups.is_open(row, other)]
        others = list(read(connection, open_))
        told = alike(item.fingerprint, [one for _, one in others], threshold, is_exact=is_exact)
        for (other, _), is_same in zip(others, told, strict=True):
            if is_same:
                groups.link(row, other)
        if not (any(told) or any(is_linked)):
            return


def _named(connection: sqlite3.Connection, groups: Groups) -> list[list[str]]:
    named = []
    with reading(connection):
        for rows in groups.linked():
            asked = "SELECT id FROM items WHERE row = ?"
            found = [connection.execute(asked, (row,)).fetchone() for row in rows]
            named.append([one[0] for one in found if one is not None])
    return [group for group in named if len(group) > 1]
