"""The file beside the database that finds nearest vectors fast (HNSW); it can always be made anew.

A new file has a new name, and is whole before the database names it, with its digest and up to which row it
goes: what is not named does not count, and what does not have the digest is made anew.

References
----------
Y. Malkov, D. Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
Small World graphs", IEEE TPAMI 2020.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from glob import escape
from importlib import import_module
from pathlib import Path
from typing import Any

import blake3
import numpy as np
from numpy.typing import NDArray

from fpcache.media.index.database import reading, writing

__all__ = [
    "Sidecar",
    "Space",
    "bring_up_to_date",
    "generation",
    "opened_sidecar",
    "recorded_sidecar",
    "sweep",
    "usearch",
    "vectors_in",
]

logger = logging.getLogger("fpcache")

# Bytes are compared twice as fast as halves and take half the room; whoever asks for a few more than are
# wanted, and compares those exactly, loses nothing by it.
_DTYPE = "i8"
_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 96, 128
_BATCH = 256
# At most so many times what there was, and so many, are added before it is saved: little is lost by a kill,
# and few are compared one by one meanwhile.
_GROWTH = 3
_MOST_ADDED = 1 << 16
_MOST_REMOVED_SHARE = 0.25
_LEFT_OVER_S = 120.0


@dataclass(frozen=True, slots=True)
class Space:
    """Vectors that can be compared: of one kind, algorithm, model and size.

    Attributes
    ----------
    number : int
        The database's name for it.
    size : int
        How many numbers a vector has.
    """

    number: int
    size: int


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the database says of a space's file.

    Attributes
    ----------
    file, digest : str
        Its name, beside the database, and the digest of its content.
    last_row : int
        The last row that is in it.
    last_removed : int
        The last removal that it knows.
    """

    file: str
    digest: str
    last_row: int
    last_removed: int


@cache
def usearch() -> Any:
    """Return the library that does the work, or None where it isn't installed."""
    try:
        return import_module("usearch.index")
    except ImportError:
        return None


def recorded_sidecar(connection: sqlite3.Connection, space: Space) -> Sidecar | None:
    """Return what the database says of a space's file."""
    found = connection.execute(
        "SELECT file, digest, last_row, last_removed FROM sidecars WHERE space = ?", (space.number,)
    ).fetchone()
    return Sidecar(*found) if found else None


def opened_sidecar(database: Path, sidecar: Sidecar, space: Space, *, to_change: bool = False) -> Any:
    """Return the index in a file, or None and a line in the log where it is missing or damaged."""
    path = database.with_name(sidecar.file)
    try:
        # Before the library sees it: what it makes of a damaged file may be a crash.
        if _digest(path) != sidecar.digest:
            raise ValueError("its content is not what was written")
        index = _new_index(space, has_keys=to_change)
        (index.load if to_change else index.view)(str(path))
        if index.ndim != space.size:
            raise ValueError(f"it holds vectors of {index.ndim}, not of {space.size}")
    except (OSError, ValueError, RuntimeError) as error:
        logger.warning("the vector file %s can't be used, and is made anew: %s", path, error)
        return None
    return index


def bring_up_to_date(
    connection: sqlite3.Connection, database: Path, space: Space, is_stopped: Callable[[], bool],
    threads: int = 1,
) -> bool:  # fmt: skip
    """Make and record a file that holds more of a space's vectors; False where it holds all already.

    Parameters
    ----------
    connection : Connection
        This thread's own.
    database : Path
        Where the database is.
    space : Space
        Whose vectors.
    is_stopped : callable
        Asked now and then; if true, what was made so far is saved.
    threads : int
        How many add vectors at once.
    """
    with reading(connection):
        old = recorded_sidecar(connection, space)
        before = generation(connection)
    index, last_row, last_removed = _to_start_with(connection, database, space, old)
    removed = connection.execute(
        "SELECT number, row FROM removed WHERE number > ? ORDER BY number", (last_removed,)
    ).fetchall()
    if removed and len(index):
        index.remove(np.array([row for _, row in removed], np.uint64))
    most = min(max(_GROWTH * len(index), 40 * _BATCH), _MOST_ADDED)
    added, last_row = _fill(connection, index, space, last_row, most, is_stopped, threads)
    if not added:
        if old is not None and not last_row:  # its file is of no use, and nothing is left to put into one
            with writing(connection):
                connection.execute("DELETE FROM sidecars WHERE space = ?", (space.number,))
        return False
    last_removed = removed[-1][0] if removed else last_removed
    made = _saved(database, space, index, (last_row, last_removed))
    with writing(connection):
        now = recorded_sidecar(connection, space)
        is_newest = now in (None, old) or (now is not None and now.last_row < made.last_row)
        is_there = database.with_name(made.file).exists()  # and not swept by another process
        if is_newest and is_there and before == generation(connection):
            row = (space.number, made.file, made.digest, made.last_row, made.last_removed)
            connection.execute("INSERT OR REPLACE INTO sidecars VALUES (?, ?, ?, ?, ?)", row)
    sweep(connection, database)
    return True


