"""One SQLite handle for each thread, never shared with a forked child."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fpcache.errors import StoreUnavailableError
from fpcache.store.index import open_index

__all__ = ["Handles"]

_RETRY_S = 10.0


@dataclass(frozen=True, slots=True)
class _Handle:
    connection: sqlite3.Connection
    thread: weakref.ref[threading.Thread]
    process_id: int
    inode: int


class Handles:
    """The open handles of one index.

    Parameters
    ----------
    path : Path
        The index.
    prepare : callable
        Called before the index is opened, to have a directory to open it in.
    """

    def __init__(self, path: Path, prepare: Callable[[], None]) -> None:
        self._path = path
        self._prepare = prepare
        self._lock = threading.Lock()
        self._handles: dict[int, _Handle] = {}
        self._refused: tuple[float, str] | None = None

    def get(self) -> sqlite3.Connection:
        """Return this thread's handle.

        It is opened anew after a fork, and when the cache directory was
        removed or replaced meanwhile: writing to a deleted index loses entries.
        """
        thread = threading.current_thread()
        handle = self._handles.get(thread.ident or 0)
        if handle is not None and handle.thread() is thread and self._is_current(handle):
            return handle.connection
        return self._open(thread)

    def _is_current(self, handle: _Handle) -> bool:
        """Say whether a handle belongs to this process and to the file that is there now."""
        try:
            return handle.inode == os.stat(self._path).st_ino and handle.process_id == os.getpid()
        except OSError:
            return False

    def _open(self, thread: threading.Thread) -> sqlite3.Connection:
        """Open a handle for a thread, and let go of those that are of no use any more."""
        connection = self._opened()
        handle = _Handle(connection, weakref.ref(thread), os.getpid(), os.stat(self._path).st_ino)
        with self._lock:
            for ident, old in list(self._handles.items()):
                owner = old.thread()
                if owner is None or owner is thread or not owner.is_alive():
                    self._let_go(self._handles.pop(ident))
            self._handles[thread.ident or 0] = handle
        return connection

    def _opened(self) -> sqlite3.Connection:
        """Open the index; where that failed, fail at once for a while, for a try can take seconds."""
        if self._refused is not None and time.monotonic() - self._refused[0] < _RETRY_S:
            raise StoreUnavailableError(self._refused[1])
        try:
            self._prepare()
            connection = open_index(self._path)
        except StoreUnavailableError as error:
            self._refused = (time.monotonic(), str(error))
            raise
        self._refused = None
        return connection

    def _let_go(self, handle: _Handle) -> None:
        """Close a handle, or keep it open for good where closing would do damage."""
        if self._is_current(handle):
            handle.connection.close()
            return
        # SQLite's close removes the write-ahead log by name: in a forked child that
        # is the parent's, after a replacement the new index's. So not even the
        # interpreter's exit may close this one.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(handle.connection))

    def close(self) -> None:
        """Close all handles; a later `get` opens new ones."""
        with self._lock:
            while self._handles:
                self._let_go(self._handles.popitem()[1])
