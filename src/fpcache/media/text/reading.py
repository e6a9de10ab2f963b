"""Bytes and files as text, a piece at a time; what is no text is refused with a reason."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from fpcache.errors import MediaError

__all__ = ["MOST_BYTES", "read_text"]

MOST_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(
    source: bytes | bytearray | memoryview | str | os.PathLike[str],
    *,
    encoding: str | None = None,
    most_bytes: int = MOST_BYTES,
) -> Iterator[str]:
    """Decode a text piece by piece, in bounded memory.

    Parameters
    ----------
    source : bytes-like, or str or path-like
        The encoded text itself, or the path of a file that holds it.
    encoding : str, optional
        How it is encoded. By default what a byte order mark says, and UTF-8 without one; nothing is guessed.
    most_bytes : int
        How much is read before the source is refused.

    Yields
    ------
    str
        Pieces of the text, none of them empty.

    Raises
    ------
    MediaError
        If it can't be read, is not encoded like that, ends inside a character, holds NUL (so is no
        text), or is larger than `most_bytes`.

    Examples
    --------
    >>> list(read_text("naïve".encode()))
    ['naïve']
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        where = "the bytes given"
        chunks = _slices(memoryview(source).cast("B"))
    elif isinstance(source, (str, os.PathLike)):
        where = f"'{os.fspath(source)}'"
        chunks = _file_chunks(Path(source))
    else:
        raise MediaError(f"a text is read from bytes or from a path, not from {type(source).__name__}")
    return _decoded(_bounded(chunks, where, most_bytes), where, encoding)


def _slices(view: memoryview) -> Iterator[bytes]:
    for start in range(0, len(view), _CHUNK_BYTES):
        yield bytes(view[start : start + _CHUNK_BYTES])


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except (OSError, ValueError) as error:
        raise MediaError(f"can't read the text '{path}' ({error}); check the path") from error


def _bounded(chunks: Iterator[bytes], where: str, most_bytes: int) -> Iterator[bytes]:
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > most_bytes:
            raise MediaError(f"{where}: holds more than {most_bytes} bytes; pass most_bytes= to allow more")
        yield chunk


def _decoded(chunks: Iterator[bytes], where: str, encoding: str | None) -> Iterator[str]:
    first = next(chunks, b"")
    fed_bytes = 0
    if encoding is None:
        encoding, fed_bytes = _marked(first)
    decoder = _decoder(encoding)
    for chunk in chain([first[fed_bytes:]] if first[fed_bytes:] else [], chunks, [b""]):
        held = len(decoder.getstate()[0])
        try:
            piece = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise MediaError(_complaint(where, error, fed_bytes - held + error.start)) from error
        if "\0" in piece:
            raise MediaError(f"{where}: holds NUL, so it is no {encoding} text; perhaps another encoding= is")
        if piece:
            yield piece
        fed_bytes += len(chunk)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        b"a".decode(encoding, "replace")  # says so if it is one from bytes to bytes
        return codecs.getincrementaldecoder(encoding)()
    except LookupError as error:
        raise MediaError(f"Python has no text encoding '{encoding}'; see its `codecs` page") from error


def _marked(start: bytes) -> tuple[str, int]:
    """Return the encoding that a byte order mark says, and the mark's length."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    return "utf-8", 0


def _complaint(where: str, error: UnicodeDecodeError, place: int) -> str:
    if error.reason.startswith(("unexpected end", "incomplete", "truncated")):
        return (
            f"{where}: ends inside a character at byte {place}; it was cut off: get it whole, or drop its end"
        )
    return (
        f"{where}: byte {place} is no {error.encoding} ({error.reason}); "
        "if this is a text, pass encoding=, such as 'cp1252' or 'shift_jis'"
    )
