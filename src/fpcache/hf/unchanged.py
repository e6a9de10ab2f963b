"""Whether the files that count stayed as they were while rows were made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fpcache.hf.reports import Report
from fpcache.hf.wishes import DependsOn, paths_given

__all__ = ["Stamps", "changed_files", "given_again", "stamps_of"]

Stamps = Mapping[str, tuple[int, ...]]
"""Size, inode and times of files, by path."""


def stamps_of(report: Report, depends_on: DependsOn) -> Stamps:
    """Return the stamps of all files that count for a report."""
    named = [one.name for one in report.taken if one.how == "file"]
    paths = [*named, *paths_given(depends_on)]
    return {path: _stamp(path) for path in _files(paths)}


def given_again(depends_on: DependsOn) -> DependsOn:
    """Return what can be looked at more than once, of what may be an iterator."""
    return list(depends_on) if isinstance(depends_on, Iterator) else depends_on


def _files(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            yield from (str(one) for one in Path(path).rglob("*"))
        yield path


def _stamp(path: str) -> tuple[int, ...]:
    try:
        state = os.stat(path)
    except OSError:
        return ()
    return (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def changed_files(before: Stamps, report: Report, depends_on: DependsOn) -> list[str]:
    """Return which files came, went or changed since their stamps were taken, sorted."""
    after = stamps_of(report, depends_on)
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