def _to_start_with(
    connection: sqlite3.Connection, database: Path, space: Space, old: Sidecar | None
) -> tuple[Any, int, int]:
    """Return the index so far and what it knows, or an empty one where too little of it is of use."""
    index = opened_sidecar(database, old, space, to_change=True) if old is not None else None
    if old is None or index is None:
        return _new_index(space), 0, 0
    held = connection.execute(
        "SELECT count(*) FROM vectors WHERE space = ? AND row <= ?", (space.number, old.last_row)
    ).fetchone()[0]
    if held < (1 - _MOST_REMOVED_SHARE) * len(index):
        return _new_index(space), 0, 0
    return index, old.last_row, old.last_removed


def _new_index(space: Space, *, has_keys: bool = True) -> Any:
    """Return an empty index; without a table of its keys it is opened faster, and can't be changed."""
    return usearch().Index(
        ndim=space.size, metric="cos", dtype=_DTYPE, connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD, expansion_search=_EXPANSION_SEARCH, enable_key_lookups=has_keys,
    )  # fmt: skip


def _fill(
    connection: sqlite3.Connection, index: Any, space: Space, after: int, most: int,
    is_stopped: Callable[[], bool], threads: int,
) -> tuple[int, int]:  # fmt: skip
    """Add vectors beyond a row; return how many were added and the last one's row."""
    asked = "SELECT row, vector FROM vectors WHERE space = ? AND row > ? ORDER BY row LIMIT ?"
    added = 0
    while added < most and not (added and is_stopped()):
        found = connection.execute(asked, (space.number, after, _BATCH)).fetchall()
        if not found:
            break
        vectors = vectors_in([data for _, data in found], space)
        index.add(np.array([row for row, _ in found], np.uint64), vectors, threads=threads)
        added, after = added + len(found), int(found[-1][0])
    return added, after


def vectors_in(blobs: list[bytes], space: Space) -> NDArray[np.float16]:
    """Return vectors as the database keeps them, shape (n, size)."""
    return np.frombuffer(b"".join(blobs), "<f2").reshape(-1, space.size)


def _saved(database: Path, space: Space, index: Any, known: tuple[int, int]) -> Sidecar:
    path = database.with_name(f"{database.name}.vectors-{space.number}-{secrets.token_hex(6)}.usearch")
    index.save(str(path))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return Sidecar(path.name, _digest(path), *known)


def sweep(connection: sqlite3.Connection, database: Path, older_than_s: float = _LEFT_OVER_S) -> None:
    """Delete files that the database does not name; new ones may be on their way to be named, or in use."""
    named = {file for (file,) in connection.execute("SELECT file FROM sidecars")}
    for path in database.parent.glob(f"{escape(database.name)}.vectors-*.usearch"):
        if path.name not in named:
            with contextlib.suppress(OSError):  # another process has it open, or deleted it
                if time.time() - path.stat().st_mtime >= older_than_s:
                    path.unlink()


def generation(connection: sqlite3.Connection) -> int:
    """Return how often everything was made anew."""
    return int(connection.execute("SELECT value FROM about WHERE name = 'generation'").fetchone()[0])


def _digest(path: Path) -> str:
    return blake3.blake3(max_threads=blake3.blake3.AUTO).update_mmap(path).hexdigest(length=16)
