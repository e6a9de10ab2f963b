"""The SQLite file that is the truth of an index.

In WAL mode readers and one writer don't wait for each other, and a process killed at any point leaves the
last committed state. Rows are numbered in the order of their transactions, never change their content, and
no number is used twice: whoever has seen all up to a row has only to look beyond it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from fpcache.errors import CorruptEntryError, StoreError, StoreUnavailableError
from fpcache.own_work import quiet
from fpcache.store.transactions import made_privately, patiently, reading, writing

__all__ = ["identity_of", "open_database", "reading", "translated", "writing"]

BUSY_S = 10.0
_APPLICATION_ID = 0x6670634D  # "fpcM"
_FORMAT = 2
# Vectors and fingerprints take 2 to 6 KiB: several fit a page, so that little of it stays empty.
_PAGE_BYTES = 16 << 10
_LEAST_BYTES = 512  # of a file of SQLite
_CACHE_KIB = 32 << 10
_TABLES = """
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE items (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        digest TEXT NOT NULL,
        metadata TEXT NOT NULL
    );
    CREATE INDEX items_by_kind ON items (kind, algorithm);
    CREATE INDEX items_by_digest ON items (digest);
    CREATE TABLE fingerprints (row INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE spaces (
        space INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        model TEXT NOT NULL,
        size INTEGER NOT NULL,
        UNIQUE (kind, algorithm, model, size)
    );
    CREATE TABLE vectors (row INTEGER PRIMARY KEY, space INTEGER NOT NULL, vector BLOB NOT NULL);
    CREATE INDEX vectors_by_space ON vectors (space, row);
    CREATE TABLE codes (row INTEGER PRIMARY KEY, kind TEXT NOT NULL, algorithm TEXT NOT NULL,
        codes BLOB NOT NULL);
    CREATE TABLE tokens (token INTEGER NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY (token, row)) WITHOUT ROWID;
    CREATE TABLE removed (number INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL);
    CREATE TABLE sidecars (space INTEGER PRIMARY KEY, file TEXT NOT NULL, digest TEXT NOT NULL,
        last_row INTEGER NOT NULL, last_removed INTEGER NOT NULL);
    INSERT INTO about VALUES ('generation', '0')
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the index, creating it where there is none.

    Raises
    ------
    StoreUnavailableError
        If it can't be opened, is another program's, or of a newer fpcache; it is left as it is.
    CorruptEntryError
        If it is damaged.
    """
    with translated(path):
        _made_or_found(path)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            patiently(_prepare, connection, BUSY_S)
        except BaseException:
            connection.close()
            raise
    return connection


def _made_or_found(path: Path) -> None:
    """Make the file, or see that what is there may be one."""
    if made_privately(path):
        return
    with quiet():  # that SQLite opens it tells whoever watches a run
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise StoreUnavailableError(f"it is {what}; name a file")
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if 0 < found.st_size < _LEAST_BYTES:  # of a single byte SQLite would make an index
        raise StoreUnavailableError(
            f"it has {found.st_size} bytes, so it is something else; it was left as it is: name another file"
        )


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return what tells the file itself, whatever it is called; None where there is none, or an empty one."""
    try:
        with quiet():
            found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size else None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    if _version(connection) == _FORMAT:
        connection.execute("PRAGMA synchronous = NORMAL")
        return
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a file that has pages it stays as it is
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    with writing(connection):
        version = _version(connection)
        if version == _FORMAT:  # by another process meanwhile
            return
        if version == 0:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        else:  # format 1: rows are told apart by how they begin, and vector files held other numbers
            connection.execute("DELETE FROM sidecars")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _version(connection: sqlite3.Connection) -> int:
    """Return the format of an index, 0 of a new file; refuse what is not an index."""
    # In one statement, so as of one moment.
    application, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), "
        "(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if application != _APPLICATION_ID and (application, tables) != (0, 0):
        raise StoreUnavailableError(
            "it is the database of another program; it was left as it is: name another file"
        )
    if version > _FORMAT:
        raise StoreUnavailableError(
            f"it has format {version}, and this fpcache knows {_FORMAT}; use a newer fpcache"
        )
    return int(version)


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite and the system say as errors that tell what to do next."""
    try:
        yield
    except StoreError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"the media index {path} can't be used: {error}") from error
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    except OSError as error:
        raise StoreUnavailableError(
            f"the media index {path} can't be opened ({error.strerror or error}); "
            "check that its folder exists and may be written to"
        ) from error


def _explained(path: Path, error: sqlite3.Error) -> StoreError:
    message = str(error)
    if "locked" in message or "busy" in message:
        return StoreUnavailableError(
            f"the media index {path} is being written by another process for over {BUSY_S:.0f} s; try again"
        )
    if "unable to open" in message:
        return StoreUnavailableError(
            f"the media index {path} can't be opened ({message}); check that it and its folder are there, "
            "and may be written to"
        )
    if "full" in message or "readonly" in message:
        return StoreUnavailableError(
            f"the media index {path} can't be written ({message}); make room, or check its permissions"
        )
    if isinstance(error, sqlite3.ProgrammingError):
        return StoreUnavailableError(f"the media index {path} was closed ({message}); open it again")
    other = ", or something else" if "not a database" in message else ""
    return CorruptEntryError(
        f"the media index {path} is damaged{other} ({message}); it was left as it is: restore a copy of it, "
        "or move it away and add its items again"
    )
