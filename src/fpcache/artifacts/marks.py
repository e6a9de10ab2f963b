"""Marks of the directories that were made for artifacts: only those are listed and cleared.

A mark is an empty file. It is the first thing in its directory and the last to be
removed, and whoever prepares or clears what is in the directory holds its lock.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from fpcache.artifacts.locks import locked

__all__ = ["MARK", "is_marked", "mark_if_empty", "preparing"]

MARK = ".fpcache-artifacts"


def is_marked(directory: Path) -> bool:
    """Return whether a directory was made for artifacts."""
    return (directory / MARK).is_file()


def mark_if_empty(directory: Path) -> None:
    """Mark a directory, unless there is something in it that others may have put there.

    Raises
    ------
    OSError
        If that fails; `FileNotFoundError` if the directory was removed meanwhile.
    """
    with os.scandir(directory) as entries:
        is_empty = next(entries, None) is None
    if is_empty:
        os.close(os.open(directory / MARK, os.O_WRONLY | os.O_CREAT, 0o600))


def preparing(directory: Path, *, is_explicit: bool) -> AbstractContextManager[object]:
    """Return a context in which a directory is not cleared; nothing is held where it is not marked.

    Raises
    ------
    FileNotFoundError
        If the directory was cleared since it was prepared, here or on entering.
    """
    names = os.listdir(directory)
    if MARK in names:
        return locked(directory / MARK, create=False)
    if not names and not is_explicit:
        raise FileNotFoundError(f"{directory} was cleared")
    return nullcontext()
