"""Choosing rows of the index: under a key, near a miss, for a listing."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, get_args

from fpcache.store.protocol import Sort
from fpcache.store.rows import COLUMNS

__all__ = ["MOST_PER_KEY", "count_rows", "listed_rows", "nearest_rows", "row_of", "rows_of_key"]

MOST_PER_KEY = 32  # each is checked at a look-up, so there must be an end to them
_ORDERS: dict[Sort, str] = {
    "created": "created_s DESC",
    "used": "used_s DESC",
    "size": "size_bytes DESC",
    "duration": "duration_s DESC",
    "saved": "saved_s DESC",
    "hits": "hits DESC",
    "label": "label ASC",
    "notebook": "notebook ASC, cell ASC",
}
_SEARCHED = ("label", "name", "notebook", "source")
_MATCHES = " OR ".join(f"{column} LIKE :pattern ESCAPE '\\'" for column in _SEARCHED)
_Rows = list[tuple[Any, ...]]
_LOOK_UP = (
    f"SELECT {COLUMNS} FROM entries WHERE key = ? AND (expires_s IS NULL OR expires_s > ?)"
    f" ORDER BY created_s DESC, rowid DESC LIMIT {MOST_PER_KEY}"
)


def rows_of_key(connection: sqlite3.Connection, key: str, now_s: float) -> _Rows:
    """Return the unexpired rows under a key, newest first."""
    return connection.execute(_LOOK_UP, (key, now_s)).fetchall()


def row_of(connection: sqlite3.Connection, entry_id: str) -> _Rows:
    """Return the row with this id, in a list, or an empty one."""
    return connection.execute(f"SELECT {COLUMNS} FROM entries WHERE entry_id = ?", (entry_id,)).fetchall()


def nearest_rows(
    connection: sqlite3.Connection,
    code_digest: str | None,
    label: str | None,
    names: Collection[str] | None,
    notebook: str | None,
    limit: int,
) -> _Rows:
    """Return rows with the same code, else the same label, else binding the same names (or none, too).

    Within each group those of the same notebook come first, then the newest.
    """
    binds = None if names is None else " ".join(sorted(names))
    wanted = (("code_digest", code_digest), ("label", label), ("binds", binds))
    found: dict[str, tuple[Any, ...]] = {}
    for column, value in wanted:
        if value is None or len(found) >= limit:
            continue
        found.update(
            (row[0], row)
            for row in connection.execute(
                f"SELECT {COLUMNS} FROM entries WHERE {column} = ?"
                " ORDER BY notebook = ? DESC, created_s DESC, rowid DESC LIMIT ?",
                (value, notebook or "", limit),
            )
            if row[0] not in found
        )
    return list(found.values())[:limit]


def listed_rows(
    connection: sqlite3.Connection, search: str, sort: Sort, limit: int | None, offset: int
) -> _Rows:
    """Return rows for a listing; ``search`` is looked for in label, name, notebook and source.

    Raises
    ------
    ValueError
        If there is no such order.
    """
    if sort not in _ORDERS:
        raise ValueError(f"Entries can't be sorted by {sort!r}; choose one of {', '.join(get_args(Sort))}.")
    return connection.execute(
        f"SELECT {COLUMNS} FROM entries WHERE {_MATCHES}"
        f" ORDER BY {_ORDERS[sort]}, created_s DESC, rowid DESC LIMIT :limit OFFSET :offset",
        {"pattern": f"%{_literally(search)}%", "limit": -1 if limit is None else limit, "offset": offset},
    ).fetchall()


def count_rows(connection: sqlite3.Connection, search: str) -> int:
    """Return how many rows a listing of all that matches would have."""
    found = connection.execute(
        f"SELECT COUNT(*) FROM entries WHERE {_MATCHES}", {"pattern": f"%{_literally(search)}%"}
    )
    return int(found.fetchone()[0])


def _literally(text: str) -> str:
    """Escape what has a meaning in a LIKE pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
