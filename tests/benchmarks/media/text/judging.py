"""How well scores tell copies from unrelated texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RATE = 1e-3


@dataclass(frozen=True, slots=True)
class Trials:
    """Changed copies compared with all texts.

    Attributes
    ----------
    scores : ndarray
        float64, shape (queries, texts).
    origins : ndarray
        Which text each query was made of.
    transforms : ndarray of str
        How.
    groups : ndarray of str
        Where each text is from, and its language.
    """

    scores: np.ndarray
    origins: np.ndarray
    transforms: np.ndarray
    groups: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """The scores of the queries against their own originals."""
        return self.scores[np.arange(len(self.origins)), self.origins]

    def wrong(self, *, same_group: bool = False) -> np.ndarray:
        """Return the scores of unrelated pairs, or of those from one source in one language, ascending."""
        unrelated = np.arange(self.scores.shape[1])[None, :] != self.origins[:, None]
        if same_group:
            unrelated &= self.groups[self.origins][:, None] == self.groups[None, :]
        return np.sort(self.scores[unrelated])


def cut_at(wrong: np.ndarray, rate: float = RATE) -> float:
    """Return the score that at most a share `rate` of the ascending `wrong` is above."""
    return float(wrong[max(0, int(np.ceil(len(wrong) * (1 - rate))) - 1)])


def judged(trials: Trials, threshold: float | None, milliseconds: float) -> dict[str, object]:
    """Return the figures for one method; `threshold` is its own fixed one, if it has one."""
    right, wrong, near = trials.right, trials.wrong(), trials.wrong(same_group=True)
    cut = cut_at(wrong)
    found = right > cut
    first = (trials.scores > right[:, None]).sum(1) == 0
    below = np.searchsorted(wrong, right, "left") + np.searchsorted(wrong, right, "right")
    result: dict[str, object] = {
        "R@1": float(first.mean()),
        "TPR": float(found.mean()),
        "TPR same domain": float((right > cut_at(near)).mean()),
        "AUC": float(below.mean() / 2 / len(wrong)),
        "ms": milliseconds,
        "cut": cut,
        "pairs": len(wrong),
        "pairs same domain": len(near),
        "by transform": _shares(trials.transforms, found),
    }
    if threshold is not None:
        result["at threshold"] = {
            "TPR": float((right >= threshold).mean()),
            "FPR": float((wrong >= threshold).mean()),
            "FPR same domain": float((near >= threshold).mean()),
            "by transform": _shares(trials.transforms, right >= threshold),
        }
    return result


def _shares(transforms: np.ndarray, found: np.ndarray) -> dict[str, float]:
    return {str(name): float(found[transforms == name].mean()) for name in dict.fromkeys(transforms.tolist())}


def table(results: dict[str, dict[str, object]], heads: Sequence[str]) -> str:
    """Return the figures as a Markdown table, a row for each method."""
    lines = ["| method | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, result in results.items():
        lines.append(f"| {name} | " + " | ".join(f"{result[head]:.3f}" for head in heads) + " |")
    return "\n".join(lines)


def transform_table(columns: dict[str, dict[str, float]]) -> str:
    """Return shares found as a Markdown table, a row for each transform."""
    lines = ["| transform | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in next(iter(columns.values())):
        lines.append(f"| {name} | " + " | ".join(f"{column[name]:.3f}" for column in columns.values()) + " |")
    return "\n".join(lines)
