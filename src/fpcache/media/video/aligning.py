"""Where in time two videos show the same, and how well they go along with each other there.

A vote over pairs of alike frames gives offsets for each speed and orientation; along each of the likeliest,
the stretch is sought in which alike frames outweigh unlike ones.

References
----------
Douze, Jégou, Schmid and Pérez, "Compact video description for copy detection with precise temporal
alignment", ECCV 2010, for voting on offsets; Smith and Waterman, "Identification of common molecular
subsequences", 1981, for the stretch with the largest sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fpcache.media.video.sampling import INTERVAL_S

__all__ = ["ORIENTATIONS", "SPEEDS", "Frames", "Stretch", "best_stretch", "likeness_along"]

ORIENTATIONS = ("as is", "mirrored left-right", "mirrored top-bottom", "half turn")
SPEEDS = (1.0, 0.96, 0.9709, 0.9804, 0.9901, 1.01, 1.02, 1.03, 1.0417, 0.95, 1.0526)
# Pairs of windows, the first one's and the second one's: 0 is the picture, 1 and 2 are crops of it, 3 has
# borders.
_WINDOWS = ((0, 0), (0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0))
_SIGNS = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32)
# By parity of frequency, then by frequency down and across, as in `fpcache.media.image.dct`.
_BIT_WEIGHTS = np.pad(np.full((4, 4), 2, np.float32), (0, 4)).ravel() + 1
_BITS = 4 * float(_BIT_WEIGHTS.sum()) - 3
_LEAST_BITS = 40
_VOTING_FRAMES = 96
_LEAST_TO_VOTE = 0.25
_BINS_A_SECOND = 2
_FOLLOWED = 4
# Of the votes for the speed 1, so that a short piece isn't taken for a faster one.
_BONUS = 1.15
_BREAK_EVEN = 0.3
_ROUNDS = 4
_STIFFNESS_S2 = 3.0
# So that a stretch goes on over frames that say nothing new.
_LEAST_WEIGHT = 1e-4

Hashes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What two videos share, as found along one line in time.

    Attributes
    ----------
    evidence : float
        Sum over its frames of how much each says, times how far it is more alike than chance makes it.
    likeness : float
        Mean correlation of the frames' hashes, weighted by how much each frame says.
    told : float
        How much its frames say, as a number of frames that are entirely new.
    start_s, stop_s : float
        When it is shown in the first video.
    offset_s : float
        When in the second one the beginning of the first would be shown.
    speed : float
        Of the first, relative to the second.
    orientation : int
        Index into `ORIENTATIONS`.
    windows : tuple of int
        Which part of each one's picture was compared.
    """

    evidence: float
    likeness: float
    told: float
    start_s: float
    stop_s: float
    offset_s: float
    speed: float
    orientation: int
    windows: tuple[int, int]


class Frames:
    """A video's hashes, made ready for many comparisons."""

    def __init__(self, hashes: Hashes, times_s: NDArray[np.float32], weights: NDArray[np.uint8]) -> None:
        self.hashes = hashes
        self.times_s = times_s.astype(np.float64)
        self.weights = weights.astype(np.float32) / 255

    def __len__(self) -> int:
        return len(self.times_s)

    @cached_property
    def signs(self) -> list[NDArray[np.float32]]:
        """Bits as 1 and -1 (the one that is never set as 0), for each window of shape (n, 4, 64)."""
        bits = np.unpackbits(np.ascontiguousarray(self.hashes.transpose(1, 0, 2)), axis=-1)
        signs = bits.astype(np.float32) * 2 - 1
        signs[:, :, 0] = 0
        # A window without a picture in it, in a frame that shows something elsewhere, has hardly a bit set.
        signs[bits.sum(axis=-1) < _LEAST_BITS] = 0
        return list(signs.reshape(*signs.shape[:2], 4, 64))

    @cached_property
    def weighed(self) -> list[NDArray[np.float32]]:
        """As `signs`, the lowest frequencies' larger: these stay alike where crops differ a little."""
        return [signs * _BIT_WEIGHTS for signs in self.signs]

    @cached_property
    def voting(self) -> NDArray[np.intp]:
        """The frames that say most, in order of time."""
        saying = np.argsort(-self.weights, kind="stable")[:_VOTING_FRAMES]
        return np.sort(saying[self.weights[saying] > 0])

    @cached_property
    def interval_s(self) -> float:
        """Seconds from one frame to the next, in the mean."""
        return float(self.times_s[-1] - self.times_s[0]) / (len(self) - 1) if len(self) > 1 else INTERVAL_S


