"""Sub-fingerprints: one bit per band and frame, whether it stands out from what is around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.media.audio.bands import BANDS

if TYPE_CHECKING:
    import numpy as np

__all__ = ["is_heard", "pack", "sub_fingerprints", "unpack"]

_AROUND_FRAMES = 5
_AROUND_BANDS = 12
_LEVEL_FRAMES = 10
_FLOOR = 0.1
_FRAMES_AT_ONCE = 2048
_SILENT_ENERGY = 1e-11
_LEAST_CONTRAST = 0.02


def sub_fingerprints(energies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells stand out, and which frames have anything to say.

    A cell is compared with the mean of the 11 frames and of the 25 bands around it, in logarithms: what stays
    the same over a second, such as an equaliser or a microphone's colour, cancels out, and so does what all
    bands have in common, such as volume. A floor a tenth of the local level keeps noise from deciding.

    Parameters
    ----------
    energies : ndarray of float32, shape (frames, BANDS)

    Returns
    -------
    bits : ndarray of bool, shape (frames, BANDS)
    active : ndarray of bool, shape (frames,)
        False where it is silent, or nothing moves.

    References
    ----------
    J. Haitsma, T. Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002 (signs of differences).
    """
    import numpy as np

    pieces = []
    margin = _AROUND_FRAMES + _LEVEL_FRAMES
    for start in range(0, len(energies), _FRAMES_AT_ONCE):
        first = max(start - margin, 0)
        piece = energies[first : start + _FRAMES_AT_ONCE + margin]
        pieces.append(_contrast(piece)[start - first : start - first + _FRAMES_AT_ONCE])
    contrast = np.concatenate(pieces)
    return contrast > 0.0, is_heard(energies) & (np.abs(contrast).mean(axis=1) > _LEAST_CONTRAST)


def _contrast(energies: np.ndarray) -> np.ndarray:
    """Return how far each cell stands out, as float32."""
    import numpy as np

    level = _moving_mean(energies.astype(np.float64).mean(axis=1, keepdims=True), _LEVEL_FRAMES)
    heights = np.log(energies + (_FLOOR * level + 1e-14))
    heights -= _moving_mean(heights, _AROUND_FRAMES)
    heights -= _moving_mean(heights.T, _AROUND_BANDS).T
    return heights.astype(np.float32)


def is_heard(energies: np.ndarray) -> np.ndarray:
    """Return which frames are louder than a 16-bit recording of nothing: bool, shape (frames,)."""
    import numpy as np

    return np.asarray(energies.mean(axis=1) > _SILENT_ENERGY)


def _moving_mean(values: np.ndarray, reach: int) -> np.ndarray:
    """Return the mean over `reach` rows to both sides, of those that there are."""
    import numpy as np

    count = len(values)
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    ends = np.minimum(np.arange(count) + reach + 1, count)
    starts = np.maximum(np.arange(count) - reach, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts)[:, None])


def pack(bits: np.ndarray, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bits as uint8, shape (frames, BANDS / 8), and active as uint8, shape (frames,)."""
    import numpy as np

    return np.packbits(bits, axis=1), active.astype(np.uint8)


def unpack(packed: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Return +1 for bits that are set, -1 for others, 0 in inactive frames; float32, (frames, BANDS)."""
    import numpy as np

    signs = np.unpackbits(packed, axis=1, count=BANDS).astype(np.float32) * 2 - 1
    return np.asarray(signs * active.astype(np.float32)[:, None])
