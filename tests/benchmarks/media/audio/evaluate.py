"""Measures how well sound is found again, next to Chromaprint and ISCC: `python evaluate.py --corpus DIR`.

Every transform of some held-out tracks is a query against all held-out tracks. The run can be cut into pieces
with ``--budget SECONDS``: what was made or compared is kept in the corpus folder, and the next run goes on.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
from corpus import fetch, fetch_libraries, tracks
from peers import Chromaprint, chromaprint_score, iscc_code, iscc_score, load_with_libraries
from transforms import RATE_HZ, TRANSFORMS

from fpcache.media.audio import THRESHOLD, decode, describe
from fpcache.media.audio.comparing import compare_ready, ready
from fpcache.media.audio.deciding import score

METHODS = ("fpcache", "Chromaprint", "ISCC audio", "fpcache vector")
_QUERY_S = 40.0


def loaded(path: Path, seconds: float) -> np.ndarray:
    """Return the first seconds of a file after its first five, float32, shape (2, n)."""
    pieces, count = [], 0
    with av.open(str(path), metadata_errors="ignore") as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
        for frame in container.decode(audio=0):
            frame.pts = None
            for part in resampler.resample(frame):
                pieces.append(part.to_ndarray())
                count += part.samples
            if count > (seconds + 5) * RATE_HZ:
                break
    samples = np.concatenate(pieces, axis=1)
    return samples[:, 5 * RATE_HZ :][:, : int(seconds * RATE_HZ)]


def made(source: Any, chromaprint: Chromaprint) -> dict[str, Any]:
    """Return all fingerprints of a file, with the seconds that each took."""
    item: dict[str, Any] = {}
    started = time.perf_counter()
    item["parts"] = describe(decode(source))
    item["fpcache s"] = time.perf_counter() - started
    started = time.perf_counter()
    item["chromaprint"] = chromaprint(io.BytesIO(source) if isinstance(source, bytes) else str(source))
    item["Chromaprint s"] = time.perf_counter() - started
    started = time.perf_counter()
    item["iscc"] = iscc_code(item["chromaprint"]) if len(item["chromaprint"]) else np.zeros(256, np.uint8)
    item["ISCC audio s"] = item["Chromaprint s"] + time.perf_counter() - started
    return item


class Kept:
    """What earlier runs made, in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.items: dict[Any, Any] = pickle.loads(path.read_bytes()) if path.exists() else {}

    def save(self) -> None:
        self.path.write_bytes(pickle.dumps(self.items))


