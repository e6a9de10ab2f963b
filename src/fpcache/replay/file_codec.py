"""Closed files, made again as closed files; nothing that the user has is opened for it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.closed_files import ClosedFile, facts_of
from fpcache.replay.locate import UnstorableError, describe

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["rebuild_file", "rebuild_hdf5", "reduce_file", "reduce_hdf5"]


def reduce_file(writer: Writer, obj: Any) -> Any:
    """Reduce a closed file to what it still tells; an open one can't be stored."""
    facts = facts_of(obj) if type(obj).__module__ == "_io" else None
    if facts is None or "x" in facts.mode or (_has_lines(facts) and "+" in facts.mode):
        raise UnstorableError(f"is {describe(obj)}, which can't be stored", obj)
    return rebuild_file, tuple(facts)


def _has_lines(facts: ClosedFile) -> bool:
    return facts.text is not None and facts.text[2] is not None


def rebuild_file(kind: str, name: object, mode: str, text: Any, attributes: dict[str, object]) -> Any:
    """Return a closed file that tells the same as the one that was stored."""
    encoding, errors, newlines = text or (None, None, None)
    raw = io.FileIO(_source(encoding, newlines), mode.replace("b", ""))
    raw.name = name
    file: Any = raw if kind == "FileIO" else _buffered(raw, mode)
    if text is not None:
        file = io.TextIOWrapper(file, encoding=encoding, errors=errors)
        if newlines is not None:
            file.read()  # meets the line ends again
    file.close()
    getattr(file, "__dict__", {}).update(attributes)
    return file


def _buffered(raw: io.FileIO, mode: str) -> Any:
    if "+" in mode:
        return io.BufferedRandom(raw)
    return io.BufferedReader(raw) if mode.startswith("r") else io.BufferedWriter(raw)


def _source(encoding: str | None, newlines: str | tuple[str, ...] | None) -> str | int:
    """Return what to open: nothing, or a pipe that holds just these line ends."""
    if newlines is None:
        return os.devnull
    reading, writing = os.pipe()
    text = newlines if isinstance(newlines, str) else "-".join(newlines)
    with open(writing, "wb") as pipe:
        pipe.write(text.encode(encoding or "utf-8"))
    return reading


def reduce_hdf5(writer: Writer, obj: Any) -> Any:
    """Reduce a closed HDF5 file, which tells nothing any more."""
    if obj.id.valid:
        raise UnstorableError(f"is an open file ({describe(obj)}), which can't be stored", obj)
    return rebuild_hdf5, ()


def rebuild_hdf5() -> Any:
    """Return a closed HDF5 file; it was never on the disk."""
    import h5py

    file = h5py.File("closed", "w", driver="core", backing_store=False)
    file.close()
    return file
