"""Reading files without letting go of locks that this process holds on them.

Closing any descriptor of a file releases all POSIX locks that the process has
on it, whoever took them (fcntl(2), "Advisory record locking"). SQLite, DuckDB
and LMDB rely on such locks; without them another process may write at the same
time, or delete a log that is still written to. So a descriptor of a file with
locks stays open until nobody has any.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["chunks_of"]

_LOCKS = "/proc/locks"
_DATABASE = b"SQLite format 3\0"
_CHUNK_BYTES = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

# Bound at import, so that they never meet a wrapper.
_open, _read, _close, _stat, _fstat = os.open, os.read, os.close, os.stat, os.fstat
_lock = threading.Lock()
_kept: list[_Open] = []


class _Open(NamedTuple):
    """A descriptor, the file's device and inode, and the first bytes."""

    descriptor: int
    identity: tuple[int, int]
    first: bytes


def chunks_of(path: str) -> Iterator[bytes]:
    """Yield a file's content piece by piece.

    Raises
    ------
    OSError
        If it can't be read.
    """
    descriptor, first = _opened(path), b""
    try:
        while chunk := _read(descriptor, _CHUNK_BYTES):
            first = first or chunk[: len(_DATABASE)]
            yield chunk
    finally:
        with _lock:
            _kept.append(_Open(descriptor, _identity(_fstat(descriptor)), first))
            _let_go()


def _opened(path: str) -> int:
    """Return a descriptor at the file's start: one that was kept, if there is one."""
    with _lock:
        wanted = _identity(_stat(path)) if _kept else None
        for place, one in enumerate(_kept):
            if one.identity == wanted:
                del _kept[place]
                os.lseek(one.descriptor, 0, os.SEEK_SET)
                return one.descriptor
    return _open(path, _FLAGS)


def _let_go() -> None:
    """Close the descriptors of files on which there are no locks."""
    locks = _locks()
    kept = []
    for one in _kept:
        is_locked = one.first == _DATABASE if locks is None else b":%d " % one.identity[1] in locks
        if is_locked:
            kept.append(one)
        else:
            _close(one.descriptor)
    _kept[:] = kept


def _locks() -> bytes | None:
    """Return the system's table of locks, with inodes; None where there is none to read."""
    try:
        descriptor = _open(_LOCKS, _FLAGS)
    except OSError:
        return None
    try:
        return b"".join(iter(lambda: _read(descriptor, _CHUNK_BYTES), b""))
    finally:
        _close(descriptor)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
