"""The part of the picture where a video plays: what letterboxes and pillarboxes leave over all its frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Window", "centre", "playing_window"]

Window = tuple[slice, slice]

_STILL = 5.0  # standard deviation over time, in grey levels, of a border's pixels as lossy codecs leave them
_PLAIN = 8.0  # and along a line of it
_MOST_SHARE = 0.42
_MOST_FRAMES = 128
_LEAST_LIVELY = 8.0


def playing_window(planes: NDArray[np.uint8]) -> Window:
    """Return rows and columns of what moves or shows something; all of it where there are no borders.

    One dark frame says nothing about borders, many do: a line belongs to one if it is plain, and stays as it
    is over all of them.

    Parameters
    ----------
    planes : ndarray of uint8, shape (n, height, width)
    """
    chosen = planes[:: -(-len(planes) // _MOST_FRAMES)].astype(np.float32)
    mean, over_time = chosen.mean(axis=0), chosen.std(axis=0)
    if mean.std() < _LEAST_LIVELY:
        return slice(0, planes.shape[1]), slice(0, planes.shape[2])
    rows = _span(mean, over_time)
    columns = _span(mean[rows].T, over_time[rows].T)
    # A pillarbox ends above and below, so the other way round once more.
    return _span(mean[:, columns], over_time[:, columns]), columns


def centre(window: Window, share: float) -> Window:
    """Return the middle of a window, with this share of its height and width.

    Examples
    --------
    >>> centre((slice(0, 100), slice(20, 60)), 0.9)
    (slice(5, 95, None), slice(22, 58, None))
    """
    margins = [round((part.stop - part.start) * (1 - share) / 2) for part in window]
    rows, columns = (
        slice(part.start + margin, part.stop - margin) for part, margin in zip(window, margins, strict=True)
    )
    return rows, columns


def _span(mean: NDArray[np.float32], over_time: NDArray[np.float32]) -> slice:
    """Return the rows between the borders at the top and the bottom."""
    is_plain = (mean.std(axis=1) <= _PLAIN) & (over_time.mean(axis=1) <= _STILL)
    level = mean.mean(axis=1)
    return slice(_border(is_plain, level), len(mean) - _border(is_plain[::-1], level[::-1]))


def _border(is_plain: NDArray[np.bool_], level: NDArray[np.float32]) -> int:
    belongs = is_plain & (abs(level - level[0]) <= _PLAIN)
    lines = int(belongs.argmin()) if not belongs.all() else len(belongs)
    return lines if lines <= int(len(belongs) * _MOST_SHARE) else 0
