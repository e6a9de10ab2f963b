"""Items in one SQLite file, with vector files beside it that follow in the background."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fpcache.errors import FpcacheError, MediaError, StoreUnavailableError
from fpcache.media.index import rows
from fpcache.media.index.background import Follower
from fpcache.media.index.candidates import Candidates
from fpcache.media.index.checks import agreed_kind, check_algorithms
from fpcache.media.index.database import identity_of, open_database, reading, translated, writing
from fpcache.media.index.duplicates import groups_of
from fpcache.media.index.filters import condition
from fpcache.media.index.items import Item, checked_id
from fpcache.media.index.rows import Prepared, Scope
from fpcache.media.index.stores import Outcome, Where
from fpcache.media.methods import method
from fpcache.media.records import KINDS, Kind, MediaFingerprint

__all__ = ["LocalStore"]

_LOOK_EVERY = 1000


class _RefusedError(Exception):
    """Undoes a batch of which one item can't be written."""


class LocalStore:
    """Keeps items in a file; see `fpcache.media.index.stores.IndexStore` for what its methods do.

    Parameters
    ----------
    path : path
        The SQLite file; made where there is none.
    kind : str or None
        The only kind that it shall take.
    numpy_below : int
        How many vectors are compared one by one.
    """

    def __init__(self, path: str | os.PathLike[str], kind: Kind | None, numpy_below: int) -> None:
        self.path = Path(path).expanduser().absolute()
        self.place = str(self.path)
        self._process_id = os.getpid()
        self._lock = threading.RLock()
        self.connection = open_database(self.path)
        self._file = identity_of(self.path)
        try:
            with translated(self.path):
                self.kind = agreed_kind(self.connection, kind)
        except BaseException:
            self.connection.close()
            raise
        self.proposing = Candidates(self.path)
        self._numpy_below = numpy_below
        self.follower = Follower(self.path, numpy_below)
        self._unseen = 0
        self._is_closed = False

    def insert(self, items: Sequence[tuple[Any, Outcome]], is_strict: bool) -> dict[int, FpcacheError]:
        """Write new items in one transaction."""
        failed: dict[int, FpcacheError] = {}
        with contextlib.suppress(_RefusedError), self._changing() as connection:
            for place, (item_id, outcome) in enumerate(items):
                try:
                    if isinstance(outcome, FpcacheError):
                        raise outcome
                    rows.insert(connection, item_id, *outcome)
                except MediaError as error:
                    failed[place] = error
                    if is_strict:
                        raise _RefusedError from error
        if not (is_strict and failed):
            self._look(len(items) - len(failed))
        return failed

    def update(self, item_id: str, item: Prepared | None, metadata: str | None) -> None:
        """Replace what is given of an item; a new fingerprint makes it a new row."""
        with self._changing() as connection:
            row = self._row(connection, item_id)
            if item is None:
                values = (metadata, row)
                connection.execute("UPDATE items SET metadata = coalesce(?, metadata) WHERE row = ?", values)
                return
            asked = "SELECT metadata FROM items WHERE row = ?"
            kept = connection.execute(asked, (row,)).fetchone()[0]
            rows.delete(connection, row)
            rows.insert(connection, item_id, item, kept if metadata is None else metadata)
        self._look(1)

    def delete(self, item_id: str) -> None:
        """Take an item out."""
        with self._changing() as connection:
            rows.delete(connection, self._row(connection, item_id))

    def get(self, item_id: str) -> Item | None:
        """Return an item."""
        with self._seeing() as connection:
            row = rows.first_row(connection, item_id)
            return next((item for _, item in rows.read(connection, [row] if row is not None else [])), None)

    def has(self, item_id: str) -> bool:
        """Say whether there is such an item."""
        with self._seeing() as connection:
            return rows.first_row(connection, checked_id(item_id)) is not None

    def count(self) -> int:
        """Return how many there are."""
        with self._seeing() as connection:
            return int(connection.execute("SELECT count(*) FROM items").fetchone()[0])

    def candidates(self, asked: MediaFingerprint, where: Where, count: int) -> list[Item]:
        """Return what is worth comparing, as of one moment."""
        scope = Scope(asked.kind, asked.algorithm, condition(where))
        with self._seeing() as connection:
            check_algorithms(connection, scope)
            found = self.proposing.propose(connection, asked, scope, count)
            items = [item for _, item in rows.read(connection, found)]
        self._mend()
        return items

    def groups(self, where: Where, count: int, threshold: float | None) -> list[list[str]]:
        """Return what is the same, kind by kind."""
        filtered = condition(where)
        groups: list[list[str]] = []
        for kind in self._kinds():
            scope = Scope(kind, method(kind).algorithm, filtered)
            with self._seeing() as connection:
                check_algorithms(connection, scope)
            with self._lock, translated(self.path):
                groups += groups_of(self._usable(), self.proposing, scope, count, threshold)
        self._mend()
        return groups

    def outdated(self) -> list[str]:
        """Return the ids of items that another version fingerprinted."""
        ids: list[str] = []
        for kind in self._kinds():
            asked = "SELECT id FROM items WHERE kind = ? AND algorithm <> ? ORDER BY row"
            with self._seeing() as connection:
                ids += [found[0] for found in connection.execute(asked, (kind, method(kind).algorithm))]
        return ids

    def rebuild(self) -> None:
        """Make features and vector files anew; others wait for it."""
        kinds = self._kinds()
        with self._changing() as connection:
            rows.make_features_anew(connection, {kind: method(kind).algorithm for kind in kinds})
        self.finish()

    def finish(self) -> None:
        """Bring the vector files up to date."""
        self._usable()
        with translated(self.path):
            self.follower.finish()

    def close(self) -> None:
        """Save the vector file that is being made, and close."""
        if not self._is_closed and os.getpid() == self._process_id:
            self._is_closed = True
            self.follower.stop()
            with self._lock:
                self.connection.close()

    def _usable(self) -> sqlite3.Connection:
        if os.getpid() != self._process_id:
            raise StoreUnavailableError(
                f"the media index {self.path} was opened before this process was forked; open it anew here"
            )
        if self._is_closed:
            raise StoreUnavailableError(f"the media index {self.path} was closed; open it again")
        if identity_of(self.path) != self._file:  # what is written now would be gone with the old file
            raise StoreUnavailableError(
                f"the media index {self.path} was deleted, emptied or replaced while it was open; "
                "open it again"
            )
        return self.connection

    @contextlib.contextmanager
    def _seeing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            connection = self._usable()
            with reading(connection):
                yield connection

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            connection = self._usable()
            with writing(connection):
                yield connection

    def _row(self, connection: sqlite3.Connection, item_id: str) -> int:
        row = rows.first_row(connection, item_id)
        if row is None:
            raise MediaError(f"there is no {item_id!r} in the index; add() it")
        return row

    def _kinds(self) -> list[Kind]:
        with self._seeing() as connection:
            asked = "SELECT 1 FROM items WHERE kind = ? LIMIT 1"
            return [kind for kind in KINDS if connection.execute(asked, (kind,)).fetchone()]

    def _look(self, added: int) -> None:
        """Let the follower look now and then, whether there is enough for it to do."""
        self._unseen += added
        if self._unseen >= min(_LOOK_EVERY, self._numpy_below):
            self._unseen = 0
            self.follower.wake()

    def _mend(self) -> None:
        """Have a damaged vector file made anew, and a missing one made."""
        tables = self.proposing.vectors
        damaged = [file for table in tables if (file := table.damaged_file) is not None]
        if damaged:
            with contextlib.suppress(FpcacheError), self._changing() as connection:
                connection.executemany("DELETE FROM sidecars WHERE file = ?", [(file,) for file in damaged])
        if damaged or any(table.tail > self._numpy_below for table in tables):
            self.follower.wake()
