"""Which pairs are compared, and what R@1, TPR at an FPR and AUC come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["FPR", "Scores", "auc", "hit_rate", "true_positive_rate"]

FPR = 1e-3


@dataclass(frozen=True, slots=True)
class Scores:
    """How alike one method finds changed copies and originals.

    Attributes
    ----------
    name : str
        The method.
    table : ndarray of float, shape (transforms, pictures, pictures)
        Of each transform, picture changed by it, and original; NaN where not compared.
    """

    name: str
    table: np.ndarray

    def related(self) -> np.ndarray:
        """Return the scores of the copies with their own originals, shape (transforms, pictures)."""
        return np.diagonal(self.table, axis1=1, axis2=2)

    def unrelated(self) -> np.ndarray:
        """Return the scores of all others, flat."""
        count = self.table.shape[1]
        scores = self.table[:, ~np.eye(count, dtype=bool)]
        return scores[~np.isnan(scores)]


def threshold_at(unrelated: np.ndarray, rate: float = FPR) -> float:
    """Return the score that at most this share of unrelated pairs is above."""
    ordered = np.sort(unrelated)
    return float(ordered[len(ordered) - 1 - int(rate * len(ordered))])


def true_positive_rate(scores: Scores, rate: float = FPR) -> np.ndarray:
    """Return for each transform the share of copies that score above all but `rate` of unrelated pairs."""
    return (scores.related() > threshold_at(scores.unrelated(), rate)).mean(axis=1)


def hit_rate(scores: Scores) -> np.ndarray:
    """Return for each transform the share of copies whose original scores highest; a tie is half a hit."""
    own = scores.related()[..., None]
    others = scores.table.copy()
    for transform in others:
        np.fill_diagonal(transform, np.nan)
    best = np.where(np.isnan(others), -np.inf, others).max(axis=2)[..., None]
    return ((own > best) + 0.5 * (own == best)).mean(axis=(1, 2))


def auc(related: Sequence[float] | np.ndarray, unrelated: np.ndarray) -> float:
    """Return the chance that a related pair scores higher than an unrelated one."""
    ordered = np.sort(unrelated)
    below = np.searchsorted(ordered, np.ravel(related), "left")
    not_above = np.searchsorted(ordered, np.ravel(related), "right")
    return float((below + not_above).mean() / 2 / len(ordered))
