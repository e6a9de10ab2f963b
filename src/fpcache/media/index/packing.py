"""Fingerprints as bytes that are read back fast: a head in JSON, then the arrays as they lie in memory.

`MediaFingerprint.to_bytes` is for files that people keep; opening its archive takes seven times as long,
which shows where dozens are read for one answer.
"""

from __future__ import annotations

from json import dumps, loads
from typing import Any

import numpy as np

from fpcache.errors import MediaError
from fpcache.media.records import MediaFingerprint, Parts

__all__ = ["packed", "unpacked"]

_MARK = b"fpM\x01"
_ARCHIVE = b"PK"
_LENGTH_BYTES = 4
_START = len(_MARK) + _LENGTH_BYTES
_ALIGNED_BYTES = 8
_KINDS = "biuf"  # plain numbers


def packed(fingerprint: MediaFingerprint) -> bytes:
    """Return a fingerprint as bytes for `unpacked`."""
    parts = fingerprint.parts
    arrays = dict(parts.hashes)
    if parts.vector is not None:
        arrays[""] = parts.vector
    blobs, shapes = [], []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        blobs.append(data.tobytes().ljust(_aligned(data.nbytes), b"\0"))
        shapes.append([name, data.dtype.str, list(array.shape)])
    head = {
        "kind": fingerprint.kind, "digest": fingerprint.digest, "algorithm": fingerprint.algorithm,
        "metadata": dict(parts.metadata), "model": parts.model, "device": parts.device, "dtype": parts.dtype,
        "arrays": shapes,
    }  # fmt: skip
    text = dumps(head, separators=(",", ":")).encode()
    text = text.ljust(_aligned(_START + len(text)) - _START)
    return b"".join([_MARK, len(text).to_bytes(_LENGTH_BYTES, "little"), text, *blobs])


def unpacked(data: bytes) -> MediaFingerprint:
    """Return the fingerprint in `packed` bytes, or in those of `MediaFingerprint.to_bytes`.

    Raises
    ------
    MediaError
        If these are no such bytes.
    """
    if data.startswith(_ARCHIVE):
        return MediaFingerprint.from_bytes(data)
    try:
        return _read(data)
    except Exception as error:  # whatever damage leads to
        raise MediaError(f"these bytes hold no media fingerprint ({error})") from error


def _read(data: bytes) -> MediaFingerprint:
    if data[: len(_MARK)] != _MARK:
        raise ValueError("no mark")
    place = _START + int.from_bytes(data[len(_MARK) : _START], "little")
    head = loads(data[_START:place])
    own = bytearray(data)  # so that the arrays can be written to, like any others
    arrays: dict[str, Any] = {}
    for name, text, shape in head["arrays"]:
        dtype = np.dtype(text)
        if dtype.kind not in _KINDS or any(length < 0 for length in shape):
            raise ValueError(f"array of {text}")
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(own, dtype, count, place).reshape(shape)
        arrays[name] = array.astype(dtype.newbyteorder("="), copy=False)
        place += _aligned(count * dtype.itemsize)
    if place != len(data):
        raise ValueError(f"{len(data) - place} bytes too many")
    vector = arrays.pop("", None)
    parts = Parts(arrays, head["metadata"], vector, head["model"], head["device"], head["dtype"])
    return MediaFingerprint(head["kind"], head["digest"], head["algorithm"], parts)


def _aligned(size_bytes: int) -> int:
    """Return the size with what is filled up so that the next array lies where processors like it."""
    return -(-size_bytes // _ALIGNED_BYTES) * _ALIGNED_BYTES
