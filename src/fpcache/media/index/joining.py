"""All pairs of codes that differ in few bits, without comparing each with each.

A code is cut into twelve pieces. Two that differ in few bits most likely have a piece in common: in 11 of
256 bits always, in 24 at random places in four of five cases. So codes are sorted by each piece, and those
whose pieces are equal are compared. Flips invert whole classes of bits, so of a piece and its complement the
lower one counts; for turns, each code is sorted in once more, mirrored at its diagonal.

References
----------
M. Norouzi, A. Punjani, D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import orientation_distances, transposed
from fpcache.media.index.features import Codes

__all__ = ["near_pairs"]

_PIECES = ((0, 21), (21, 21), (42, 22))
# Of very many equal pieces, such as those of blank pictures, each code is compared with the next ones only.
_NEXT = 16
_AT_ONCE = 1 << 17

Numbers = NDArray[np.int64]


def near_pairs(codes: Codes, within: int) -> tuple[Numbers, NDArray[np.int16]]:
    """Return pairs of places of codes that differ in at most so many bits, as fits best, and in how many.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n, 32)
    within : int

    Returns
    -------
    tuple of ndarray
        Places, int64, shape (m, 2), the lower one first, each pair once; and bits, int16, shape (m,). A few
        pairs that differ in more than 11 bits are missing.
    """
    count = len(codes)
    if not count:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int16)
    pairs, differing = np.zeros(0, np.int64), np.zeros(0, np.int16)
    words = [np.ascontiguousarray(each).view(np.uint64) for each in (codes, transposed(codes))]
    for number in range(4):
        for start, bits in _PIECES:
            keys = np.concatenate([_keys(each[:, number], start, bits, number > 0) for each in words])
            # Both places in one number, so that each pair is kept once; far ones are left out at once, as
            # there may be hundreds for each code.
            new = np.setdiff1d(np.concatenate([*_sharing(keys, count), pairs[:0]]), pairs)
            bits_apart = _differing(codes, new)
            is_near = bits_apart <= within
            pairs = np.concatenate([pairs, new[is_near]])
            differing = np.concatenate([differing, bits_apart[is_near]])
    order = np.argsort(pairs)
    pairs = pairs[order]
    return np.stack([pairs // count, pairs % count], axis=1), differing[order]


def _differing(codes: Codes, pairs: Numbers) -> NDArray[np.int16]:
    """Return in how many bits the codes of each pair differ, as fits best."""
    differing = np.zeros(len(pairs), np.int16)
    for begin in range(0, len(pairs), _AT_ONCE):
        one, other = np.divmod(pairs[begin : begin + _AT_ONCE], len(codes))
        differing[begin : begin + _AT_ONCE] = orientation_distances(codes[one], codes[other]).min(axis=-1)
    return differing


def _keys(words: NDArray[np.uint64], start: int, bits: int, is_odd: bool) -> NDArray[np.uint64]:
    mask = np.uint64((1 << bits) - 1)
    pieces = (words >> np.uint64(start)) & mask
    return np.minimum(pieces, pieces ^ mask) if is_odd else pieces


def _sharing(keys: NDArray[np.uint64], count: int) -> Iterator[Numbers]:
    """Yield pairs of equal keys, as ``lower * count + higher``; the second half is of mirrored codes."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    for step in range(1, _NEXT + 1):
        is_equal = keys[:-step] == keys[step:]
        if not is_equal.any():
            return
        one, other = order[:-step][is_equal], order[step:][is_equal]
        is_told = (one < count) | (other < count)  # of two mirrored ones nothing new
        one, other = one[is_told] % count, other[is_told] % count
        lower, higher = np.minimum(one, other), np.maximum(one, other)
        yield (lower * count + higher)[lower != higher]
