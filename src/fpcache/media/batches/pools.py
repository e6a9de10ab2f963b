"""Worker processes that stay for the next batch, and end when nothing came for a while."""

from __future__ import annotations

import os
import threading
from concurrent.futures import BrokenExecutor, Future
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.batches.jobs import Done, Job, work

__all__ = ["ProcessPool"]

_IDLE_S = 60.0
_TRIES = 3
# Several workers with several threads each would only stand in each other's way.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1"
)

_lock = threading.Lock()
_executors: dict[int, Any] = {}


def _forget() -> None:
    """Start anew in a forked child, which has none of the workers."""
    global _lock
    _lock = threading.Lock()
    _executors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _executor(workers: int) -> Any:
    """Return the processes of a pool of this size, started at the first job.

    loky's workers are fresh interpreters: unlike those of the standard library
    they do not run a script's ``__main__`` once more, and nothing is forked while
    other threads hold locks.
    """
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    with _lock:
        if workers not in _executors:
            _executors[workers] = ProcessPoolExecutor(workers, timeout=_IDLE_S, env=_ONE_THREAD)
        return _executors[workers]


def _dropped(workers: int, broken: Any) -> None:
    with _lock:
        if _executors.get(workers) is broken:
            del _executors[workers]


class ProcessPool:
    """Does jobs in processes of this machine.

    A process that ends (killed, out of memory, a fault of a decoder) takes its
    neighbours' jobs with it. They are then done one by one in a process of
    their own, so that only the one to blame fails.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._at_work: set[Future[Done]] = set()
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._is_closed = False

    @property
    def at_once(self) -> int:
        """How many jobs to have on their way, so that no worker waits for the next."""
        return 2 * self._workers + 2

    def begin(self) -> None:
        """Nothing: workers start with the first job, or are there."""

    def done(self, job: Job) -> Done:
        """Do a job, and return when it is done.

        Raises
        ------
        MediaError
            If the process ended before that, also with no other job beside it.
        """
        try:
            return self._on(self._workers, job)
        except BrokenExecutor:
            pass
        with self._alone:
            try:
                return self._on(1, job)
            except BrokenExecutor as error:
                raise MediaError(_ended(job, error)) from error

    def close(self) -> None:
        """Take back what no worker has begun; nothing is sent any more."""
        with self._lock:
            self._is_closed = True
            waiting = list(self._at_work)
        for future in waiting:
            future.cancel()

    def _on(self, workers: int, job: Job) -> Done:
        for last in range(_TRIES):
            executor = _executor(workers)
            try:
                future = self._sent(executor, job)
            except (BrokenExecutor, RuntimeError):  # by the job of another batch, or shut down meanwhile
                _dropped(workers, executor)
                if last == _TRIES - 1:
                    raise
                continue
            try:
                return future.result()
            except BrokenExecutor:
                _dropped(workers, executor)
                raise
            finally:
                with self._lock:
                    self._at_work.discard(future)
        raise AssertionError("the last try returns or raises")

    def _sent(self, executor: Any, job: Job) -> Future[Done]:
        with self._lock:
            if self._is_closed:
                raise MediaError("the batch was closed before this item's turn")
            future: Future[Done] = executor.submit(work, job)
            self._at_work.add(future)
        return future


def _ended(job: Job, error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return (
        f"{job.content.name}: the process that decoded it ended (killed, out of memory, or a fault of its "
        f"decoder): {said}; leave it out, or give a smaller copy"
    )
