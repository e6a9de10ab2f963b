"""Functions that tests have workers run; imported by name there, too."""

from __future__ import annotations

import os

from fpcache.media import fingerprint_batch
from fpcache.media.batches import jobs

FATAL = "the item that ends its worker"


def nested(backend: str) -> list[str]:
    """Fingerprint within a worker, on whatever backend."""
    found = fingerprint_batch(
        [f"a text of a few words, number {n}" for n in range(6)], backend=backend, workers=2
    )
    return [one.digest for one in found]


def fatal(job: jobs.Job) -> jobs.Done:
    """Do a job, but end the process over one of them."""
    if job.content.value == FATAL and os.environ.get("FPCACHE_TESTS_PID") != str(os.getpid()):
        os._exit(3)
    return jobs.work(job)
