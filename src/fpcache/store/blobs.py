"""Bytes on disk, named by their content.

A blob is written under a temporary name and then renamed, so that under its
own name it is always whole; it is never changed or truncated afterwards, for
kernels may have it mapped. There is no fsync: what a power cut leaves behind
fails the check when it is read, and that costs one miss.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import re
import tempfile
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3

from fpcache.errors import CorruptEntryError
from fpcache.store.entry import BlobRef

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["MAP_FROM_BYTES", "Blobs", "raw_bytes", "reference_to"]

MAP_FROM_BYTES = 64 * 2**20
_PARALLEL_FROM_BYTES = 2**20
_WRITE_BYTES = 16 * 2**20  # a single write call moves at most 2 GiB
_SETTLED_S = 2.0
_DIGEST = re.compile(r"[0-9a-f]{64}")
_Stamp = tuple[int, int, int, int, int]


def raw_bytes(data: ReadableBuffer) -> memoryview:
    """Return a flat view of contiguous data, without a copy.

    Raises
    ------
    BufferError
        If the data is not contiguous.
    """
    return pickle.PickleBuffer(data).raw()


def reference_to(data: memoryview) -> BlobRef:
    """Return the reference under which bytes are stored."""
    return BlobRef(_digest_of(data), data.nbytes)


def _digest_of(data: memoryview | bytearray | mmap.mmap) -> str:
    """Return the blake3 digest, on all cores where that pays."""
    threads = blake3.AUTO if len(data) >= _PARALLEL_FROM_BYTES else 1
    return blake3(data, max_threads=threads).hexdigest()


class Blobs:
    """The blobs of one cache directory.

    Parameters
    ----------
    directory : Path
        Where they lie, in two levels of sub-directories.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._aside = directory / "aside"
        self._proved: dict[str, _Stamp] = {}

    def path(self, digest: str) -> Path:
        """Return where a blob lies; a digest from outside can't lead out of the directory."""
        if not _DIGEST.fullmatch(digest):
            raise CorruptEntryError(f"A stored entry names its bytes {digest[:80]!r}: no blake3 digest.")
        return self.directory / digest[:2] / digest[2:4] / digest

    def write(self, ref: BlobRef, data: memoryview) -> bool:
        """Write a blob unless it is there, and return whether it had to be written."""
        path = self.path(ref.digest)
        if self._freshen(path, ref.size_bytes):
            return False
        for directory in (self.directory, self._aside, path.parent.parent, path.parent):
            directory.mkdir(mode=0o700, exist_ok=True)  # `parents=True` would leave parents open to others
        descriptor, aside = tempfile.mkstemp(dir=self._aside)  # mkstemp: private to the user
        try:
            with open(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), data)
            os.replace(aside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(aside)
            raise
        return True

    def _freshen(self, path: Path, size_bytes: int) -> bool:
        """Say whether a whole blob is there, and restart its grace period if so."""
        try:
            if path.stat().st_size != size_bytes:
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def has(self, ref: BlobRef) -> bool:
        """Say whether a file of the right size is there, without reading it."""
        try:
            return self.path(ref.digest).stat().st_size == ref.size_bytes
        except (OSError, CorruptEntryError):
            return False

    def is_altered(self, digest: str) -> bool:
        """Say whether a file lies in a blob's place that has other content."""
        try:
            with self.path(digest).open("rb", buffering=0) as file:
                return _digest_of(_read(file, os.fstat(file.fileno()).st_size)) != digest
        except FileNotFoundError:
            return False

    def read(self, ref: BlobRef) -> memoryview:
        """Return a blob's bytes after checking size and digest.

        From 64 MiB on they are a private copy-on-write map. Its first read in
        this process checks all of it; later reads of the same unchanged file
        don't.

        Raises
        ------
        CorruptEntryError
            If the blob is missing, truncated or altered.
        """
        path = self.path(ref.digest)
        try:
            with path.open("rb", buffering=0) as file:
                state = os.fstat(file.fileno())
                if state.st_size != ref.size_bytes:
                    raise CorruptEntryError(f"The stored bytes {path} have the wrong size.")
                data = _map(file.fileno()) if state.st_size >= MAP_FROM_BYTES else _read(file, state.st_size)
        except FileNotFoundError:
            raise CorruptEntryError(f"The stored bytes {path} are missing.") from None
        if not self._is_proved(ref.digest, state, data):
            raise CorruptEntryError(f"The stored bytes {path} are not what was written.")
        return memoryview(data)

    def _is_proved(self, digest: str, state: os.stat_result, data: bytearray | mmap.mmap) -> bool:
        """Say whether the content has this digest; large content is digested once per process and file."""
        stamp = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        if self._proved.get(digest) == stamp:
            return True
        if _digest_of(data) != digest:
            return False
        # A file changed this recently could change again within one tick of its time stamps.
        if isinstance(data, mmap.mmap) and time.time() - state.st_ctime > _SETTLED_S:
            self._proved[digest] = stamp
        return True

    def delete(self, digest: str) -> int:
        """Delete a blob, and return how many bytes that freed."""
        path = self.path(digest)
        try:
            size_bytes = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        self._proved.pop(digest, None)
        return size_bytes

    def older_than(self, moment_s: float) -> Iterator[str]:
        """Yield the digests of the blobs last written or reused before a moment."""
        for path in self.directory.glob("??/??/*"):
            if _DIGEST.fullmatch(path.name) and _modified_s(path) < moment_s:
                yield path.name

    def is_older_than(self, digest: str, moment_s: float) -> bool:
        """Say whether a blob was last written or reused before a moment."""
        return _modified_s(self.path(digest)) < moment_s

    def sweep_aside(self, moment_s: float) -> None:
        """Delete what writers that were killed before a moment left behind."""
        for path in self._aside.glob("*"):
            if _modified_s(path) < moment_s:
                path.unlink(missing_ok=True)


def _modified_s(path: Path) -> float:
    """Return when a file was modified; a file that is gone counts as new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _write_all(descriptor: int, data: memoryview) -> None:
    """Write all of it, in pieces."""
    start = 0
    while start < data.nbytes:
        start += os.write(descriptor, data[start : start + _WRITE_BYTES])


def _read(file: FileIO, size_bytes: int) -> bytearray:
    """Read a whole file; into a bytearray, so that arrays over it are writable."""
    data = bytearray(size_bytes)
    view = memoryview(data)
    start = 0
    while start < size_bytes:
        moved = file.readinto(view[start:])
        if not moved:
            break  # truncated meanwhile: the digest will not match
        start += moved
    return data


def _map(descriptor: int) -> mmap.mmap:
    """Map a whole file so that writes stay in this process."""
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY)
