"""What sound is like as one vector: timbre, harmony and liveliness, for finding candidates among many."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fpcache.media.audio.bands import BANDS, BANDS_PER_OCTAVE
from fpcache.media.audio.vector_scale import MEANS, SPREADS

if TYPE_CHECKING:
    import numpy as np

__all__ = ["feature_vector", "raw_features"]

_CEPSTRA = 15
_FLOOR = 1e-4
_LEAST_POWER = 1e-3
_RUN_FRAMES = 50
_MOST_RUNS = 120


def feature_vector(energies: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Return a float16 vector of length 1, shape (77,), alike for alike sound whatever its loudness.

    It is for finding candidates and for grouping. It takes no part in the decision of `compare`: every weight
    that was tried brought copies in noise and unrelated music closer together.

    Parameters
    ----------
    energies : ndarray of float32, shape (frames, BANDS)
    active : ndarray of bool, shape (frames,)
        At least one is True; the others don't count.
    """
    import numpy as np

    standard = np.clip(
        (raw_features(_some(energies[active])) - np.array(MEANS)) / np.array(SPREADS), -4.0, 4.0
    )
    return np.asarray((standard / max(float(np.sqrt(np.square(standard).sum())), 1e-9)).astype(np.float16))


def _some(energies: np.ndarray) -> np.ndarray:
    """Return runs of frames from all over a long sound, and all of a short one."""
    runs = -(-len(energies) // _RUN_FRAMES)
    step = -(-runs // _MOST_RUNS)
    if step <= 1:
        return energies
    import numpy as np

    return np.asarray(energies[np.arange(len(energies)) // _RUN_FRAMES % step == 0])


def raw_features(energies: np.ndarray) -> np.ndarray:
    """Return the vector before it is scaled, float64.

    In this order: means and spreads of 15 cepstral coefficients, spreads of their changes between frames, the
    share of each quarter tone of the octave, and means and spreads of the contrast within each octave.

    References
    ----------
    S. Davis, P. Mermelstein, "Comparison of Parametric Representations", IEEE TASSP 1980 (cepstra);
    D.-N. Jiang et al., "Music type classification by spectral contrast feature", ICME 2002.
    """
    import numpy as np

    power = energies.mean(axis=1)
    loud = energies[power >= _LEAST_POWER * power.max()].astype(np.float64)
    heights = np.log(loud / loud.mean(axis=1, keepdims=True) + _FLOOR)
    cepstra = heights @ _cosines()
    changes = np.diff(cepstra, axis=0) if len(cepstra) > 1 else np.zeros((1, _CEPSTRA))
    octaves = heights.reshape(len(heights), -1, BANDS_PER_OCTAVE)
    ordered = np.sort(octaves, axis=2)
    contrast = ordered[:, :, -5:].mean(axis=2) - ordered[:, :, :5].mean(axis=2)
    tones = np.exp(heights).reshape(octaves.shape).sum(axis=1).mean(axis=0)
    tones = np.roll(tones, 1) + 2 * tones + np.roll(tones, -1)
    return np.concatenate([
        cepstra.mean(axis=0), cepstra.std(axis=0), changes.std(axis=0), np.sqrt(tones / tones.sum()),
        contrast.mean(axis=0), contrast.std(axis=0),
    ])  # fmt: skip


@cache
def _cosines() -> np.ndarray:
    """Return the first cosines of a DCT-II over the bands, the constant one left out."""
    import numpy as np

    angles = np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(1, _CEPSTRA + 1)
    return np.asarray(np.cos(angles) * np.sqrt(2.0 / BANDS))
