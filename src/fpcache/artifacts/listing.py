"""What artifacts there are, how large they are, and how to be rid of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpcache.artifacts.generating import ABOUT, COMPLETE, LOCK
from fpcache.artifacts.locks import locked
from fpcache.artifacts.marks import MARK, is_marked
from fpcache.artifacts.names import module_name, safe_name
from fpcache.artifacts.places import state_of
from fpcache.artifacts.switches import base_directory
from fpcache.errors import StoreError

__all__ = ["Kept", "clear", "list_kept", "size"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for one dataset state and module.

    Attributes
    ----------
    dataset_config, dataset_fingerprint, module : str
        As the directories are named; equal to what was given unless that
        holds signs that not every system takes.
    directory : Path
        Where it lies.
    size_bytes : int
        Of all files below.
    complete, unfinished : int
        How many artifacts of `generate` are there as a whole, and in part.
    made_by : tuple of str
        The functions that made them.
    """

    dataset_config: str
    dataset_fingerprint: str
    module: str
    directory: Path
    size_bytes: int
    complete: int
    unfinished: int
    made_by: tuple[str, ...]


def list_kept(dataset: Any = None, module: object = None) -> tuple[Kept, ...]:
    """Return what is kept, sorted by its directories; of one dataset or module where they are given.

    Raises
    ------
    StoreError
        If the dataset has no fingerprint.
    """
    return tuple(_kept(directory) for directory in _directories(dataset, module))


def size(dataset: Any = None, module: object = None) -> int:
    """Return how many bytes are kept; of one dataset or module where they are given."""
    return sum(_size_bytes(directory) for directory in _directories(dataset, module))


def clear(dataset: Any = None, module: object = None) -> int:
    """Delete what is kept; of one dataset or module where they are given.

    What is being generated at present stays, and so do directories given by
    ``explicit=``, those of datasets without a fingerprint, and those that
    `cache_dir_for` found there with something in them.

    Returns
    -------
    int
        How many bytes that freed.
    """
    freed = 0
    for directory in list(_directories(dataset, module)):
        before = _size_bytes(directory)
        with contextlib.suppress(OSError), locked(directory / MARK, create=False):
            _clear_held(directory)
        freed += before - _size_bytes(directory)
        for parent in (directory.parent, directory.parent.parent):
            with contextlib.suppress(OSError):
                parent.rmdir()  # where nothing else is left in it
    return freed


def _clear_held(directory: Path) -> None:
    """Delete what is in a directory whose lock is held, the mark last, unless something is being made."""
    for artifact in _artifacts(directory):
        with contextlib.suppress(OSError), locked(artifact / LOCK, wait=False, create=False) as is_free:
            if is_free:
                shutil.rmtree(artifact, ignore_errors=True)
    if any(_artifacts(directory)):
        return
    for path in list(directory.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != MARK:
            path.unlink(missing_ok=True)
    if os.listdir(directory) == [MARK]:
        (directory / MARK).unlink()
        directory.rmdir()


def _directories(dataset: Any, module: object) -> Iterator[Path]:
    """Yield the marked directories of modules, never through a link."""
    config, state = _wanted(dataset)
    name = safe_name(module_name(module)) if module is not None else None
    base = base_directory()
    for one in _below(base, config):
        for two in _below(one, state):
            yield from filter(is_marked, _below(two, name))


def _wanted(dataset: Any) -> tuple[str | None, str | None]:
    if dataset is None:
        return None, None
    state = state_of(dataset)
    if state is None:
        raise StoreError(f"a {type(dataset).__name__} has no fingerprint, so nothing is kept for it")
    return safe_name(state.config), safe_name(state.fingerprint)


def _below(directory: Path, name: str | None) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        found = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False))
        yield from (directory / one for one in found if name is None or one == name)


def _artifacts(directory: Path) -> list[Path]:
    return [one for one in _below(directory, None) if (one / LOCK).is_file()]


def _kept(directory: Path) -> Kept:
    artifacts = _artifacts(directory)
    complete = sum((one / COMPLETE).is_file() for one in artifacts)
    return Kept(
        dataset_config=directory.parent.parent.name,
        dataset_fingerprint=directory.parent.name,
        module=directory.name,
        directory=directory,
        size_bytes=_size_bytes(directory),
        complete=complete,
        unfinished=len(artifacts) - complete,
        made_by=tuple(sorted({_made_by(one) for one in artifacts})),
    )


def _made_by(artifact: Path) -> str:
    try:
        return str(json.loads((artifact / ABOUT).read_bytes())["made_by"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def _size_bytes(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total
