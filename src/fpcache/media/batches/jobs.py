"""What is sent to a worker, and what comes back: plain values only, so that any worker can take them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fpcache.media.digests import digest_of_file, stamp_of
from fpcache.media.methods import Method, method
from fpcache.media.sources import Content
from fpcache.own_work import quiet

__all__ = ["MOST_SENT", "Done", "Job", "job_of", "work"]

MOST_SENT = 8 << 20
"""Bytes; larger files are read by the worker itself, where it finds the same file."""


@dataclass(frozen=True, slots=True)
class Job:
    """One item for a worker.

    Attributes
    ----------
    content : Content
        What to decode: bytes, the absolute path of a large file, samples or a text.
    algorithm : str
        Which version is to be used; a worker with another one doesn't do it.
    decoded : object
        What was decoded here already, as of a Pillow image; else None.
    wants_vector : bool
        Whether a vector will be made of what comes back.
    """

    content: Content
    algorithm: str
    decoded: Any = None
    wants_vector: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: the result, or why there is none, for the log."""

    result: Any = None
    problem: str = ""


def job_of(content: Content, how: Method, wants_vector: bool) -> Job:
    """Return what to send for an item.

    Files and addresses are open only here, so their content is sent. Pixels are
    shrunk first: that costs no more than to send them whole.
    """
    decoded = None
    if content.kind == "image" and content.encoded is None:
        decoded, content = how.decode(content), replace(content, value=None)
    elif isinstance(content.encoded, Path):
        content = replace(content, encoded=Path(os.path.abspath(content.encoded)))
    return Job(content, how.algorithm, decoded, wants_vector)


def work(job: Job) -> Done:
    """Decode an item and make of it all that needs no network; whatever goes wrong is said, not raised.

    What a worker reads is what whoever sent the job has read and told of, so in a cached cell it is no
    dependency of its own.
    """
    try:
        with quiet():
            how = method(job.content.kind)
            if how.algorithm != job.algorithm:
                return Done(problem=f"the worker's fpcache makes {how.algorithm}, not {job.algorithm}")
            if isinstance(job.content.encoded, Path) and not _is_same_file(job.content):
                return Done(problem=f"the worker has not the same file {os.fspath(job.content.encoded)!r}")
            decoded = how.decode(job.content) if job.decoded is None else job.decoded
            return Done(how.worked_elsewhere(decoded, job.wants_vector))
    except Exception as error:  # decoders raise whatever damage leads to
        return Done(problem=f"{type(error).__name__}: {error}")


def _is_same_file(content: Content) -> bool:
    """Whether the path leads to the content here, too, which may be another machine with the same files."""
    path = content.encoded
    assert isinstance(path, Path)
    try:
        with path.open("rb") as file:
            is_here = stamp_of(os.fstat(file.fileno())) == content.stamp
            return is_here or digest_of_file(path, file) == content.digest
    except OSError:
        return False
