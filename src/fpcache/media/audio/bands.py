"""Sound as energy on a logarithmic frequency scale, where another speed is a shift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from fpcache.media.audio.sound import RATE_HZ

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BANDS", "BANDS_PER_OCTAVE", "FRAMES_PER_S", "WINDOW_S", "band_energies"]

BANDS = 96
BANDS_PER_OCTAVE = 24
FRAMES_PER_S = 10
_LOWEST_HZ = 200.0
_WINDOW = 4096
_HOP = RATE_HZ // FRAMES_PER_S
_FRAMES_AT_ONCE = 64
WINDOW_S = _WINDOW / RATE_HZ


def band_energies(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Return the energy of each band in each frame.

    Parameters
    ----------
    blocks : iterable of ndarray
        Mono float32 samples at `RATE_HZ`, shape (n,), cut anywhere: the cuts don't show in the result.

    Returns
    -------
    ndarray of float32, shape (frames, BANDS)
        Quarter tones from 200 to 3200 Hz, ten frames a second; at least one frame.
    """
    import numpy as np

    pieces = [_energies(piece) for piece in _pieces(blocks)]
    return np.concatenate(pieces)


def _pieces(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield overlapping runs of samples that hold a whole number of frames; the last one is padded."""
    import numpy as np

    held: list[np.ndarray] = []
    count, wanted, is_first = 0, _WINDOW + (_FRAMES_AT_ONCE - 1) * _HOP, True
    for block in blocks:
        held.append(block)
        count += len(block)
        if count >= wanted:
            samples = np.concatenate(held)
            while len(samples) >= wanted:
                yield samples[:wanted]
                samples, is_first = samples[_FRAMES_AT_ONCE * _HOP :], False
            held, count = [samples], len(samples)
    samples = np.concatenate(held) if held else np.zeros(0, np.float32)
    if len(samples) >= _WINDOW or is_first:
        yield np.pad(samples, (0, max(0, _WINDOW - len(samples))))


def _energies(samples: np.ndarray) -> np.ndarray:
    import numpy as np

    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP] * _window()
    spectrum = np.fft.rfft(frames, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    total = np.cumsum(power, axis=1)
    whole, part = _edges()
    at_edges = total[:, whole] + part * power[:, whole + 1]
    return np.maximum(np.diff(at_edges, axis=1), 0.0).astype(np.float32)


@cache
def _window() -> np.ndarray:
    import numpy as np

    return np.hanning(_WINDOW + 1)[:-1] * (2.0 / _WINDOW)


@cache
def _edges() -> tuple[np.ndarray, np.ndarray]:
    """Return where the bands' edges lie among the spectrum's bins: whole bins, and what remains."""
    import numpy as np

    hertz = _LOWEST_HZ * 2.0 ** ((np.arange(BANDS + 1) - 0.5) / BANDS_PER_OCTAVE)
    place = hertz * _WINDOW / RATE_HZ - 0.5
    whole = np.floor(place).astype(np.int64)
    return whole, place - whole
