"""From correlations to one calibrated score."""

from __future__ import annotations

import math

__all__ = ["THRESHOLD", "score", "strength"]

THRESHOLD = 0.5
_CHANCE = 0.16
_MIDDLE, _STEEPNESS = 1.5, 6.0


def strength(correlation: float, frames: int, trials: int) -> float:
    """Return how many times as strong a correlation is as the best one that chance gives in so many trials.

    Examples
    --------
    >>> strength(0.8, 48, 10_000) > 5 > 1 > strength(0.05, 48, 10_000)
    True
    """
    chance = _CHANCE * math.sqrt(2.0 * math.log(max(trials, 2)))
    return max(correlation, 0.0) * math.sqrt(frames) / chance


def score(strongest: float) -> float:
    """Return the score, 0 to 1, of a strength; half is where the same content begins.

    Examples
    --------
    >>> score(0.9) < THRESHOLD < score(3.0)
    True
    """
    return round(1.0 / (1.0 + math.exp(-_STEEPNESS * (strongest - _MIDDLE))), 6)
