"""Fit the weights of the decision on the tuning part: ``python .../calibrate.py --corpus DIR``.

They are then copied to `fpcache.media.image.calibration`. The offset is moved so that the threshold lies
at a third of the false positive rate that is promised.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from corpus import gather, split
from measuring import measure
from pairs import RANDOM, RELATED, compared, evidence_of_rows, judged
from scoring import FPR, threshold_at
from sklearn.linear_model import LogisticRegression

from fpcache.media.image.comparing import features
from fpcache.media.image.vectors import image_model

_MARGIN = 3
_PENALTY = 10.0


def fitted(rows: np.ndarray, with_vectors: bool) -> tuple[list[float], float, float]:
    """Return weights, offset, and the share of copies that are found with them."""
    inputs = np.array([features(seen) for seen in evidence_of_rows(rows, with_vectors)])
    is_related = rows[:, 3] == RELATED
    shares = np.where(is_related, 1 / is_related.sum(), 1 / (~is_related).sum()) * is_related.sum()
    model = LogisticRegression(C=_PENALTY, max_iter=5000).fit(inputs, is_related, sample_weight=shares)
    weights = np.round(model.coef_[0], 2).clip(min=0)
    sums = inputs @ weights
    offset = -round(threshold_at(sums[rows[:, 3] == RANDOM], FPR / _MARGIN) + 0.005, 2)
    return weights.tolist(), offset, float((sums[is_related] + offset >= 0).mean())


def main() -> None:
    """Print the numbers for `fpcache.media.image.calibration`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=None, help="the network's weight file")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long; run again to go on")
    options = parser.parse_args()
    tuning, _, _ = split(gather(options.corpus))
    cache = options.corpus / "cache-tune"
    measured = measure(tuning, image_model("cpu", options.weights), cache, options.seconds, with_peers=True)
    _, rows = judged(measured, compared(measured, cache, options.seconds))
    for name, with_vectors in (("WITHOUT_VECTORS", False), ("WITH_VECTORS", True)):
        weights, offset, share = fitted(rows, with_vectors)
        print(f"{name} = ({tuple(weights)}, {offset})  # finds {share:.4f} of the tuning part")


if __name__ == "__main__":
    main()
