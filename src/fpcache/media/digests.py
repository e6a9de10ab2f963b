"""Exact digests of content; a file that did not change since is not read again."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import blake3

from fpcache.own_work import quiet

if TYPE_CHECKING:
    import numpy as np

__all__ = ["digest_of_array", "digest_of_bytes", "digest_of_file", "stamp_of"]

_CHUNK_BYTES = 1 << 20
_MOST_KNOWN = 100_000
_SETTLED_S = 2.0
_DIGEST_BYTES = 16

Stamp = tuple[int, int, int, int, int]

_known: OrderedDict[tuple[str, Stamp], str] = OrderedDict()
_lock = threading.Lock()


def digest_of_bytes(data: bytes | memoryview) -> str:
    """Return the digest of bytes.

    Examples
    --------
    >>> digest_of_bytes(b"abc")
    '6437b3ac38465133ffb63b75273a8db5'
    """
    return blake3.blake3(data).hexdigest(length=_DIGEST_BYTES)


def digest_of_array(array: np.ndarray[Any, Any], more: str = "") -> str:
    """Return the digest of an array's type, shape and elements, and of what more is said of it."""
    import numpy as np

    digest = blake3.blake3(f"{array.dtype.str} {array.shape} {more}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest(length=_DIGEST_BYTES)


def digest_of_file(path: Path, file: BinaryIO) -> str:
    """Return the digest of a file's content, as `digest_of_bytes` would.

    A digest is remembered for the file's inode, size and times. It is so only
    where the last change was over two seconds before the reading began, as two
    changes within one tick of the file system's clock can't be told apart.

    Parameters
    ----------
    path : Path
        Where it is.
    file : file object
        The file, open for reading: opening is what shows observers of a run that it was read.
    """
    place, began_s = os.path.abspath(path), time.time()
    with quiet():  # in a cached cell the file's content is an input, and not its times
        before = stamp_of(os.fstat(file.fileno()))
    with _lock:
        if (place, before) in _known:
            _known.move_to_end((place, before))
            return _known[place, before]
    file.seek(0)
    digest = blake3.blake3()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    told = digest.hexdigest(length=_DIGEST_BYTES)
    changed_s = max(before[2], before[3]) / 1e9
    if stamp_of(os.fstat(file.fileno())) == before and changed_s + _SETTLED_S < began_s:
        with _lock:
            _known[place, before] = told
            while len(_known) > _MOST_KNOWN:
                _known.popitem(last=False)
    return told


def stamp_of(found: os.stat_result) -> Stamp:
    """Return what tells a file's state, but for writes within one tick of the file system's clock."""
    return found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