@dataclass(frozen=True, slots=True)
class _Line:
    votes: float
    windows: tuple[int, int]
    orientation: int
    speed: float
    offset_s: float


def best_stretch(a: Frames, b: Frames) -> Stretch | None:
    """Return the stretch that says most; None where no frame of one is like any of the other."""
    if not len(a.voting) or not len(b.voting):
        return None
    lines = []
    for windows in _WINDOWS:
        if windows[0] < len(a.signs) and windows[1] < len(b.signs):
            lines += _voted(a, b, windows)
    lines.sort(key=lambda line: -line.votes)
    found = [_followed(a, b, line) for line in lines[:_FOLLOWED]]
    return max(found, key=lambda stretch: stretch.evidence, default=None)


def _voted(a: Frames, b: Frames, windows: tuple[int, int]) -> list[_Line]:
    """Return the offset with the most votes for each orientation, at the speed that gets the most."""
    products = _products(a.weighed[windows[0]][a.voting], b.signs[windows[1]])
    lines = []
    for orientation, signs in enumerate(_SIGNS):
        alike = np.tensordot(signs, products, 1) / _BITS
        rows, columns = np.nonzero(alike >= _LEAST_TO_VOTE)
        if not len(rows):
            continue
        strengths = alike[rows, columns] - _LEAST_TO_VOTE
        strengths *= a.weights[a.voting][rows] * b.weights[columns].clip(0.1)
        candidates = [
            _most_voted(a.times_s[a.voting][rows], b.times_s[columns], strengths, speed) for speed in SPEEDS
        ]
        best = max(range(len(SPEEDS)), key=lambda index: candidates[index][0] * (1.0 if index else _BONUS))
        lines.append(_Line(candidates[best][0], windows, orientation, SPEEDS[best], candidates[best][1]))
    return lines


