"""Work on a SQLite file that several processes share."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator

__all__ = ["patiently", "reading", "writing"]

_PAUSE_S = 0.02


def patiently(
    prepare: Callable[[sqlite3.Connection], None], connection: sqlite3.Connection, patience_s: float
) -> None:
    """Prepare a handle; several processes may be doing so for a new file at once.

    Switching to WAL reports a lock at once, without the usual wait; so it is
    tried again for `patience_s` seconds.
    """
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            return prepare(connection)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline_s:
                raise
            time.sleep(_PAUSE_S)


@contextlib.contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock; commit at the end, or roll back whatever was raised."""
    yield from _in_transaction(connection, "BEGIN IMMEDIATE")


@contextlib.contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """See the file as of one moment."""
    yield from _in_transaction(connection, "BEGIN")


def _in_transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    if connection.in_transaction:  # an interrupt just before an earlier body began
        connection.rollback()
    connection.execute(begin)
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
