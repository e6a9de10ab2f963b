"""Measure the index on planted near-duplicates, beside NumPy and usearch alone: ``evaluate.py``.

For each size: seconds to add all and until the vector file holds them, bytes on disk, milliseconds per query
(median, all of `search`, and finding candidates only), the share of planted copies that are first, and how
many of the ten exactly nearest vectors are among the candidates' ten. Fingerprints have no keypoints, so the
comparison of candidates is faster than that of real pictures, which is 2 to 4 ms each.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from planted import Planted, fingerprints, plant
from usearch.index import Index

from fpcache.media import MediaIndex
from fpcache.media.image import ALGORITHM, hash_distance
from fpcache.media.index.rows import Scope

NEAREST = 10
COLUMNS = (
    "items",
    "method",
    "add s",
    "file s",
    "ms/query",
    "of it candidates",
    "R@1",
    "recall@10",
    "MB",
    "reopen s",
)


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--size", type=int, default=512, help="numbers in a vector")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="where the index is made; a temporary one by default")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds a call took, and what it gave."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def exact(planted: Planted) -> tuple[dict[str, Any], list[set[int]]]:
    """Compare with every vector and every code, by NumPy."""
    vectors = planted.vectors.astype(np.float32)
    seconds, nearest = [], []
    for vector, code in zip(planted.asked_vectors, planted.asked_codes, strict=True):
        started = time.perf_counter()
        likeness = vectors @ vector.astype(np.float32)
        rows = np.argpartition(-likeness, NEAREST)[:NEAREST]
        int(hash_distance(code, planted.codes).argmin())
        seconds.append(time.perf_counter() - started)
        nearest.append(rows[np.argsort(-likeness[rows])])
    first = np.mean([rows[0] == source for rows, source in zip(nearest, planted.sources, strict=True)])
    size_mb = (vectors.nbytes + planted.codes.nbytes) / 1e6
    told = {"ms/query": 1e3 * median(seconds), "R@1": float(first), "recall@10": 1.0, "MB": size_mb}
    return {"method": "NumPy, vectors and 8 orientations", **told}, [set(rows.tolist()) for rows in nearest]


def alone(planted: Planted, folder: Path, nearest: list[set[int]]) -> dict[str, Any]:
    """Measure usearch by itself: vectors only, nothing that survives a crash."""
    index = Index(
        ndim=planted.vectors.shape[1], metric="cos", dtype="f16", connectivity=16, expansion_add=96,
        expansion_search=96,
    )  # fmt: skip
    add_s, _ = timed(lambda: index.add(np.arange(len(planted.vectors)), planted.vectors, threads=1))
    path = folder / "alone.usearch"
    index.save(str(path))
    asked = [timed(lambda v=vector: index.search(v, NEAREST).keys) for vector in planted.asked_vectors]
    firsts = [keys[0] == row for (_, keys), row in zip(asked, planted.sources, strict=True)]
    told = {
        "add s": add_s,
        "ms/query": 1e3 * median(seconds for seconds, _ in asked),
        "MB": path.stat().st_size / 1e6,
        "R@1": float(np.mean(firsts)),
        "recall@10": recalled([set(keys.tolist()) for _, keys in asked], nearest),
    }
    return {"method": "usearch, vectors only", **told}


def recalled(found: list[set[int]], nearest: list[set[int]]) -> float:
    """Return the share of the exactly nearest that were found."""
    return float(np.mean([len(one & other) / NEAREST for one, other in zip(found, nearest, strict=True)]))


def own(planted: Planted, folder: Path, nearest: list[set[int]]) -> dict[str, Any]:
    """Measure `MediaIndex`."""
    path = folder / "own.sqlite"
    made = fingerprints(planted.vectors, planted.codes, "item")
    items = ((str(number), one, {"half": number % 2}) for number, one in enumerate(made))
    with MediaIndex(path, "image") as index:
        add_s, _ = timed(lambda: index.add_many(items))
        file_s, _ = timed(index.store.follower.finish)
    asked = list(fingerprints(planted.asked_vectors, planted.asked_codes, "asked"))
    with MediaIndex(path, "image") as index:
        reopen_s, _ = timed(lambda: index.search(asked[0]))
        found = [timed(lambda one=one: index.search(one)) for one in asked]
        filtered = [timed(lambda one=one: index.search(one, where={"half": 0})) for one in asked[:5]]
        scope = Scope("image", ALGORITHM)
        proposed = [
            timed(lambda one=one: index.store.proposing.propose(index.store.connection, one, scope, 32))
            for one in asked
        ]
        (table,) = index.store.proposing.vectors
        rows = [
            set((table.nearest(index.store.connection, one.vector, NEAREST, None) - 1).tolist())
            for one in asked
        ]
    firsts = [matches[0].id if matches else "" for _, matches in found]
    return {
        "method": "MediaIndex", "add s": add_s, "file s": file_s, "reopen s": reopen_s,
        "ms/query": 1e3 * median(seconds for seconds, _ in found),
        "of it candidates": 1e3 * median(seconds for seconds, _ in proposed),
        "R@1": float(np.mean([one == str(row) for one, row in zip(firsts, planted.sources, strict=True)])),
        "recall@10": recalled(rows, nearest),
        "MB": sum(each.stat().st_size for each in folder.glob("own.sqlite*")) / 1e6,
        "filtered ms": 1e3 * median(seconds for seconds, _ in filtered),
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as a Markdown table."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for row in rows:
        cells = [row.get(column, "") for column in COLUMNS]
        lines.append("| " + " | ".join(f"{c:.3g}" if isinstance(c, float) else str(c) for c in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure all sizes and print what came of it."""
    options = parsed()
    rows = []
    for items in options.items:
        planted = plant(items, options.size, options.queries)
        with TemporaryDirectory(dir=options.folder) as name:
            peer, nearest = exact(planted)
            for row in (peer, own(planted, Path(name), nearest), alone(planted, Path(name), nearest)):
                rows.append({"items": items, **row})
                print(json.dumps(rows[-1]), flush=True)
    print(table(rows))
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB of memory")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
