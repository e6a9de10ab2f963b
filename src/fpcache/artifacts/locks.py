"""One writer at a time, over threads and processes; the system frees the lock of one that died."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["locked"]

_log = logging.getLogger("fpcache.artifacts")
_PAUSE_S = 0.1


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True, create: bool = True) -> Iterator[bool]:
    """Hold the lock of a file; give False where another one has it and `wait` is false.

    On a file system without locks nothing is held, and True is given: files are
    renamed into place, and chunks of two writers don't pass for one artifact.

    Raises
    ------
    FileNotFoundError
        If the directory is not there; with ``create=False``, also if the file
        is not, or was removed while this call waited for it.
    """
    descriptor, is_held = _opened(path, wait, create)
    try:
        yield is_held
    finally:
        os.close(descriptor)  # which frees the lock


def _opened(path: Path, wait: bool, create: bool) -> tuple[int, bool]:
    """Open the file that has the path once its lock is held: another one may have removed it meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
        try:
            is_held = _acquire(descriptor, path, wait)
            if not is_held or _is_at(path, descriptor):
                return descriptor, is_held
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, wait: bool) -> bool:
    is_told = False
    while True:
        try:
            _try_lock(descriptor)
            return True
        except BlockingIOError:
            if not wait:
                return False
        except OSError:
            return True
        if not is_told:
            _log.info("another writer is at %s; waiting for it", path.parent)
            is_told = True
        time.sleep(_PAUSE_S)


if sys.platform == "win32":
    import msvcrt

    def _is_at(path: Path, descriptor: int) -> bool:
        """Return True: there, a file that is open can't be removed."""
        return True

    def _try_lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _is_at(path: Path, descriptor: int) -> bool:
        """Return whether a path still leads to the file that is open."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(path))
        except FileNotFoundError:
            return False

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
