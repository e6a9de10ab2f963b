"""Marks of the directories that were made for artifacts: only those are listed and cleared.

A mark is an empty file. It is the first thing in its directory and the last to be
removed, and whoever prepares or clears what is in the directory holds its lock.
"""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from fpcache.artifacts.locks import locked
from fpcache.errors import StoreUnavailableError

__all__ = ["MARK", "is_marked", "mark_if_empty", "preparing", "remove_damaged"]

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


def remove_damaged(path: Path) -> None:
    """Remove a file of an artifact, or what lies in its place, if there is anything.

    Raises
    ------
    StoreUnavailableError
        If it is a directory and what it is in was not made for artifacts, or if it can't be removed.
    """
    is_directory = path.is_dir() and not path.is_symlink()
    if is_directory and not is_marked(path.parent.parent):
        raise StoreUnavailableError(f"{path} is a directory where a file belongs; remove it")
    try:
        if is_directory:
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{path} can't be removed: {error.strerror}; remove it") from error
