"""Items on disk: files of some items each, chained, signed, and checked before anything in them is loaded.

A chunk is written aside and renamed, so that under its own name it is whole. It
names the digest of the chunk before it: chunks of two runs can't be mixed. Its
signature is made with the user's key, since loading items runs what pickle finds.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import json
import os
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from fpcache.errors import CorruptEntryError, StoreUnavailableError, UncacheableError
from fpcache.store.keys import load_key, sign_memo

__all__ = [
    "START",
    "Chunk",
    "chunk_path",
    "pickled",
    "read_chunk",
    "read_signed",
    "scan",
    "signed_line",
    "write_chunk",
    "write_file",
]

START = "start"
"""What the first chunk names in place of a chunk before it."""

_FORMAT = "artifact of items pickled one by one"
"""Is signed too, so that chunks of another format are not loaded."""
_MOST_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is known of one chunk.

    Attributes
    ----------
    artifact : str
        The fingerprint of what it belongs to.
    index, first, items : int
        Which chunk, which item comes first, how many items.
    previous : str
        The digest of the chunk before it, or `START`.
    size_bytes : int
        Of the items' bytes.
    digest : str
        Of the items' bytes.
    """

    artifact: str
    index: int
    first: int
    items: int
    previous: str
    size_bytes: int
    digest: str


def chunk_path(directory: Path, index: int) -> Path:
    """Return where a chunk lies."""
    return directory / f"chunk-{index:06d}.bin"


def pickled(item: Any, number: int) -> bytes:
    """Return an item as it is now, as bytes that were loaded once to see that they can be.

    Raises
    ------
    UncacheableError
        For an item that can't be pickled, or not be loaded again.
    """
    lacking = "stored"
    try:
        payload = pickle.dumps(item, protocol=5)
        lacking = "loaded again once it is stored"
        pickle.loads(payload)
    except Exception as error:  # the items' own code decides what it raises; the reason is passed on
        raise UncacheableError(
            f"item {number}, a {type(item).__qualname__}, can't be {lacking} "
            f"({type(error).__name__}: {error}); yield plain data, arrays, or objects that can be pickled"
        ) from error
    return payload


def write_chunk(directory: Path, before: Chunk | None, artifact: str, items: Sequence[bytes]) -> Chunk:
    """Write the chunk after another one, of items that are pickled.

    Raises
    ------
    StoreUnavailableError
        If the directory can't be written to.
    """
    index, first, previous = (
        (before.index + 1, before.first + before.items, before.digest) if before else (0, 0, START)
    )
    payload = b"".join(items)
    chunk = Chunk(artifact, index, first, len(items), previous, len(payload), blake3(payload).hexdigest())
    write_file(chunk_path(directory, index), signed_line(asdict(chunk)) + payload)
    return chunk


def write_file(path: Path, content: bytes) -> None:
    """Write a file aside and rename it.

    Raises
    ------
    StoreUnavailableError
        If that fails.
    """
    aside = ""
    try:
        descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".aside-")
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        if isinstance(error, OSError):
            raise StoreUnavailableError(
                f"{path} can't be written: {error.strerror}. Make room, or give explicit= another directory"
            ) from error
        raise


def signed_line(fields: dict[str, Any]) -> bytes:
    """Return fields as a line of JSON after their signature."""
    text = json.dumps(fields, sort_keys=True).encode()
    return _signature(text).encode() + b" " + text + b"\n"


def _signature(text: bytes) -> str:
    return sign_memo(load_key(), _FORMAT, text).hex()


def _open_line(line: bytes, path: Path) -> dict[str, Any]:
    """Return the fields of a signed line."""
    signature, _, text = line.rstrip(b"\n").partition(b" ")
    if not hmac.compare_digest(signature, _signature(text).encode()):
        raise CorruptEntryError(
            f"{path} was not written with your key or not by this version, or was damaged since."
        )
    fields: dict[str, Any] = json.loads(text)
    return fields


def read_signed(path: Path) -> dict[str, Any]:
    """Return the fields of a file that is one signed line.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CorruptEntryError
        If it is damaged, or was written with another key.
    """
    return _open_line(path.read_bytes(), path)


def read_chunk(directory: Path, index: int, *, items: bool = True) -> tuple[Chunk, list[Any]]:
    """Return a chunk, and its items where they are asked for.

    Raises
    ------
    FileNotFoundError
        If there is no such chunk.
    CorruptEntryError
        If it is damaged, was written with another key, or can't be loaded.
    """
    path = chunk_path(directory, index)
    with path.open("rb") as file:
        line = file.readline(_MOST_HEADER_BYTES)
        payload = file.read()
    chunk = Chunk(**_open_line(line, path))
    if (
        len(payload) != chunk.size_bytes
        or blake3(payload).hexdigest() != chunk.digest
        or chunk.index != index
    ):
        raise CorruptEntryError(f"{path} is damaged: its bytes are not what was written.")
    if not items:
        return chunk, []
    try:
        file_of_items = io.BytesIO(payload)
        return chunk, [pickle.load(file_of_items) for _ in range(chunk.items)]
    except Exception as error:  # the items' own code decides what it raises; the reason is passed on
        raise CorruptEntryError(
            f"The items in {path} can't be loaded: {type(error).__name__}: {error}."
        ) from error


def scan(directory: Path, artifact: str) -> Iterator[Chunk]:
    """Yield the chunks of an artifact in order, each checked against its digest and the chunk before it.

    Raises
    ------
    CorruptEntryError
        At the first that is not as it was written.
    """
    before: Chunk | None = None
    while True:
        index = before.index + 1 if before else 0
        try:
            chunk, _ = read_chunk(directory, index, items=False)
        except FileNotFoundError:
            return
        except OSError as error:
            raise CorruptEntryError(
                f"{chunk_path(directory, index)} can't be read: {error.strerror}."
            ) from error
        expected = (before.digest, before.first + before.items) if before else (START, 0)
        if chunk.artifact != artifact or (chunk.previous, chunk.first) != expected:
            raise CorruptEntryError(f"{chunk_path(directory, index)} does not follow the chunk before it.")
        yield chunk
        before = chunk
