"""From one place that fits to all of the stretch that two sounds share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fpcache.media.audio.bands import BANDS_PER_OCTAVE
from fpcache.media.audio.searching import Place, Searchable, shifted

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Alignment", "align"]

_CHUNK_FRAMES = 24
_MOST_CHUNKS = 512
_FITS = 0.15
_DEVIATIONS = 3.0
_MOST_MISSES = 8
_REACH = 2
_FINE_BANDS = (0.0, -0.25, 0.25, -0.5, 0.5)
_STIFFNESS_FRAMES = 40.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """The stretch that two sounds share.

    Attributes
    ----------
    start, stop : float
        In frames of the shorter sound.
    at : float
        Where `start` lies in the longer one, in frames; below 0 where the longer one begins later.
    tempo, pitch : float
        The shorter sound's, relative to the longer one's.
    matching : float
        How many of the shorter sound's frames were found alike.
    compared : int
        How many frames `correlation` rests on.
    correlation : float
        Over the frames found alike.
    """

    start: float
    stop: float
    at: float
    tempo: float
    pitch: float
    matching: float
    compared: int
    correlation: float


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A chunk of the shorter sound and where it was found: middles in frames, and how well it fits."""

    middle: float
    at: float
    product: float = 0.0
    norm: float = 0.0


def align(place: Place, short: Searchable, long: Searchable, chance: float) -> Alignment:
    """Follow the sounds from `place` to both sides, for as far as they go along with each other.

    Parameters
    ----------
    place : Place
        Where to begin.
    short, long : Searchable
    chance : float
        Standard deviation of the correlation of single frames of unrelated sound.
    """
    pitch, signs = _tuned(place, short, long)
    half = place.length / 2
    seed = _Anchor(place.start + half, place.at + half * place.tempo)
    anchors: list[_Anchor] = []
    tempo, chunk = place.tempo, min(_CHUNK_FRAMES, len(short))
    starts = _chunk_starts(len(short), chunk)
    fits = max(_FITS, _DEVIATIONS * chance / math.sqrt(chunk))
    outward = sorted(starts, key=lambda start: abs(start + chunk / 2 - seed.middle))
    for number, start in enumerate(outward):
        if not anchors and number == _MOST_MISSES:
            break
        middle = start + chunk / 2
        nearest = min(anchors, key=lambda anchor: abs(anchor.middle - middle), default=seed)
        expected = nearest.at + (middle - nearest.middle) * tempo
        found = _fitted(signs[start : start + chunk], long, _Anchor(middle, expected), tempo)
        if found.product > fits * found.norm:
            anchors.append(found)
            tempo = _slope([seed, *anchors], place.tempo)
    if not anchors:
        return Alignment(
            start=place.start, stop=place.start + place.length, at=place.at, tempo=place.tempo, pitch=pitch,
            matching=0.0, compared=place.length, correlation=place.correlation,
        )  # fmt: skip
    return _joined(anchors, tempo, pitch, chunk, len(short) / len(starts))


def _chunk_starts(frames: int, chunk: int) -> list[int]:
    """Return where chunks begin that lie side by side, with gaps in a very long sound."""
    count = min(max(1, round(frames / chunk)), _MOST_CHUNKS)
    return [(frames - chunk) * index // max(count - 1, 1) for index in range(count)]


def _tuned(place: Place, short: Searchable, long: Searchable) -> tuple[float, np.ndarray]:
    """Return the pitch, finer than the search's grid, and the shorter sound at the longer one's height."""
    piece = short.signs[place.start : place.start + place.length]
    half = place.length / 2
    seed = _Anchor(place.start + half, place.at + half * place.tempo)

    def fit(fine: float) -> float:
        pitch = place.pitch * 2.0 ** (fine / BANDS_PER_OCTAVE)
        found = _fitted(shifted(piece, pitch), long, seed, place.tempo)
        return found.product / max(found.norm, 1.0)

    pitch = place.pitch * 2.0 ** (max(_FINE_BANDS, key=fit) / BANDS_PER_OCTAVE)
    return pitch, shifted(short.signs, pitch)


def _fitted(piece: np.ndarray, long: Searchable, expected: _Anchor, tempo: float) -> _Anchor:
    """Return the anchor near the expected one at which the piece fits best."""
    import numpy as np

    count = len(piece)
    offsets = (np.arange(count) - (count - 1) / 2) * tempo
    rows = np.rint(expected.at - 0.5 + offsets).astype(np.int64) + np.arange(-_REACH, _REACH + 1)[:, None]
    is_inside = (rows >= 0) & (rows < len(long))
    rows = np.clip(rows, 0, len(long) - 1)
    targets = long.signs[rows] * is_inside[:, :, None].astype(np.float32)
    products = targets.reshape(len(rows), -1) @ piece.ravel()
    best = int(products.argmax())
    heard = int(long.active[rows[best]][is_inside[best]].sum()) * piece.shape[1]
    norm = math.sqrt(float(np.vdot(piece, piece)) * max(heard, piece.size // 2))
    return replace(expected, at=expected.at + best - _REACH, product=float(products[best]), norm=norm)


def _slope(anchors: list[_Anchor], tempo: float) -> float:
    """Return the tempo that fits the anchors, held near the first guess where they lie close together."""
    middle = sum(anchor.middle for anchor in anchors) / len(anchors)
    at = sum(anchor.at for anchor in anchors) / len(anchors)
    spread = sum((anchor.middle - middle) ** 2 for anchor in anchors)
    excess = sum((a.middle - middle) * (a.at - at - tempo * (a.middle - middle)) for a in anchors)
    return tempo + excess / (spread + _STIFFNESS_FRAMES**2)


def _joined(anchors: list[_Anchor], tempo: float, pitch: float, chunk: int, step: float) -> Alignment:
    """Return what a run of anchors says together."""
    middle = sum(anchor.middle for anchor in anchors) / len(anchors)
    at = sum(anchor.at for anchor in anchors) / len(anchors)
    start = min(anchor.middle for anchor in anchors) - chunk / 2
    stop = max(anchor.middle for anchor in anchors) + chunk / 2
    return Alignment(
        start=start, stop=stop, at=at + (start - middle) * tempo, tempo=tempo, pitch=pitch,
        matching=min(len(anchors) * step, stop - start), compared=len(anchors) * chunk,
        correlation=sum(anchor.product for anchor in anchors) / sum(anchor.norm for anchor in anchors),
    )  # fmt: skip
