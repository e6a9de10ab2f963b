"""A thread that brings the vector files up to date while the index goes on."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from fpcache.errors import StoreError
from fpcache.media.index.database import open_database, translated
from fpcache.media.index.sidecar import Space, bring_up_to_date, recorded_sidecar, sweep, usearch

__all__ = ["Follower"]

logger = logging.getLogger("fpcache")
_REST_S = 60.0


class Follower:
    """Makes files for what is not in one yet, each time it is told that there may be something.

    Parameters
    ----------
    database : Path
        The index; the thread opens it for itself.
    most_pending : int
        How many vectors may be in no file.
    """

    def __init__(self, database: Path, most_pending: int) -> None:
        self._database = database
        self._most_pending = most_pending
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._stopping = threading.Event()
        self._is_wanted = False
        self._rests_until_s = 0.0
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Let it look whether there is anything to do; it starts if it doesn't run."""
        if usearch() is None or time.monotonic() < self._rests_until_s:
            return
        with self._lock:
            self._is_wanted = True
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="fpcache media index", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Do what there is to do here and now, and leave no file behind that is of no use."""
        if usearch() is not None:
            with self._working, closing(open_database(self._database)) as connection:
                for space in _spaces(connection):
                    has_file = recorded_sidecar(connection, space) is not None
                    if _pending(connection, space) > (0 if has_file else self._most_pending):
                        threads = os.cpu_count() or 1  # whoever waits for it wants it soon
                        while bring_up_to_date(connection, self._database, space, _never, threads):
                            pass
                sweep(connection, self._database, older_than_s=0.0)

    def stop(self) -> None:
        """Save what was made so far, and end."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while self._is_still_wanted():
            try:
                self._work(self._stopping.is_set)
            except Exception as error:  # the index works without it, and tries again later
                self._rests_until_s = time.monotonic() + _REST_S
                logger.warning(
                    "the vector files of %s can't be brought up to date: %s", self._database, error
                )
                if not isinstance(error, (StoreError, OSError)):
                    logger.debug("why", exc_info=True)

    def _is_still_wanted(self) -> bool:
        with self._lock:
            if self._is_wanted and not self._stopping.is_set():
                self._is_wanted = False
                return True
            self._thread = None
            return False

    def _work(self, is_stopped: Callable[[], bool]) -> None:
        with (
            self._working,
            translated(self._database),
            closing(open_database(self._database)) as connection,
        ):
            threads = max(1, (os.cpu_count() or 2) // 2)
            for space in _spaces(connection):
                while not is_stopped() and _pending(connection, space) > self._most_pending:
                    if not bring_up_to_date(connection, self._database, space, is_stopped, threads):
                        break


def _never() -> bool:
    return False


def _spaces(connection: sqlite3.Connection) -> list[Space]:
    return [Space(*found) for found in connection.execute("SELECT space, size FROM spaces")]


def _pending(connection: sqlite3.Connection, space: Space) -> int:
    recorded = recorded_sidecar(connection, space)
    after = recorded.last_row if recorded is not None else 0
    asked = "SELECT count(*) FROM vectors WHERE space = ? AND row > ?"
    return int(connection.execute(asked, (space.number, after)).fetchone()[0])
