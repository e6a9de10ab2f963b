"""Items as rows: put in, taken out, and read back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from json import loads

import numpy as np
from numpy.typing import NDArray

from fpcache.errors import CorruptEntryError, FpcacheError, MediaError
from fpcache.media.index.features import Features, stored_features
from fpcache.media.index.filters import Condition
from fpcache.media.index.items import Item
from fpcache.media.index.packing import packed, unpacked
from fpcache.media.index.sidecar import Space
from fpcache.media.records import Kind, MediaFingerprint

__all__ = [
    "Prepared",
    "Rows",
    "Scope",
    "delete",
    "first_row",
    "insert",
    "make_features_anew",
    "prepared",
    "read",
    "rows_of",
    "space_of",
]

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which items a search is about.

    Attributes
    ----------
    kind, algorithm : str
        What they are of.
    where : tuple of str and list
        A condition on their metadata, and its parameters.
    """

    kind: Kind
    algorithm: str
    where: Condition = ("1", [])

    @property
    def condition(self) -> Condition:
        """All of it as one condition on the table of items."""
        clause, parameters = self.where
        return f"kind = ? AND algorithm = ? AND {clause}", [self.kind, self.algorithm, *parameters]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All that is written of one item, computed before the database is locked."""

    fingerprint: MediaFingerprint
    data: bytes
    vector: bytes | None
    features: Features


def prepared(fingerprint: MediaFingerprint) -> Prepared:
    """Return what is written of a fingerprint; its vector is kept apart, so that many are read fast."""
    vector = fingerprint.vector
    bare = replace(fingerprint, parts=replace(fingerprint.parts, vector=None))
    return Prepared(
        fingerprint,
        packed(bare),
        np.ascontiguousarray(vector, "<f2").tobytes() if vector is not None else None,
        stored_features(fingerprint),
    )


def insert(connection: sqlite3.Connection, item_id: str, item: Prepared, metadata: str) -> None:
    """Write an item.

    Raises
    ------
    MediaError
        If there is one of this id.
    """
    made = item.fingerprint
    values = (item_id, made.kind, made.algorithm, made.digest, metadata)
    try:
        cursor = connection.execute(
            "INSERT INTO items (id, kind, algorithm, digest, metadata) VALUES (?, ?, ?, ?, ?)", values
        )
    except sqlite3.IntegrityError as error:
        raise MediaError(
            f"{item_id!r} is in the index already; use update() to replace it, or another id"
        ) from error
    row = cursor.lastrowid or 0
    connection.execute("INSERT INTO fingerprints VALUES (?, ?)", (row, item.data))
    if item.vector is not None:
        space = _space(connection, made)
        connection.execute("INSERT INTO vectors VALUES (?, ?, ?)", (row, space, item.vector))
    _insert_features(connection, row, made, item.features)


def _insert_features(
    connection: sqlite3.Connection, row: int, made: MediaFingerprint, features: Features
) -> None:
    if len(features.codes):
        values = (row, made.kind, made.algorithm, features.codes.tobytes())
        connection.execute("INSERT INTO codes VALUES (?, ?, ?, ?)", values)
    of_row = ((token, row) for token in features.tokens.tolist())
    connection.executemany("INSERT INTO tokens VALUES (?, ?)", of_row)


def _space(connection: sqlite3.Connection, made: MediaFingerprint) -> int:
    found = space_of(connection, made)
    if found is not None:
        return found.number
    size = made.vector.size if made.vector is not None else 0
    values = (made.kind, made.algorithm, made.parts.model, size)
    asked = "INSERT INTO spaces (kind, algorithm, model, size) VALUES (?, ?, ?, ?)"
    return connection.execute(asked, values).lastrowid or 0


def space_of(connection: sqlite3.Connection, made: MediaFingerprint) -> Space | None:
    """Return where vectors are that this one's can be compared with; None where there are none."""
    if made.vector is None:
        return None
    asked = "SELECT space, size FROM spaces WHERE kind = ? AND algorithm = ? AND model = ? AND size = ?"
    values = (made.kind, made.algorithm, made.parts.model, made.vector.size)
    found = connection.execute(asked, values).fetchone()
    return Space(*found) if found else None


def delete(connection: sqlite3.Connection, row: int) -> None:
    """Take an item out, with all that was made of it."""
    with contextlib.suppress(FpcacheError, KeyError, ValueError):  # of a damaged one `rebuild` clears them
        tokens = stored_features(_fingerprint(connection, row)).tokens.tolist()
        one_each = ((token, row) for token in tokens)
        connection.executemany("DELETE FROM tokens WHERE token = ? AND row = ?", one_each)
    for table in ("items", "fingerprints", "vectors", "codes"):
        connection.execute(f"DELETE FROM {table} WHERE row = ?", (row,))
    connection.execute("INSERT INTO removed (row) VALUES (?)", (row,))


def first_row(connection: sqlite3.Connection, item_id: str) -> int | None:
    """Return the row of an id."""
    found = connection.execute("SELECT row FROM items WHERE id = ?", (item_id,)).fetchone()
    return found[0] if found else None


def rows_of(connection: sqlite3.Connection, scope: Scope, most: int = -1) -> Rows:
    """Return the rows of the items of a scope, ascending, or so many of them."""
    clause, parameters = scope.condition
    asked = f"SELECT row FROM items WHERE {clause} ORDER BY row LIMIT ?"
    found = connection.execute(asked, [*parameters, most]).fetchall()
    return np.array([row for (row,) in found], np.int64)


def read(connection: sqlite3.Connection, rows: Iterable[int]) -> Iterator[tuple[int, Item]]:
    """Read items; rows that are none are passed over.

    Raises
    ------
    CorruptEntryError
        If an item can't be read.
    """
    for row in rows:
        found = connection.execute("SELECT id, metadata FROM items WHERE row = ?", (row,)).fetchone()
        if found is not None:
            yield row, Item(found[0], _fingerprint(connection, row), loads(found[1]))


def _fingerprint(connection: sqlite3.Connection, row: int) -> MediaFingerprint:
    found = connection.execute(
        "SELECT data, vector FROM fingerprints LEFT JOIN vectors USING (row) WHERE row = ?", (row,)
    ).fetchone()
    if found is None:
        raise CorruptEntryError(f"row {row} has lost its fingerprint; remove the item, and add it again")
    try:
        made = unpacked(found[0])
    except MediaError as error:
        raise CorruptEntryError(
            f"row {row} is damaged ({error}); remove the item, and add it again"
        ) from error
    if found[1] is None:
        return made
    vector = np.frombuffer(found[1], "<f2").astype(np.float16)
    return replace(made, parts=replace(made.parts, vector=vector))


def make_features_anew(connection: sqlite3.Connection, current: dict[Kind, str]) -> None:
    """Make all codes and tokens again from the fingerprints of the present algorithms, by kind."""
    for table in ("tokens", "codes", "removed", "sidecars"):
        connection.execute(f"DELETE FROM {table}")
    for kind, algorithm in current.items():
        for row in rows_of(connection, Scope(kind, algorithm)).tolist():
            made = _fingerprint(connection, row)
            _insert_features(connection, row, made, stored_features(made))
    connection.execute("UPDATE about SET value = value + 1 WHERE name = 'generation'")
