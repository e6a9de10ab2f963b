"""Measure how well images are recognised, beside the peers: ``python .../evaluate.py --corpus DIR``.

The decision was fitted on one part of the corpus (`calibrate.py`); this reports on the other. Each of 32
changed copies of each picture is compared with its original, with the 3 originals most alike to it by vector
and hash (for ranks), and with 10 random ones (for rates); the peers with all. The first run measures for
about 6 minutes a part.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Picture, gather, split
from measuring import Measured, measure
from pairs import RELATED, compared, evidence_of_rows, judged, peer_scores, scored
from PIL import Image
from scoring import FPR, Scores, auc, hit_rate, true_positive_rate
from transforms import TRANSFORMS

from fpcache.media.image import THRESHOLD, compare, decode_image, image_parts
from fpcache.media.image.comparing import score
from fpcache.media.image.vectors import ImageModel, image_model

_LARGEST_SIDE = 1280


def summary(scores: Scores, ranks: Scores, seconds: Sequence[float]) -> dict[str, Any]:
    """Return what is reported of one method."""
    rates = true_positive_rate(scores)
    return {
        "r_at_1": float(hit_rate(ranks).mean()),
        "tpr": float(rates.mean()),
        "auc": auc(scores.related(), scores.unrelated()),
        "ms": float(np.median(seconds)) * 1e3,
        "unrelated_pairs": len(scores.unrelated()),
        "per_transform": dict(zip(TRANSFORMS, rates.round(4).tolist(), strict=True)),
    }


def summaries(measured: Sequence[Measured], rows: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return what is reported of all methods, fpcache's first."""
    seconds = {name: [t for each in measured for t in each.seconds[name]] for name in measured[0].seconds}
    found = {}
    for with_vectors in (True, False):
        scores, ranks = scored(rows, len(measured), with_vectors)
        own = summary(scores, ranks, seconds[scores.name])
        # Scores here are logits, so that the threshold of 0.5 is at 0.
        own["tpr_at_threshold"] = float((scores.related() >= 0).mean())
        own["fpr_at_threshold"] = float((scores.unrelated() >= 0).mean())
        found[scores.name] = own
    for scores in peer_scores(measured):
        found[scores.name] = summary(scores, scores, seconds[scores.name])
    return found


def within_series(
    pairs: Sequence[tuple[Picture, Picture]], model: ImageModel
) -> list[tuple[str, str, float]]:
    """Return the scores of pairs within a series: other sizes, colours, views and takes."""
    found = []
    for pair in pairs:
        a, b = (image_parts(decode_image(_read(each.path)), model) for each in pair)
        found.append((pair[0].group, pair[1].path.stem, round(compare(a, b).score, 4)))
    return found


def _read(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        image = opened.convert("RGBA")
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    return image


def false_matches(measured: Sequence[Measured], rows: np.ndarray, most: int = 12) -> list[str]:
    """Return the unrelated pairs that match most often, as lines."""
    scores = np.array([score(seen) for seen in evidence_of_rows(rows, with_vectors=True)])
    is_false = (rows[:, 3] != RELATED) & (scores >= THRESHOLD)
    counts = Counter(tuple(sorted(pair)) for pair in rows[is_false][:, 1:3].astype(int).tolist())
    return [
        f"{number} copies matched falsely: {' and '.join(measured[index].name for index in pair)}"
        for pair, number in counts.most_common(most)
    ]


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the results as Markdown: one table of methods, one of transforms."""
    head = f"| method | R@1 | TPR at FPR {FPR:g} | AUC | ms (decode, hash) |"
    lines = [head, "|---|---|---|---|---|"]
    for name, each in found.items():
        rates = f"{each['r_at_1']:.3f} | {each['tpr']:.3f} | {each['auc']:.5f}"
        lines.append(f"| {name} | {rates} | {each['ms']:.1f} |")
    lines += ["", "| TPR at that FPR | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for transform in TRANSFORMS:
        cells = [f"{each['per_transform'][transform]:.3f}" for each in found.values()]
        lines.append(f"| {transform} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that corpus.py filled")
    parser.add_argument("--weights", type=Path, default=None, help="the network's weight file")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long; run again to go on")
    parser.add_argument("--part", choices=("held", "tune"), default="held")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    tuning, held_out, series = split(gather(options.corpus))
    pictures = held_out if options.part == "held" else tuning
    cache = options.corpus / f"cache-{options.part}"
    model = image_model("cpu", options.weights)
    measured = measure(pictures, model, cache, options.seconds, with_peers=True)
    measured, rows = judged(measured, compared(measured, cache, options.seconds))
    found = summaries(measured, rows)
    for line in false_matches(measured, rows):
        print(line)
    print(f"{len(measured)} pictures, {len(measured) * len(TRANSFORMS)} copies\n\n{table(found)}\n")
    for name in list(found)[:2]:
        tpr, fpr = found[name]["tpr_at_threshold"], found[name]["fpr_at_threshold"]
        pairs = found[name]["unrelated_pairs"]
        print(f"{name}: at the threshold TPR {tpr:.4f}, FPR {fpr:.1e} of {pairs} pairs")
    within = within_series(series, model)
    matched = sum(likeness >= THRESHOLD for *_, likeness in within)
    print(f"within a series: {matched} of {len(within)} pairs match")
    if options.json:
        options.json.write_text(json.dumps({"methods": found, "series": within}, indent=1))


if __name__ == "__main__":
    main()
