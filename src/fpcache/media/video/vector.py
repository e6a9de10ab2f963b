"""A video as one vector: its pictures and their changes averaged over time, the same for a mirrored video.

References
----------
Poullot et al., "Temporal Matching Kernel with Explicit Feature Maps", 2015, and Davis and Rosen,
"Open-sourcing photo- and video-matching technology" (TMK+PDQF), 2019, for averages over time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpcache.media.video.borders import Window
from fpcache.media.video.frames import coefficients

__all__ = ["VECTOR_MODEL", "time_averaged"]

VECTOR_MODEL = "fpcache-time-averaged-cosines-1"
_CHANGES = 0.5
_FREQUENCIES = np.add.outer(np.arange(16.0), np.arange(16.0)).ravel()[1:]
_IS_EVEN = ((np.arange(16)[:, None] % 2 == 0) & (np.arange(16) % 2 == 0)).ravel()[1:]


def time_averaged(
    planes: NDArray[np.uint8], window: Window, weights: NDArray[np.float32]
) -> NDArray[np.float16] | None:
    """Return a vector of length 1, shape (510,); None where no frame says anything.

    Parameters
    ----------
    planes : ndarray of uint8, shape (n, height, width)
    window : Window
        Where the video plays.
    weights : ndarray of float32, shape (n,)
        How much each frame counts.
    """
    total = float(weights.sum())
    if total <= 0:
        return None
    sums, squares, first = np.zeros(255), np.zeros(255), 0
    for some in coefficients(planes, window):
        flat = some.reshape(len(some), -1)[:, 1:] * np.sqrt(_FREQUENCIES)
        unit = flat / np.maximum(np.sqrt(np.square(flat).sum(axis=1, keepdims=True)), 1.0)
        weight = weights[first : first + len(some), None].astype(np.float64)
        sums += (weight * unit).sum(axis=0)
        squares += (weight * np.square(unit)).sum(axis=0)
        first += len(some)
    mean = sums / total
    changes = np.sqrt(np.maximum(squares / total - np.square(mean), 0))
    # Mirroring turns the signs of odd frequencies.
    both = np.concatenate([np.where(_IS_EVEN, mean, abs(mean)), _CHANGES * changes])
    length = float(np.sqrt(np.square(both).sum()))
    return (both / length).astype(np.float16) if length else None
