"""Measures how well videos are found again, next to PDQ in two forms: `python evaluate.py --corpus DIR`.

Every transform of each video of one half of the corpus is a query against all of that half. The run can be
cut into pieces with ``--budget SECONDS``: what was made is kept in the corpus folder, and the next run goes
on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from corpus import clips, fetch
from peers import pdq_of_video, tmk_score, vpdq_score
from transforms import TRANSFORMS, Format, encoded

from fpcache.media.records import Parts
from fpcache.media.video import THRESHOLD, decode, describe
from fpcache.media.video.comparing import logit, seen_in_both

METHODS = ("fpcache", "fpcache, pictures only", "TMK level 1 of PDQ", "PDQ by vPDQ's rule", "fpcache vector")
_FPR = 1e-3


def made(content: bytes) -> dict[str, Any]:
    """Return all fingerprints of a file, with the seconds that each took."""
    item: dict[str, Any] = {"bytes": len(content)}
    started = time.perf_counter()
    item["parts"] = describe(decode(content))
    item["fpcache s"] = time.perf_counter() - started
    started = time.perf_counter()
    item["pdq"] = pdq_of_video(content)
    item["peers s"] = time.perf_counter() - started
    return item


def make_all(corpus: Path, held_out: bool, items: dict[Any, Any], ends_at: float) -> bool:
    """Make references and queries until the budget is used up; True when all are there."""
    for clip in clips(corpus, held_out):
        for name in ("", *TRANSFORMS):
            if (clip.name, name) not in items:
                content = TRANSFORMS[name](clip) if name else encoded(clip.frames, clip.sound, Format())
                items[clip.name, name] = made(content) | {"is_real": clip.is_real, "group": clip.group}
            if time.monotonic() > ends_at:
                return False
    return True


def compare_all(items: dict[Any, Any]) -> list[dict[str, Any]]:
    """Compare each query with each reference."""
    references = [(name, item) for (name, kind), item in items.items() if not kind]
    rows = []
    for (name, kind), item in items.items():
        if not kind:
            continue
        for other, reference in references:
            started = time.perf_counter()
            seen = seen_in_both(item["parts"], reference["parts"])
            own_s = time.perf_counter() - started
            started = time.perf_counter()
            tmk = tmk_score(item["pdq"], reference["pdq"])
            vpdq = vpdq_score(item["pdq"], reference["pdq"])
            rows.append({
                "query": name, "kind": kind, "other": other, "is_same": name == other, "seen": seen,
                "is_real": item["is_real"], "same group": item["group"] == reference["group"],
                "scores": [
                    logit(seen), logit(replace(seen, sound=None)), tmk, vpdq,
                    _cosine(item["parts"], reference["parts"]),
                ],
                "own s": own_s, "peers s": time.perf_counter() - started,
            })  # fmt: skip
    return rows


def _cosine(a: Parts, b: Parts) -> float:
    if a.vector is None or b.vector is None:
        return 0.0
    return float(a.vector.astype(np.float64) @ b.vector.astype(np.float64))


def figures(rows: list[dict[str, Any]], method: int) -> dict[str, Any]:
    """Return R@1, TPR at FPR 1e-3 and AUC of one method, over all and by transform."""
    negatives = np.sort([row["scores"][method] for row in rows if not row["same group"]])
    limit = negatives[-(int(len(negatives) * _FPR) + 1)]
    right, best = {}, {}
    for row in rows:
        key, value = (row["query"], row["kind"]), row["scores"][method]
        if row["is_same"]:
            right[key] = value
        elif not row["same group"]:
            best[key] = max(best.get(key, -np.inf), value)
    positives = np.array(list(right.values()))
    ranks = np.searchsorted(negatives, positives, "left") + np.searchsorted(negatives, positives, "right")
    real = {row["query"] for row in rows if row["is_real"]}

    def rates(keys: list[tuple[str, str]]) -> tuple[float, float]:
        ranked = np.mean([right[key] > best[key] for key in keys])
        return float(ranked), float(np.mean([right[key] > limit for key in keys]))

    return {
        "all": rates(list(right)), "real": rates([key for key in right if key[0] in real]),
        "made up": rates([key for key in right if key[0] not in real]),
        "AUC": float(np.mean(ranks) / 2 / len(negatives)), "limit": float(limit), "negatives": len(negatives),
        "by transform": {kind: rates([key for key in right if key[1] == kind]) for kind in TRANSFORMS},
    }  # fmt: skip


def report(items: dict[Any, Any], rows: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return a Markdown table and the same figures for JSON."""
    results = {name: figures(rows, index) for index, name in enumerate(METHODS)}
    references = [item for (_, kind), item in items.items() if not kind]
    make_ms = {
        name: 1e3 * np.mean([item[f"{name} s"] for item in references]) for name in ("fpcache", "peers")
    }
    pair_ms = {name: 1e3 * np.mean([row[f"{name} s"] for row in rows]) for name in ("own", "peers")}
    count = len(references)
    real = sum(item["is_real"] for item in references)
    cut = np.log(THRESHOLD / (1 - THRESHOLD))
    decided = np.array([row["scores"][0] >= cut for row in rows])
    is_same = np.array([row["is_same"] for row in rows])
    is_other = np.array([not row["same group"] for row in rows])
    is_piece = ~is_same & ~is_other
    lines = [
        f"{count} videos ({real} real, {count - real} made up), {is_same.sum()} queries, "
        f"{is_other.sum()} unrelated pairs. Made in {make_ms['fpcache']:.0f} ms (fpcache, with sound), "
        f"{make_ms['peers']:.0f} ms (PDQ); a pair in {pair_ms['own']:.1f} ms and {pair_ms['peers']:.2f} ms.",
        "",
        "| method | R@1 | TPR at FPR 1e-3 | AUC | real: R@1 / TPR | made up: R@1 / TPR |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        both = " | ".join(f"{found[part][0]:.3f} / {found[part][1]:.3f}" for part in ("real", "made up"))
        lines.append(
            f"| {name} | {found['all'][0]:.3f} | {found['all'][1]:.3f} | {found['AUC']:.5f} | {both} |"
        )
    lines += [
        "",
        f"At THRESHOLD: TPR {decided[is_same].mean():.4f}, FPR {decided[is_other].mean():.6f}; of "
        f"{is_piece.sum()} pairs of other pieces of one film {decided[is_piece].sum()} match",
        "",
    ]
    lines += ["| R@1 / TPR | " + " | ".join(METHODS) + " |", "|---|" + "---|" * len(METHODS)]
    for kind in TRANSFORMS:
        cells = [results[name]["by transform"][kind] for name in METHODS]
        lines.append(f"| {kind} | " + " | ".join(f"{rank:.2f} / {rate:.2f}" for rank, rate in cells) + " |")
    return "\n".join(lines), results | {"make_ms": make_ms, "pair_ms": pair_ms}


def main() -> None:
    """Fetch, make, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--part", choices=("tuning", "held-out"), default="held-out")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    ends_at = time.monotonic() + arguments.budget
    fetch(arguments.corpus)
    kept = arguments.corpus / f"{arguments.part}-items.pickle"
    items = pickle.loads(kept.read_bytes()) if kept.exists() else {}
    try:
        is_done = make_all(arguments.corpus, arguments.part == "held-out", items, ends_at)
    finally:
        kept.write_bytes(pickle.dumps(items))
    if not is_done:
        print(f"not done yet: {len(items)} made; run again")
        return
    rows = compare_all(items)
    kept.with_name(f"{arguments.part}-rows.pickle").write_bytes(pickle.dumps(rows))
    text, data = report(items, rows)
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(data, indent=1))


if __name__ == "__main__":
    main()