def make_all(paths: list[Path], query_count: int, kept: Kept, ends_at: float) -> bool:
    """Make references and queries until the budget is used up; True when all are there."""
    chromaprint = Chromaprint()
    chosen = paths[:: max(1, len(paths) // query_count)][:query_count]
    for path in paths:
        if (path.name, "") not in kept.items:
            kept.items[path.name, ""] = made(path, chromaprint)
        if time.monotonic() > ends_at:
            return False
    for number, path in enumerate(chosen):
        if all((path.name, name) in kept.items for name in TRANSFORMS):
            continue
        samples = loaded(path, _QUERY_S)
        for name, transform in TRANSFORMS.items():
            kept.items[path.name, name] = made(transform(samples, number), chromaprint)
        if time.monotonic() > ends_at:
            return False
    return True


def compare_all(items: dict[Any, Any], scores: Kept, ends_at: float) -> bool:
    """Compare each query with each reference until the budget is used up; True when done."""
    references = {name: item for (name, kind), item in items.items() if kind == ""}
    prepared = {name: ready(item["parts"]) for name, item in references.items()}
    for (name, kind), item in items.items():
        if kind == "" or (name, kind) in scores.items:
            continue
        query, row = ready(item["parts"]), []
        for other, reference in references.items():
            started = time.perf_counter()
            similarity = compare_ready(query, prepared[other])
            own_s = time.perf_counter() - started
            started = time.perf_counter()
            chroma = chromaprint_score(item["chromaprint"], reference["chromaprint"])
            chroma_s = time.perf_counter() - started
            iscc = iscc_score(item["iscc"], reference["iscc"])
            evidence = dict(similarity.evidence)
            cosine = evidence.get("vector_cosine") or 0.0
            row.append((other, similarity.score, chroma, iscc, cosine, evidence, own_s, chroma_s))
        scores.items[name, kind] = row
        if time.monotonic() > ends_at:
            return False
    return True


def figures(scores: dict[Any, Any], method: int) -> dict[str, Any]:
    """Return R@1, TPR at FPR 1e-3 and AUC of one method, over all and by transform."""
    right, wrong, best = {}, [], {}
    for (name, kind), row in scores.items():
        values = np.array([_value(entry, method) for entry in row])
        is_own = np.array([entry[0] == name for entry in row])
        right[name, kind] = values[is_own].max()
        wrong.append(values[~is_own])
        best[name, kind] = bool(values[is_own].max() > values[~is_own].max())
    negatives = np.sort(np.concatenate(wrong))
    limit = negatives[-(int(len(negatives) * 1e-3) + 1)]
    positives = np.array(list(right.values()))
    ranks = np.searchsorted(negatives, positives, "left") + np.searchsorted(negatives, positives, "right")
    table = {
        kind: (
            np.mean([found for (_, other), found in best.items() if other == kind]),
            np.mean([value > limit for (_, other), value in right.items() if other == kind]),
        )
        for kind in TRANSFORMS
    }
    return {
        "R@1": np.mean(list(best.values())),
        "TPR": np.mean(positives > limit),
        "AUC": np.mean(ranks) / 2 / len(negatives),
        "limit": limit,
        "negatives": len(negatives),
        "by transform": table,
        "at threshold": [float(np.mean(_decided(values))) for values in (positives, negatives)],
    }


def _decided(strengths: np.ndarray) -> np.ndarray:
    return np.array([score(min(float(value), 100.0)) >= THRESHOLD for value in strengths])


def _value(entry: tuple[Any, ...], method: int) -> float:
    """Return a method's score; fpcache's before it is squeezed into 0 to 1, where many are 1."""
    if method == 0 and "strength" in entry[5]:
        return float(entry[5]["strength"])
    return float(entry[1 + method]) * (100.0 if method == 0 else 1.0)


def report(items: dict[Any, Any], scores: dict[Any, Any]) -> tuple[str, dict[str, Any]]:
    """Return a Markdown table and the same figures for JSON."""
    results = {name: figures(scores, index) for index, name in enumerate(METHODS)}
    queries = [item for (_, kind), item in items.items() if kind]
    make_ms = {name: 1e3 * np.mean([item[f"{name} s"] for item in queries]) for name in METHODS[:3]}
    compare_ms = [1e3 * np.mean([entry[at] for row in scores.values() for entry in row]) for at in (6, 7)]
    count = sum(kind == "" for _, kind in items)
    lines = [
        f"{count} tracks, {len(scores)} queries of {len(TRANSFORMS)} transforms, "
        f"{results['fpcache']['negatives']} unrelated pairs; milliseconds for {_QUERY_S:.0f} s at most, "
        f"and per pair: {compare_ms[0]:.2f} (fpcache), {compare_ms[1]:.2f} (Chromaprint)",
        "",
        "| method | R@1 | TPR at FPR 1e-3 | AUC | ms to make |",
        "|---|---|---|---|---|",
    ]
    for name, result in results.items():
        spent = f"{make_ms[name]:.0f}" if name in make_ms else ""
        lines.append(
            f"| {name} | {result['R@1']:.4f} | {result['TPR']:.4f} | {result['AUC']:.5f} | {spent} |"
        )
    at_threshold = results["fpcache"]["at threshold"]
    lines += ["", f"At THRESHOLD: TPR {at_threshold[0]:.4f}, FPR {at_threshold[1]:.6f}", ""]
    lines += ["| R@1 / TPR | " + " | ".join(METHODS) + " |", "|---|" + "---|" * len(METHODS)]
    for kind in TRANSFORMS:
        cells = [results[name]["by transform"][kind] for name in METHODS]
        lines.append(f"| {kind} | " + " | ".join(f"{rank:.3f} / {rate:.3f}" for rank, rate in cells) + " |")
    return "\n".join(lines), json.loads(json.dumps(results, default=float)) | {"compare_ms": compare_ms}


def main() -> None:
    """Fetch, make, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--part", choices=("tuning", "held-out"), default="held-out")
    parser.add_argument("--queries", type=int, default=48)
    parser.add_argument("--budget", type=float, default=1e9, help="seconds")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--again", action="store_true", help="compare again what was compared before")
    arguments = parser.parse_args()
    fetch(arguments.corpus)
    fetch_libraries(arguments.corpus / "libraries")
    load_with_libraries(arguments.corpus.resolve() / "libraries")
    ends_at = time.monotonic() + arguments.budget
    kept, scores = (
        Kept(arguments.corpus / f"{arguments.part}-{name}.pickle") for name in ("items", "scores")
    )
    scores.items = {} if arguments.again else scores.items
    paths = tracks(arguments.corpus, arguments.part == "held-out")
    is_done = make_all(paths, arguments.queries, kept, ends_at)
    kept.save()
    is_done = is_done and compare_all(kept.items, scores, ends_at)
    scores.save()
    if not is_done:
        print(f"not done yet: {len(kept.items)} made, {len(scores.items)} compared; run again")
        return
    text, data = report(kept.items, scores.items)
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(data, indent=1))


if __name__ == "__main__":
    main()
