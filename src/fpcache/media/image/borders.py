"""Finding the plain borders of a picture: frames, letterboxes, page margins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Window", "inner_window"]

_FLAT_RANGE = 20  # grey levels within one line of a border, as JPEG leaves them
_DRIFT = 10  # between the outermost line's mean and another's
_MOST_SHARE = 0.42
_LEAST_LINES = 2

Window = tuple[slice, slice]


def inner_window(luma: NDArray[np.uint8]) -> Window:
    """Return rows and columns of what plain borders leave; all of it where there are none."""
    top, bottom = _span(luma)
    left, right = _span(luma[top:bottom].T)
    # A frame's sides end above and below, so the other way round once more.
    top, bottom = _span(luma[:, left:right])
    return slice(top, bottom), slice(left, right)


def _span(luma: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the first and the end row between the borders at the top and the bottom."""
    lowest, highest = luma.min(axis=1).astype(np.int32), luma.max(axis=1).astype(np.int32)
    middle = luma.sum(axis=1, dtype=np.int64) // luma.shape[1]
    is_flat = highest - lowest <= _FLAT_RANGE
    before = _border(is_flat, middle)
    after = _border(is_flat[::-1], middle[::-1])
    return before, len(luma) - after


def _border(is_flat: NDArray[np.bool_], middle: NDArray[np.int64]) -> int:
    belongs = is_flat & (abs(middle - middle[0]) <= _DRIFT)
    lines = int(belongs.argmin()) if not belongs.all() else len(belongs)
    most = int(len(belongs) * _MOST_SHARE)
    return lines if _LEAST_LINES <= lines <= most else 0
