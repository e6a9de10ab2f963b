"""Which backend a batch runs on, and how an item is handed to it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fpcache.errors import MediaError
from fpcache.media.batches.jobs import MOST_SENT, Done, Job, job_of
from fpcache.media.methods import Method
from fpcache.media.sources import MOST_IN_MEMORY, Content
from fpcache.media.words import in_words

__all__ = ["ACTIVE", "HERE", "PROCESSES", "THREADS", "Backend", "backend_of"]

THREADS, PROCESSES, ACTIVE = "threads", "processes", "joblib"
_FORKED = "multiprocessing"
_WAITS_FOR_EVER = (
    f"joblib's backend {_FORKED!r} can't be used: it waits for ever for what a worker had begun that was "
    "ended (by Ctrl-C, or for want of memory); use 'processes' or 'loky'"
)
logger = logging.getLogger("fpcache")


class Pool(Protocol):
    """Does jobs somewhere else."""

    @property
    def at_once(self) -> int:
        """How many jobs to have on their way."""

    def begin(self) -> None:
        """Start workers, where that must come before the batch's own threads."""

    def done(self, job: Job) -> Done:
        """Do a job, and return when it is done."""

    def close(self) -> None:
        """Send nothing more, and take back what nobody has begun."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a batch's items are decoded and hashed; a network always runs in this process.

    Attributes
    ----------
    at_once : int
        How many threads of this process read items, look them up, and wait for what is made of them.
    pool : Pool or None
        Who decodes and hashes; None does it in those threads.
    name : str
        What it was asked for by; threads where it is used within a worker.
    """

    at_once: int
    pool: Pool | None = None
    name: str = THREADS

    def worked(self, content: Content, how: Method, wants_vector: bool) -> Any:
        """Return what a worker made of an item; None where it is to be done here.

        What a worker can't do is tried again here, so that the error is the one
        that threads give, and that readers which only this process has (a plug-in
        of Pillow, ``LOAD_TRUNCATED_IMAGES``) do their part.

        Raises
        ------
        MediaError
            If the worker ended over it: here it would end the kernel.
        """
        if self.pool is None:
            return None
        done = self.pool.done(job_of(content, how, wants_vector))
        if done.problem:
            logger.debug("%s is made in the batch's own process: %s", content.name, done.problem)
        return done.result

    @property
    def most_read(self) -> int:
        """Up to how many bytes a file is read here, rather than by who decodes it."""
        return MOST_IN_MEMORY if self.pool is None else MOST_SENT

    def begin(self) -> None:
        """Start what must be there before the batch's threads."""
        if self.pool is not None:
            self.pool.begin()

    def close(self) -> None:
        """End what is under way."""
        if self.pool is not None:
            self.pool.close()


HERE = Backend(1)


def backend_of(name: str, workers: int | None) -> Backend:
    """Return the backend of this name.

    Within a worker (of a pool, of Dask) it is threads, whatever was asked for: a worker that waits for others
    of its kind may wait for ever, and most may start no processes.

    Raises
    ------
    MediaError
        If nothing is called so, or its package is not installed.
    """
    if not isinstance(name, str):
        raise MediaError(f"backend is {_names()}, not {in_words(name)}")
    threads = Backend(workers or os.cpu_count() or 1)
    if name == THREADS:
        return threads
    pool = _pool(name, workers)
    if _is_worker():
        logger.debug("a batch within a worker runs in threads, not on %r", name)
        return threads
    made = pool()
    return Backend(made.at_once, made, name)


def _pool(name: str, workers: int | None) -> Callable[[], Pool]:
    try:
        import joblib
    except ImportError as error:
        raise MediaError(f"backend={name!r} needs joblib; pip install 'fpcache[media]'") from error
    if name == PROCESSES:
        from fpcache.media.batches.pools import ProcessPool

        return lambda: ProcessPool(workers or joblib.cpu_count())
    if name != ACTIVE and name not in (*joblib.parallel.BACKENDS, *joblib.parallel.EXTERNAL_BACKENDS):
        raise MediaError(f"there is no backend {name!r}; backend is {_names()}")
    # joblib keeps the active backend by thread, and this is the caller's.
    active = joblib.parallel.get_active_backend() if name == ACTIVE else None
    # Not those made of it, such as that of Ray.
    if name == _FORKED or (active is not None and type(active[0]) is joblib.parallel.BACKENDS[_FORKED]):
        raise MediaError(_WAITS_FOR_EVER)
    return lambda: _pool_of_joblib(name, active, workers)


def _pool_of_joblib(name: str, active: tuple[Any, int | None] | None, workers: int | None) -> Pool:
    import joblib

    from fpcache.media.batches.clusters import DaskPool
    from fpcache.media.batches.windows import JoblibPool

    try:
        if active is None:
            with joblib.parallel_config(backend=name, n_jobs=-1):
                active = joblib.parallel.get_active_backend()
        backend, n_jobs = active
        if type(backend).__name__ == "DaskDistributedBackend":
            return DaskPool(backend)
        return JoblibPool(backend, workers or n_jobs or -1)
    except (ImportError, ValueError, RuntimeError, OSError) as error:  # such as Dask without a client
        said = " ".join(str(error).split())
        raise MediaError(f"backend={name!r} can't be used: {said}") from error


def _names() -> str:
    module = sys.modules.get("joblib.parallel")
    known = [] if module is None else [*module.BACKENDS, *module.EXTERNAL_BACKENDS]
    own = [repr(THREADS), repr(PROCESSES), f"{ACTIVE!r} (the active one of joblib)"]
    return ", ".join([*own, *(repr(one) for one in known if one != _FORKED)])


def _is_worker() -> bool:
    """Whether this process is a pool's, or this thread is one of Dask's."""
    if multiprocessing.parent_process() is not None or multiprocessing.current_process().daemon:
        return True
    dask = sys.modules.get("distributed.utils")
    return dask is not None and hasattr(dask.thread_state, "execution_state")