def _products(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return products of signs by class of frequency, shape (4, n, m); whole numbers, so exact."""
    return np.asarray(np.matmul(a.transpose(1, 0, 2), b.transpose(1, 2, 0)))


def _most_voted(
    at_s: NDArray[np.float64], there_s: NDArray[np.float64], strengths: NDArray[np.float64], speed: float
) -> tuple[float, float]:
    """Return the votes for the best offset at a speed, and that offset."""
    bins = np.rint((there_s - at_s * speed) * _BINS_A_SECOND).astype(np.int64)
    lowest = int(bins.min())
    votes = np.bincount(bins - lowest, weights=strengths)
    wide = np.convolve(votes, (0.5, 1.0, 0.5))
    best = int(wide.argmax())
    return float(wide[best]), (best - 1 + lowest) / _BINS_A_SECOND


def _followed(a: Frames, b: Frames, line: _Line) -> Stretch:
    """Return the best stretch along a line, after the line was laid through the frames that fit."""
    for _ in range(_ROUNDS):
        alike, there_s = _along(a, b, line)
        line = _refined(a, line, alike, there_s)
    alike, _ = _along(a, b, line)
    gains = alike - _BREAK_EVEN
    start, stop = _largest_sum((a.weights + _LEAST_WEIGHT) * gains)
    weights = a.weights[start:stop]
    told = float(weights.sum())
    return Stretch(
        evidence=float((weights * gains[start:stop]).sum()), told=told,
        likeness=float((weights * alike[start:stop]).sum()) / told if told else 0.0,
        start_s=float(a.times_s[start]), stop_s=float(a.times_s[stop - 1]) + a.interval_s,
        offset_s=line.offset_s, speed=line.speed, orientation=line.orientation, windows=line.windows,
    )  # fmt: skip


def likeness_along(a: Frames, b: Frames, offset_s: float, speed: float) -> tuple[float, float]:
    """Return how alike two videos are over all that lies on a line in time, and how much those frames say.

    Parameters
    ----------
    a, b : Frames
    offset_s, speed : float
        When in b the beginning of a would be shown, and the speed of a relative to b.

    Returns
    -------
    tuple of float
        Mean correlation, in the windows and the orientation that fit best; and number of entirely new frames.
    """
    near, is_near = _neighbours(a, b, offset_s, speed)
    told = a.weights * is_near.any(axis=1)
    if not told.any():
        return 0.0, 0.0
    means = []
    for mine, theirs in _WINDOWS:
        if mine < len(a.signs) and theirs < len(b.signs):
            products = (a.weighed[mine][:, None] * b.signs[theirs][near]).sum(axis=3)
            alike = np.where(is_near[:, :, None], products @ _SIGNS.T / _BITS, -1.0).max(axis=1)
            means.append(float((told[:, None] * alike).sum(axis=0).max() / told.sum()))
    return max(means), float(told.sum())


def _along(a: Frames, b: Frames, line: _Line) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return how alike each frame of a is to the best one near its place in b, and when that one is shown."""
    near, is_near = _neighbours(a, b, line.offset_s, line.speed)
    mine, theirs = a.weighed[line.windows[0]], b.signs[line.windows[1]]
    products = np.stack([(mine * theirs[column]).sum(axis=2) for column in near.T], axis=1)
    alike = np.where(is_near, products @ _SIGNS[line.orientation] / _BITS, -1.0).astype(np.float32)
    best = alike.argmax(axis=1)
    rows = np.arange(len(a))
    return alike[rows, best], b.times_s[near[rows, best]]


def _neighbours(
    a: Frames, b: Frames, offset_s: float, speed: float
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the frames of b around the place of each frame of a, shape (n, 4), and which are near it."""
    expected_s = a.times_s * speed + offset_s
    near = np.searchsorted(b.times_s, expected_s)[:, None] + np.arange(-2, 2)
    near = np.clip(near, 0, len(b) - 1)
    return near, abs(b.times_s[near] - expected_s[:, None]) <= max(a.interval_s, b.interval_s)


def _refined(a: Frames, line: _Line, alike: NDArray[np.float32], there_s: NDArray[np.float64]) -> _Line:
    """Return the line through frames that are alike, its speed held near where they lie close together."""
    weights = np.where(alike > _BREAK_EVEN, a.weights * (alike - _BREAK_EVEN), 0.0).astype(np.float64)
    total = float(weights.sum())
    if not total:
        return line
    middle_s = float((weights * a.times_s).sum()) / total
    apart_s = a.times_s - middle_s
    errors_s = there_s - (a.times_s * line.speed + line.offset_s)
    shift_s = float((weights * errors_s).sum()) / total
    spread = float((weights * apart_s**2).sum()) / total
    slope = float((weights * apart_s * (errors_s - shift_s)).sum()) / total / (spread + _STIFFNESS_S2)
    speed = line.speed + slope
    offset_s = line.offset_s + shift_s - slope * middle_s
    return _Line(line.votes, line.windows, line.orientation, speed, offset_s)


def _largest_sum(gains: NDArray[np.float32]) -> tuple[int, int]:
    """Return where the run with the largest sum starts and ends; at least one element."""
    sums = np.concatenate([[0.0], np.cumsum(gains, dtype=np.float64)])
    lowest = np.minimum.accumulate(sums[:-1])
    stop = int((sums[1:] - lowest).argmax()) + 1
    start = int(sums[:stop].argmin())
    return start, stop
