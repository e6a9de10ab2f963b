"""Jobs for a Dask cluster, which joblib's backend names and Dask itself is given."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.batches.jobs import Done, Job, work

__all__ = ["DaskPool"]

_AT_ONCE_PER_WORKER, _LEAST_AT_ONCE, _MOST_AT_ONCE = 3, 8, 128


class DaskPool:
    """Does jobs on the cluster that joblib's Dask backend is for.

    Not through joblib: its backend (1.6) never tells that a job was lost with
    its worker, and waits for it for ever; nor does it need windows (see
    `JoblibPool`), as Dask takes a job at any time.

    Parameters
    ----------
    backend : DaskDistributedBackend
        joblib's backend: its client, and what it adds to each ``submit``.
    """

    def __init__(self, backend: Any) -> None:
        self._client: Any = backend.client
        self._more: dict[str, Any] = dict(backend.submit_kwargs)
        self._workers: int = backend.effective_n_jobs(-1)  # waits for a first one
        self._at_work: set[Any] = set()
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._is_closed = False

    @property
    def at_once(self) -> int:
        """How many jobs to have on their way, so that no worker waits for the next."""
        return min(max(_AT_ONCE_PER_WORKER * self._workers, _LEAST_AT_ONCE), _MOST_AT_ONCE)

    def begin(self) -> None:
        """Nothing: workers start with the first job, or are there."""

    def done(self, job: Job) -> Done:
        """Do a job, and return when it is done.

        Raises
        ------
        MediaError
            If its workers ended over it, or it could not be brought to one.
        """
        try:
            return self._sent(job)
        except MediaError:
            raise
        except Exception:  # also of a job that was with a worker when another one's ended it
            with self._alone:
                try:
                    return self._sent(job)
                except MediaError:
                    raise
                except Exception as error:
                    raise MediaError(_lost(job, error)) from error

    def close(self) -> None:
        """Take back what is not done; nothing is sent any more."""
        with self._lock:
            self._is_closed = True
            waiting = list(self._at_work)
        if waiting:
            self._client.cancel(waiting)

    def _sent(self, job: Job) -> Done:
        with self._lock:
            if self._is_closed:
                raise MediaError("the batch was closed before this item's turn")
            future = self._client.submit(work, job, **{"pure": False, **self._more})
            self._at_work.add(future)
        try:
            done: Done = future.result()
            return done
        except CancelledError as error:
            raise MediaError(f"{job.content.name}: it was taken back from the cluster") from error
        finally:
            with self._lock:
                self._at_work.discard(future)


def _lost(job: Job, error: Exception) -> str:
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return (
        f"{job.content.name}: no worker of the cluster gave it back ({said}); leave it out, or look at the "
        "workers' own log"
    )
