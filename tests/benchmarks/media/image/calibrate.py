"""Fit the weights of the decision on the tuning part: ``python .../calibrate.py --corpus DIR``.

They are then copied to `fpcache.media.image.calibration`. The offset, and with it what the threshold means,
is set on the random pairs of both parts: at half of the false positive rate that is promised.
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

_MARGIN = 2
_PENALTY = 10.0


def fitted(tuning: np.ndarray, both: np.ndarray, with_vectors: bool) -> tuple[list[float], float, float]:
    """Return weights, offset, and the share of all copies that are found with them."""
    inputs = _inputs(tuning, with_vectors)
    is_related = tuning[:, 3] == RELATED
    shares = np.where(is_related, 1 / is_related.sum(), 1 / (~is_related).sum()) * is_related.sum()
    model = LogisticRegression(C=_PENALTY, max_iter=5000).fit(inputs, is_related, sample_weight=shares)
    weights = np.round(model.coef_[0], 2).clip(min=0)
    sums = _inputs(both, with_vectors) @ weights
    offset = -round(threshold_at(sums[both[:, 3] == RANDOM], FPR / _MARGIN) + 0.005, 2)
    return weights.tolist(), offset, float((sums[both[:, 3] == RELATED] + offset >= 0).mean())


def _inputs(rows: np.ndarray, with_vectors: bool) -> np.ndarray:
    return np.array([features(seen) for seen in evidence_of_rows(rows, with_vectors)])


def main() -> None:
    """Print the numbers for `fpcache.media.image.calibration`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=None, help="the network's weight file")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long; run again to go on")
    options = parser.parse_args()
    tuning, held_out, _ = split(gather(options.corpus))
    model = image_model("cpu", options.weights)
    rows = []
    for name, pictures in (("tune", tuning), ("held", held_out)):
        cache = options.corpus / f"cache-{name}"
        measured = measure(pictures, model, cache, options.seconds, with_peers=True)
        rows.append(judged(measured, compared(measured, cache, options.seconds))[1])
    for name, with_vectors in (("WITHOUT_VECTORS", False), ("WITH_VECTORS", True)):
        weights, offset, share = fitted(rows[0], np.concatenate(rows), with_vectors)
        print(f"{name} = ({tuple(weights)}, {offset})  # finds {share:.4f} of all copies")


if __name__ == "__main__":
    main()
