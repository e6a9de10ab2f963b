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
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file; give False where another one has it and `wait` is false.

    On a file system without locks nothing is held, and True is given: files are
    renamed into place, and chunks of two writers don't pass for one artifact.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _acquire(descriptor, path, wait)
    finally:
        os.close(descriptor)  # which frees the lock


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

    def _try_lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
