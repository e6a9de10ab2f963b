"""Hashes from the signs of a 2-D cosine transform, whose eight orientations follow by algebra.

Mirroring a picture negates the coefficients of odd frequencies along that axis, and a turn about the diagonal
transposes them. So bits are kept by the parity of their frequencies, even or odd down and across: each class
is one 64-bit word, a flip inverts two of the four words, and all eight distances come from eight partial
ones.

All arithmetic is on whole numbers, in float64 for its speed: sums stay below 2**53, so any order of summation
gives the same bits, whatever the library, thread count or device.

References
----------
Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, for hashes of low
frequencies; Davis and Rosen, "Open-sourcing photo- and video-matching technology" (PDQ), 2019, for 256 bits
of 16 x 16 frequencies and for hashing all eight orientations.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcache.errors import MediaError

__all__ = ["HASH_BITS", "HASH_BYTES", "LOW_BAND", "hash_distance", "luma_hashes", "orientation_distances"]

HASH_BITS = 255  # 16 x 16 frequencies less the mean
HASH_BYTES = 32
_SIDE = 16
_HALF = _SIDE // 2
_SCALE = 1024
# 8 bits of pixel, 10 of each cosine and the number of pixels must fit the 53 bits that float64 holds exactly.
_LARGEST_FRAME_PIXELS = 1 << 24

Bytes = NDArray[np.uint8]


def luma_hashes(frames: Bytes) -> Bytes:
    """Hash grey pictures by the signs of their 255 lowest frequencies, all in one product.

    The picture may be of any size and shape; only what a 16 x 16 grid of frequencies holds counts, so that
    scaling, also unevenly, leaves the hash as it is. For video, pass decoded luma planes directly.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n, height, width)
        Luma planes of one size, each of at least 2 x 2 and at most 2**24 pixels.

    Returns
    -------
    ndarray of uint8, shape (n, 32)
        Packed bits, by parity of frequency: even-even, even-odd, odd-even, odd-odd (down, across). Compare
        them with `hash_distance`.

    Raises
    ------
    MediaError
        If `frames` is of another shape, type or size.

    Examples
    --------
    >>> frames = np.random.default_rng(0).integers(0, 256, (1, 48, 64), np.uint8)
    >>> hash_distance(luma_hashes(frames), luma_hashes(frames[:, :, ::-1]))
    array([0], dtype=int16)
    """
    _check(frames)
    _, height, width = frames.shape
    sums = frames.sum(axis=(1, 2), dtype=np.int64)
    means = (2 * sums + height * width) // (2 * height * width)
    centred = frames.astype(np.float64) - means[:, None, None]
    coefficients = basis(height) @ centred @ basis(width).T
    return packed(coefficients)


def packed(coefficients: NDArray[Any]) -> Bytes:
    """Return the signs of coefficients, shape (n, 16, 16), as bytes, shape (n, 32)."""
    count = len(coefficients)
    is_positive = coefficients > 0
    is_positive[:, 0, 0] = False
    by_parity = is_positive.reshape(count, _HALF, 2, _HALF, 2).transpose(0, 2, 4, 1, 3)
    return np.packbits(by_parity.reshape(count, -1), axis=1)


def hash_distance(a: Bytes, b: Bytes) -> NDArray[np.int16]:
    """Return in how many of 255 bits two hashes differ, oriented as fits best; unrelated ones in about 110.

    Parameters
    ----------
    a, b : ndarray of uint8, shape (..., 32)
        Hashes as `luma_hashes` gives them; the leading axes are broadcast, so that ``a[:, None], b[None]``
        compares each with each.

    Returns
    -------
    ndarray of int16
        The least Hamming distance over four turns and their mirror images, of the broadcast shape.
    """
    least: NDArray[np.int16] = orientation_distances(a, b).min(axis=-1)
    return least


def orientation_distances(a: Bytes, b: Bytes, band: NDArray[np.uint64] | None = None) -> NDArray[np.int16]:
    """Return the distances in all eight orientations, as the last axis; the first four without transposing.

    Parameters
    ----------
    a, b : ndarray of uint8, shape (..., 32)
        Hashes, as for `hash_distance`.
    band : ndarray of uint64, shape (4,), optional
        The bits that count, such as `LOW_BAND`; all by default.
    """
    counted = _WHOLE_BAND if band is None else band
    sizes = bit_counts(counted)
    words_b = _words(b)
    upright, turned = (bit_counts((_words(each) ^ words_b) & counted) for each in (a, transposed(a)))
    flipped = [over_flips(np.moveaxis(each, -1, 0), sizes) for each in (upright, turned)]
    return np.stack([*flipped[0], *flipped[1]], axis=-1).astype(np.int16)


def over_flips(differing: NDArray[Any], sizes: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the distances as is, mirrored left-right, top-bottom and both, from the four parity classes'.

    Parameters
    ----------
    differing : ndarray of integers, shape (4, ...)
        Differing bits of each class.
    sizes : ndarray of integers, shape (4,)
        How many bits the classes have.
    """
    even, across, down, both = differing
    across_off, down_off, both_off = (sizes[index] - differing[index] for index in (1, 2, 3))
    return (
        even + across + down + both,
        even + across_off + down + both_off,
        even + across + down_off + both_off,
        even + across_off + down_off + both,
    )


