"""Where one sound lies in another: pieces of one, at several speeds, slid along the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fpcache.media.audio.bands import BANDS, BANDS_PER_OCTAVE
from fpcache.media.audio.cells import unpack

if TYPE_CHECKING:
    import numpy as np

__all__ = ["WARPS", "Place", "Searchable", "best_place", "shifted"]

PIECE_FRAMES = 48
_LEAST_FRAMES = 12
_MOST_PIECES = 6
_FRAMES_PER_PIECE = 200
_BLOCK = 256
_LONGEST_PIECE = 52
_STEP = _BLOCK - _LONGEST_PIECE
_BLOCKS_AT_ONCE = 64

WARPS: tuple[tuple[float, float], ...] = (
    *((speed, speed) for speed in (0.95, 0.975, 1.0, 1.025, 1.05)),
    *((tempo, 1.0) for tempo in (0.96, 1.04)),
    *((1.0, pitch) for pitch in (0.95, 0.975, 1.025, 1.05)),
)
"""Tempo and pitch of what is searched in, relative to what is searched for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of the shorter sound fits best into the longer one.

    Attributes
    ----------
    start, length : int
        The piece, in frames of the shorter sound.
    at : int
        Where it begins in the longer sound, in frames.
    tempo, pitch : float
        The shorter sound's, relative to the longer one's; 1.02 is faster and higher.
    correlation : float
        From -1 to 1; what is unrelated reaches about 0.1.
    trials : int
        How many places were tried.
    spread : float
        Standard deviation of the correlations at all of them.
    """

    start: int
    length: int
    at: int
    tempo: float
    pitch: float
    correlation: float
    trials: int
    spread: float


class Searchable:
    """A sub-fingerprint sequence made ready for searching it, or searching with it, many times.

    Parameters
    ----------
    packed, active : ndarray of uint8
        As `fpcache.media.audio.cells.pack` gives them.
    """

    def __init__(self, packed: np.ndarray, active: np.ndarray) -> None:
        self.signs = unpack(packed, active)
        self.active = active

    def __len__(self) -> int:
        return len(self.signs)

    @cached_property
    def starts(self) -> list[int]:
        """Where the pieces that are searched for begin, in frames."""
        spare = len(self) - PIECE_FRAMES
        if spare < PIECE_FRAMES // 2:
            return [max(0, spare // 2)]
        count = min(_MOST_PIECES, 2 + len(self) // _FRAMES_PER_PIECE)
        return [int(spare * (index + 0.25) / (count - 0.5)) for index in range(count)]

    @cached_property
    def templates(self) -> tuple[np.ndarray, np.ndarray]:
        """The pieces under all warps: spectra, shape (frequencies, templates, BANDS), and norms."""
        import numpy as np
        from scipy import fft

        shapes = np.zeros((len(self.starts) * len(WARPS), BANDS, _BLOCK), np.float32)
        norms = np.zeros(len(shapes), np.float32)
        for index, start in enumerate(self.starts):
            piece = self.signs[start : start + PIECE_FRAMES]
            for warp, (tempo, pitch) in enumerate(WARPS):
                template = _stretched(shifted(piece, pitch), tempo)
                shapes[index * len(WARPS) + warp, :, : len(template)] = template.T
                norms[index * len(WARPS) + warp] = np.sqrt(np.square(template).sum())
        spectra = fft.rfft(shapes, axis=2).conj()
        return np.ascontiguousarray(spectra.transpose(2, 0, 1)), norms

    @cached_property
    def blocks(self) -> list[np.ndarray]:
        """Spectra of overlapping blocks, each of shape (frequencies, BANDS, blocks)."""
        import numpy as np
        from scipy import fft

        count = -(-len(self) // _STEP)
        padded = np.zeros((count * _STEP + _LONGEST_PIECE, BANDS), np.float32)
        padded[: len(self)] = self.signs
        views = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK, axis=0)[::_STEP]
        pieces = []
        for first in range(0, count, _BLOCKS_AT_ONCE):
            spectra = fft.rfft(views[first : first + _BLOCKS_AT_ONCE], axis=2)
            pieces.append(np.ascontiguousarray(spectra.transpose(2, 1, 0)))
        return pieces

    @cached_property
    def activity(self) -> np.ndarray:
        """How many of the frames before each one are active, shape (frames + 1,)."""
        import numpy as np

        return np.concatenate([[0], np.cumsum(self.active, dtype=np.int64)])


def shifted(signs: np.ndarray, pitch: float) -> np.ndarray:
    """Return what a sequence that is `pitch` times too high would be at the right height."""
    import numpy as np

    place = np.arange(BANDS) + BANDS_PER_OCTAVE * np.log2(pitch)
    below = np.floor(place).astype(np.int64)
    part = (place - below).astype(np.float32)
    wide = np.pad(signs, ((0, 0), (8, 8)))
    return np.asarray(wide[:, below + 8] * (1 - part) + wide[:, below + 9] * part)


def _stretched(signs: np.ndarray, tempo: float) -> np.ndarray:
    """Return what a sequence that is `tempo` times too fast would be at the right speed."""
    import numpy as np

    if len(signs) < 2:
        return signs
    place = np.arange(int((len(signs) - 1) * tempo) + 1) / tempo
    below = np.minimum(place.astype(np.int64), len(signs) - 2)
    part = (place - below).astype(np.float32)[:, None]
    return np.asarray(signs[below] * (1 - part) + signs[below + 1] * part)


def best_place(short: Searchable, long: Searchable) -> Place | None:
    """Return where a piece of the shorter sound fits best into the longer; None if they say too little."""
    import numpy as np

    if min(int(short.activity[-1]), int(long.activity[-1])) < _LEAST_FRAMES:
        return None
    length, count = min(PIECE_FRAMES, len(short)), len(long)
    least = max(_LEAST_FRAMES, length // 2)
    ends = np.minimum(np.arange(count) + length, count)
    heard = long.activity[ends] - long.activity[:count]
    norms = short.templates[1]
    columns, rows = np.flatnonzero(heard >= least), np.flatnonzero(np.square(norms) >= 0.4 * least * BANDS)
    if not len(columns) or not len(rows):
        return None
    products = _correlations(short, long)[np.ix_(rows, columns)]
    products /= np.sqrt(heard[columns] * BANDS).astype(np.float32)
    products /= norms[rows, None]
    row, column = np.unravel_index(int(products.argmax()), products.shape)
    template = int(rows[row])
    tempo, pitch = WARPS[template % len(WARPS)]
    return Place(
        start=short.starts[template // len(WARPS)], length=length, at=int(columns[column]),
        tempo=tempo, pitch=pitch, correlation=float(products[row, column]),
        trials=products.size, spread=float(products.std()),
    )  # fmt: skip


def _correlations(short: Searchable, long: Searchable) -> np.ndarray:
    """Return the dot product of each template with the longer sound from each of its frames on."""
    import numpy as np
    from scipy import fft

    spectra, _ = short.templates
    pieces = []
    for blocks in long.blocks:
        products = np.matmul(spectra, blocks)
        waves = fft.irfft(products, _BLOCK, axis=0)[:_STEP]
        pieces.append(waves.transpose(1, 2, 0).reshape(spectra.shape[1], -1))
    return np.concatenate(pieces, axis=1)[:, : len(long)]
