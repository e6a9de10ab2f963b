"""The SQLite file that says which entries there are.

In WAL mode readers and one writer don't wait for each other, and a process
killed at any point leaves the last committed state.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from fpcache.errors import StoreUnavailableError
from fpcache.store.transactions import made_privately, patiently, writing

__all__ = ["BUSY_S", "open_index", "unavailable", "writing"]

BUSY_S = 5.0
_APPLICATION_ID = 0x66706331  # "fpc1"

# _STEPS[n] turns format n into format n + 1; a new index goes through all of them.
_STEPS = (
    """
    CREATE TABLE entries (
        entry_id TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        created_s REAL NOT NULL,
        duration_s REAL NOT NULL,
        restore_s REAL NOT NULL,
        size_bytes INTEGER NOT NULL,
        expires_s REAL,
        pinned INTEGER NOT NULL,
        hits INTEGER NOT NULL DEFAULT 0,
        saved_s REAL NOT NULL DEFAULT 0,
        used_s REAL NOT NULL DEFAULT 0,
        code_digest TEXT NOT NULL,
        label TEXT NOT NULL,
        binds TEXT NOT NULL,
        name TEXT NOT NULL,
        notebook TEXT NOT NULL,
        cell TEXT NOT NULL,
        blobs TEXT NOT NULL,
        signature BLOB NOT NULL,
        source TEXT NOT NULL,
        dependencies BLOB NOT NULL,
        meta BLOB NOT NULL
    );
    CREATE INDEX entries_by_key ON entries (key, created_s);
    CREATE INDEX entries_by_code ON entries (code_digest, created_s);
    CREATE INDEX entries_by_label ON entries (label, created_s);
    CREATE INDEX entries_by_binds ON entries (binds, created_s);
    CREATE TABLE blob_uses (
        digest TEXT NOT NULL,
        entry_id TEXT NOT NULL REFERENCES entries ON DELETE CASCADE,
        size_bytes INTEGER NOT NULL,
        PRIMARY KEY (digest, entry_id)
    ) WITHOUT ROWID;
    CREATE INDEX blob_uses_by_entry ON blob_uses (entry_id);
    CREATE TABLE profiles (
        code_digest TEXT PRIMARY KEY,
        duration_s REAL NOT NULL,
        runs INTEGER NOT NULL,
        note TEXT NOT NULL,
        details BLOB NOT NULL,
        updated_s REAL NOT NULL
    );
    CREATE INDEX profiles_by_age ON profiles (updated_s);
    CREATE TABLE memos (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL,
        signature BLOB NOT NULL,
        updated_s REAL NOT NULL
    );
    CREATE INDEX memos_by_age ON memos (updated_s);
    CREATE TABLE totals (name TEXT PRIMARY KEY, amount REAL NOT NULL);
    """,
)


def open_index(path: Path) -> sqlite3.Connection:
    """Open the index, creating it or bringing it to the present format.

    Raises
    ------
    StoreUnavailableError
        If the file is not an index, is of a newer fpcache, or can't be opened.
        It is left as it is.
    """
    try:
        made_privately(path)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise unavailable(path, error) from error
    try:
        patiently(_prepare, connection, BUSY_S)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise unavailable(path, error) from error
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Check what the file is before changing anything in it."""
    version = _version(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version == len(_STEPS):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    with writing(connection):
        for step in _STEPS[_version(connection) :]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")


def _version(connection: sqlite3.Connection) -> int:
    """Return the format of the index, 0 for an empty file; refuse what is not ours."""
    version, application, tables = _header(connection)
    if (application, tables) != (0, 0) and application != _APPLICATION_ID:
        raise sqlite3.DatabaseError("it is the database of another program")
    if version > len(_STEPS):
        raise sqlite3.DatabaseError(
            f"it has format {version}, newer than {len(_STEPS)}, which this fpcache knows"
        )
    return version


def _header(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Return format, application and number of tables, all as of one moment.

    Another kernel may be creating the index between two reads.
    """
    is_own = not connection.in_transaction
    if is_own:
        connection.execute("BEGIN")
    try:
        asked = ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
        version, application, tables = (int(connection.execute(text).fetchone()[0]) for text in asked)
    finally:
        if is_own:
            connection.rollback()
    return version, application, tables


def unavailable(path: Path, error: Exception) -> StoreUnavailableError:
    """Say what is wrong with the index, and what to do next."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        what, advice = "is locked by another process", "Cells run uncached until it is free"
    elif "full" in str(error):
        what, advice = f"can't grow ({error})", "Free disk space, or run `fpcache clear`"
    else:
        what = f"can't be used ({error})"
        advice = "It was left as it is: move it away to start anew, or set FPCACHE_DIR to another directory"
    return StoreUnavailableError(f"The cache index {path} {what}. {advice}.")
