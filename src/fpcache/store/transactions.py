"""Work on a SQLite file that several processes share."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["made_privately", "patiently", "reading", "writing"]

_PAUSE_S = 0.02


def made_privately(path: Path) -> bool:
    """Make an empty file for this user only; SQLite gives its side files the same mode.

    One that is there is not opened. Closing it would let go of all locks that
    SQLite holds on it in this process (POSIX locks are the process's), and
    another process would then delete the log that holds what was written last.

    Returns
    -------
    bool
        False where there is one already.

    Raises
    ------
    OSError
        If it can't be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return False
    return True


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
