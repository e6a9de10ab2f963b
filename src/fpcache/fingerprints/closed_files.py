"""Files that are closed for good: ``with open(path) as f`` leaves one behind.

A closed file can only be asked what it was. An open one is never equal to
another.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.refused import refuse_file

__all__ = ["ClosedFile", "facts_of"]

_BUFFERED = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom)


class ClosedFile(NamedTuple):
    """All that a closed file of `open` still tells.

    Attributes
    ----------
    kind : str
        The name of its type in `io`.
    name : object
        The path or descriptor that it was opened with.
    mode : str
        Of the raw file, such as ``rb+``.
    text : tuple or None
        Encoding, error handler and line ends met; None for a binary file.
    attributes : dict
        Its own, such as ``mode``.
    """

    kind: str
    name: object
    mode: str
    text: tuple[str, str | None, object] | None
    attributes: dict[str, object]


def facts_of(file: Any) -> ClosedFile | None:
    """Return what a file tells; None where it is open, or over something else than a plain file."""
    kind = type(file)
    buffered = file.buffer if kind is io.TextIOWrapper else file
    raw = buffered.raw if type(buffered) in _BUFFERED else buffered
    if not file.closed or type(raw) is not io.FileIO:
        return None
    text = None
    if kind is io.TextIOWrapper:
        if file.line_buffering or file.write_through:
            return None
        text = (file.encoding, file.errors, file.newlines)
    own = {name: value for name, value in getattr(file, "__dict__", {}).items() if kind is not io.FileIO}
    return ClosedFile(kind.__name__, raw.name, raw.mode, text, own)


def encode_file(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a file of `open` that is closed."""
    facts = facts_of(obj)
    if facts is None:
        refuse_file(enc, obj)
        return
    enc.feed("closed file")
    enc.keep(facts)
    for name, fact in zip(facts._fields, facts, strict=True):
        yield f".{name}", fact


def encode_hdf5(enc: Encoder, obj: Any) -> None:
    """Encode an HDF5 file that is closed: it tells nothing."""
    if obj.id.valid:
        refuse_file(enc, obj)
    enc.feed("closed HDF5 file")