def transposed(hashes: Bytes) -> Bytes:
    """Return the hashes of the pictures mirrored at their main diagonal."""
    leading = hashes.shape[:-1]
    bits = np.unpackbits(np.ascontiguousarray(hashes), axis=-1).reshape(*leading, 2, 2, _HALF, _HALF)
    mirrored = np.swapaxes(np.swapaxes(bits, -4, -3), -2, -1)
    return np.packbits(mirrored.reshape(*leading, -1), axis=-1)


def bit_counts(words: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the number of set bits of each unsigned integer."""
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(words))
    octets = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, words.itemsize)
    return np.asarray(_COUNT_OF_BYTE[octets].sum(axis=-1), np.uint8)


@lru_cache(maxsize=64)
def basis(length: int) -> NDArray[np.float64]:
    """Return the cosines of the 16 frequencies, whole numbers, shape (16, length)."""
    return rounded_cosines(_SIDE, length, _SCALE)


def rounded_cosines(frequencies: int, length: int, scale: int) -> NDArray[np.float64]:
    """Return whole-number cosines, shape (frequencies, length), exactly even or odd about the middle."""
    steps = np.arange(frequencies)[:, None] * (2 * np.arange((length + 1) // 2) + 1)
    half = np.rint(scale * np.cos(np.pi / (2 * length) * steps))
    if length % 2:
        half[1::2, -1] = 0
    signs = np.where(np.arange(frequencies) % 2, -1, 1)[:, None]
    return np.concatenate([half, signs * half[:, : length // 2][:, ::-1]], axis=1)


def _words(hashes: Bytes) -> NDArray[np.uint64]:
    words: NDArray[np.uint64] = np.ascontiguousarray(hashes).view(np.uint64)
    return words


def _check(frames: Bytes) -> None:
    if frames.ndim != 3 or frames.dtype != np.uint8:
        raise MediaError(
            f"luma planes must be uint8 of shape (n, height, width), not {frames.dtype} {frames.shape}; "
            "convert to greyscale and stack planes of one size"
        )
    _, height, width = frames.shape
    if min(height, width) < 2 or height * width > _LARGEST_FRAME_PIXELS:
        raise MediaError(
            f"luma planes of {width} x {height} can't be hashed; scale them to between 2 x 2 and 4096 x 4096"
        )


def _low_band() -> NDArray[np.uint64]:
    is_low = np.zeros((1, _SIDE, _SIDE))
    is_low[:, :_HALF, :_HALF] = 1
    words: NDArray[np.uint64] = _words(packed(is_low))[0]
    return words


_COUNT_OF_BYTE = np.array([bin(value).count("1") for value in range(256)], np.uint8)
_WHOLE_BAND = np.full(4, np.uint64(0xFFFFFFFFFFFFFFFF))
LOW_BAND = _low_band()
