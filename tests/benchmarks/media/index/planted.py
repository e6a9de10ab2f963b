"""Made-up fingerprints of pictures, of which some are near another: fast to make, as many as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpcache.media import MediaFingerprint, Parts

__all__ = ["Planted", "fingerprints", "plant"]

_PER_CLUSTER = 50
_SPREAD = 1.0
_VECTOR_NOISE = 0.35
_CHANGED_BITS = 6
_SOME = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """What is searched in, and what is searched for.

    Attributes
    ----------
    vectors : ndarray of float16, shape (n, d)
        In clusters, as those of real pictures are.
    codes : ndarray of uint8, shape (n, 32)
        Random bits.
    asked_vectors, asked_codes : ndarray
        Changed copies of some of them.
    sources : ndarray of int64
        Of which.
    """

    vectors: NDArray[np.float16]
    codes: NDArray[np.uint8]
    asked_vectors: NDArray[np.float16]
    asked_codes: NDArray[np.uint8]
    sources: NDArray[np.int64]


def plant(items: int, size: int, queries: int, seed: int = 0) -> Planted:
    """Make items and queries."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, items // _PER_CLUSTER), size), np.float32)
    vectors = np.empty((items, size), np.float16)
    for start in range(0, items, _SOME):
        count = min(_SOME, items - start)
        own = centres[random.integers(0, len(centres), count)]
        vectors[start : start + count] = _unit(own + _SPREAD * random.standard_normal(own.shape, np.float32))
    codes = random.integers(0, 256, (items, 32), dtype=np.uint8)
    sources = random.choice(items, queries, replace=False).astype(np.int64)
    noise = random.standard_normal((queries, size), np.float32) / np.sqrt(np.float32(size))
    asked = _unit(vectors[sources].astype(np.float32) + _VECTOR_NOISE * noise)
    bits = np.unpackbits(codes[sources], axis=1)
    for row in bits:
        row[random.choice(256, _CHANGED_BITS, replace=False)] ^= 1
    return Planted(vectors, codes, asked, np.packbits(bits, axis=1), sources)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float16]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def fingerprints(
    vectors: NDArray[np.float16], codes: NDArray[np.uint8], name: str
) -> Iterator[MediaFingerprint]:
    """Return fingerprints without keypoints, whose digests begin with a name."""
    none = {"places": np.zeros((0, 3), np.int16), "patches": np.zeros((0, 16), np.uint8)}
    for number, (vector, code) in enumerate(zip(vectors, codes, strict=True)):
        parts = Parts({"global": np.stack([code, code]), **none}, {}, vector, "planted-1")
        yield MediaFingerprint("image", f"{name}{number}", "image-1", parts)
