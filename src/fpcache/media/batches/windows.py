"""Jobs for any backend of joblib, handed over a window at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.batches.jobs import Done, Job, work

__all__ = ["JoblibPool"]

_AT_ONCE_PER_WORKER, _LEAST_AT_ONCE, _MOST_AT_ONCE = 6, 12, 128


class JoblibPool:
    """Does jobs where a backend of joblib does them: processes, threads, a cluster.

    joblib takes jobs from an iterator whenever it likes, also in threads that
    must not wait, so an iterator can't hold it back. Instead it gets all that
    is waiting, which the batch bounds, and then the next such window; its
    workers stay in between.

    Parameters
    ----------
    backend : ParallelBackendBase
        joblib's own object for it.
    n_jobs : int
        How many workers, as joblib counts them; -1 is all there are.
    """

    def __init__(self, backend: Any, n_jobs: int) -> None:
        from joblib import Parallel

        # Arrays are sent as they are: as files of joblib's they would be files that a cached cell reads.
        self._parallel = Parallel(n_jobs=n_jobs, backend=backend, max_nbytes=None, pre_dispatch="all")
        self._workers: int = backend.effective_n_jobs(n_jobs)
        self._waiting: list[tuple[Job, Future[Done]]] = []
        self._changed = threading.Condition()
        self._is_closed = False
        # A script may end while a batch is left where it was, as after Ctrl-C in the loop around it.
        self._thread = threading.Thread(target=self._serve, name="media-fingerprints-joblib", daemon=True)

    @property
    def at_once(self) -> int:
        """How many jobs to have on their way, so that a window has some for each worker."""
        return min(max(_AT_ONCE_PER_WORKER * self._workers, _LEAST_AT_ONCE), _MOST_AT_ONCE)

    def begin(self) -> None:
        """Start the backend's workers; to be called while no thread of the batch is at work.

        Some backends fork, and a child waits for ever for a lock that a thread
        held just then, such as the one of a module that is being imported.

        Raises
        ------
        MediaError
            If they can't be started.
        """
        try:
            self._parallel.__enter__()
        except Exception as error:
            raise MediaError(f"joblib's backend did not start ({type(error).__name__}: {error})") from error
        self._thread.start()

    def done(self, job: Job) -> Done:
        """Do a job, and return when it is done.

        Raises
        ------
        MediaError
            If the worker ended before that, or could not take it.
        """
        future: Future[Done] = Future()
        with self._changed:
            if self._is_closed:
                raise MediaError("the batch was closed before this item's turn")
            self._waiting.append((job, future))
            self._changed.notify()
        return future.result()

    def close(self) -> None:
        """Take back what is not with joblib yet, and wait for what is."""
        with self._changed:
            self._is_closed = True
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()
            self._parallel.__exit__(None, None, None)

    def _serve(self) -> None:
        while window := self._next_window():
            self._do(window)

    def _next_window(self) -> list[tuple[Job, Future[Done]]]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            window, self._waiting = self._waiting, []
        return window

    def _do(self, window: list[tuple[Job, Future[Done]]]) -> None:
        """Have joblib do a window; where that fails as a whole, each of its jobs by itself."""
        try:
            results = self._results(job for job, _ in window)
            if len(results) != len(window):
                raise RuntimeError(f"{len(results)} results came of {len(window)} jobs")
        except BaseException as error:  # also the interrupt of a worker, which joblib raises here
            if len(window) > 1 and isinstance(error, Exception) and not self._is_closed:
                for one in window:
                    self._do([one])
                return
            results = [_failed(job, error) for job, _ in window]
        for (_, future), result in zip(window, results, strict=True):
            if isinstance(result, MediaError):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _results(self, jobs: Iterable[Job]) -> list[Done | MediaError]:
        from joblib import delayed

        found: list[Done | MediaError] = self._parallel(delayed(work)(job) for job in jobs)
        return found


def _failed(job: Job, error: BaseException) -> MediaError:
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    made = MediaError(
        f"{job.content.name}: joblib's worker did not give it back ({said}); leave it out, or look at the "
        "workers' own log"
    )
    made.__cause__ = error
    return made
