"""What each frame is like: hashes of it in several windows, and how much it says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import packed, rounded_cosines
from fpcache.media.video.borders import Window

__all__ = ["coefficients", "frame_hashes", "frame_weights"]

_SIDE = 16
_SCALE = 1024
_AT_ONCE = 64
_PLAIN_DEVIATION, _FULL_DEVIATION = 3.0, 10.0
_NEW_BITS = 48
_HARDLY_BITS = 8


def coefficients(planes: NDArray[np.uint8], window: Window) -> Iterator[NDArray[np.float64]]:
    """Yield the 16 x 16 lowest cosine coefficients of many frames' windows, some frames at a time.

    They are whole numbers, so that they come out the same on any machine, as in `fpcache.media.image.dct`.
    """
    rows, columns = window
    down = rounded_cosines(_SIDE, rows.stop - rows.start, _SCALE)
    across = rounded_cosines(_SIDE, columns.stop - columns.start, _SCALE)
    for start in range(0, len(planes), _AT_ONCE):
        pixels = planes[start : start + _AT_ONCE, rows, columns].astype(np.float64)
        yield down @ (pixels - np.rint(pixels.mean(axis=(1, 2), keepdims=True))) @ across.T


def frame_hashes(planes: NDArray[np.uint8], windows: list[Window]) -> NDArray[np.uint8]:
    """Return a hash of each frame in each window, uint8, shape (n, windows, 32)."""
    by_window = [
        np.concatenate([packed(some) for some in coefficients(planes, window)]) for window in windows
    ]
    return np.stack(by_window, axis=1)


def frame_weights(
    planes: NDArray[np.uint8], window: Window, hashes: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return from 0 to 1 how much each frame says, beyond what those before it said.

    A plain frame, such as a black one, says nothing; one that is like the last hardly anything.

    Parameters
    ----------
    planes : ndarray of uint8, shape (n, height, width)
    window : Window
        Where to look.
    hashes : ndarray of uint8, shape (n, 32)
        Of that window.
    """
    rows, columns = window
    deviation = np.array([plane[rows, columns].std() for plane in planes])
    contrast = np.clip((deviation - _PLAIN_DEVIATION) / (_FULL_DEVIATION - _PLAIN_DEVIATION), 0, 1)
    return (contrast * _novelty(hashes)).astype(np.float32)


def _novelty(hashes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how far each frame goes beyond all since the last one that was entirely new."""
    words = [int.from_bytes(row.tobytes(), "big") for row in hashes]
    novelty = np.ones(len(words))
    anchor, reached = words[0], 0
    for index, word in enumerate(words[1:], 1):
        differing = (word ^ anchor).bit_count() - _HARDLY_BITS
        gained = max(min(differing, _NEW_BITS) - reached, 0)
        novelty[index] = gained / _NEW_BITS
        reached += gained
        if reached >= _NEW_BITS:
            anchor, reached = word, 0
    return novelty
