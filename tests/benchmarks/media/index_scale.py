"""Measure the media index on as many made-up pictures as wanted: ``index_scale.py --items 1000000``.

Each stage runs in a process of its own, so that its peak of memory is its own: adding all (and until the
vector file holds them), opening and searching, changing, finding duplicates, making everything anew. Prints a
line of JSON for each and a Markdown table. Making the fingerprints is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from made_pictures import BLOCK, Block, changed, fingerprints, made_block

from fpcache.media import MediaFingerprint, MediaIndex

NEAREST = 10
QUERY_BLOCKS = 20
STAGES = ("build", "search", "change", "duplicates", "rebuild")


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument(
        "--folder", type=Path, help="where the index is made, and stays; else a temporary one"
    )
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--here", action="store_true", help="run the one stage in this process")
    return parser.parse_args()


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds a call took, and what it gave."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def blocks(items: int) -> Iterator[tuple[int, Block]]:
    """Yield the blocks of a collection, and the number of each one's first item."""
    for number in range(-(-items // BLOCK)):
        yield number * BLOCK, made_block(number, min(BLOCK, items - number * BLOCK))


def asked_for(items: int, queries: int) -> tuple[Block, np.ndarray]:
    """Return changed copies of some items, and the numbers of these."""
    last = -(-items // BLOCK)
    numbers = np.unique(np.linspace(0, last - 1, min(QUERY_BLOCKS, last)).astype(int))
    each = -(-queries // len(numbers))
    random = np.random.default_rng(7)
    made, sources = [], []
    for number in numbers.tolist():
        block = made_block(number, min(BLOCK, items - number * BLOCK))
        which = random.integers(0, len(block.vectors), each)
        made.append(changed(block, which, random))
        sources.append(number * BLOCK + which)
    names = ("vectors", "codes", "places", "patches", "sources")
    return Block(*(np.concatenate([getattr(one, name) for one in made]) for name in names)), np.concatenate(
        sources
    )


class Nearest:
    """The exactly nearest vectors of some queries, of all that it is shown."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._asked = vectors.astype(np.float32)
        self.rows = np.zeros((len(vectors), 0), np.int64)
        self._alike = np.zeros((len(vectors), 0), np.float32)

    def see(self, first: int, vectors: np.ndarray) -> None:
        """Look at more vectors, numbered from `first`."""
        alike = np.concatenate([self._alike, self._asked @ vectors.astype(np.float32).T], axis=1)
        numbers = np.broadcast_to(np.arange(first, first + len(vectors)), (len(alike), len(vectors)))
        rows = np.concatenate([self.rows, numbers], axis=1)
        best = np.argsort(-alike, axis=1)[:, :NEAREST]
        self._alike = np.take_along_axis(alike, best, axis=1)
        self.rows = np.take_along_axis(rows, best, axis=1)


def build(folder: Path, items: int, queries: int) -> dict[str, Any]:
    """Add all, and let the vector file follow."""
    asked, _ = asked_for(items, queries)
    nearest, add_s = Nearest(asked.vectors), 0.0
    with MediaIndex(folder / "own.sqlite", "image") as index:
        for first, block in blocks(items):
            nearest.see(first, block.vectors)
            made = fingerprints(block, f"{first:08x}")
            rows = [
                (str(first + n), one, {"n": first + n, "part": (first + n) % 10})
                for n, one in enumerate(made)
            ]
            add_s += timed(lambda rows=rows: index.add_many(rows))[0]
            if first % 100_000 == 0:
                print(f"{first + len(made)} added in {add_s:.0f} s", file=sys.stderr, flush=True)
        file_s = timed(index.finish)[0]
        close_s = timed(index.close)[0]
    np.save(folder / "nearest.npy", nearest.rows)
    sizes = {path.name: path.stat().st_size / 1e6 for path in folder.glob("own.sqlite*")}
    return {"add_s": add_s, "added_per_s": items / add_s, "then_file_s": file_s + close_s, "files_MB": sizes}


def search(folder: Path, items: int, queries: int) -> dict[str, Any]:
    """Open it, and search by changed copies."""
    asked, sources = asked_for(items, queries)
    made, exact = fingerprints(asked, "asked"), np.load(folder / "nearest.npy")
    open_s, index = timed(lambda: MediaIndex(folder / "own.sqlite", "image"))
    with index:
        first_s, _ = timed(lambda: index.search(made[0]))
        found = [timed(lambda one=one: index.search(one)) for one in made]
        filters = {"a tenth": {"part": 3}, "one in a thousand": {"n": (0, items // 1000)}}
        filtered = {
            name: 1e3 * np.median([timed(partial(index.search, one, where=where))[0] for one in made[:10]])
            for name, where in filters.items()
        }
        near = nearest_rows_of(index, made)
    firsts = [int(matches[0].id) if matches else -1 for _, matches in found]
    recall = np.mean([len(np.intersect1d(a, b)) / NEAREST for a, b in zip(near, exact, strict=True)])
    families = [
        source == first or is_family(source, first, items)
        for source, first in zip(sources, firsts, strict=True)
    ]
    milliseconds = 1e3 * np.array([seconds for seconds, _ in found])
    return {
        "open_s": open_s, "first_search_s": first_s, "p50_ms": np.median(milliseconds),
        "p95_ms": np.percentile(milliseconds, 95), "recall@10": recall, "found_first": np.mean(families),
        "filtered_p50_ms": filtered,
    }  # fmt: skip


def nearest_rows_of(index: MediaIndex, made: list[MediaFingerprint]) -> list[np.ndarray]:
    """Return the numbers of the nearest vectors that the index finds; rows count from 1."""
    store = index.store
    (table,) = store.proposing.vectors
    return [table.nearest(store.connection, one.vector, NEAREST, None) - 1 for one in made]


def is_family(one: int, other: int, items: int) -> bool:
    """Say whether two items are copies of one, or one of the other."""
    if other < 0 or one // BLOCK != other // BLOCK:
        return False
    sources = sources_of(one // BLOCK, items)
    return bool(sources[one % BLOCK] == sources[other % BLOCK])


def change(folder: Path, items: int, queries: int) -> dict[str, Any]:
    """Take items out, replace some, add some, one at a time."""
    made = fingerprints(made_block(10_000_000, 1200), "late")
    random = np.random.default_rng(3)
    some = [str(number) for number in random.choice(items, 600, replace=False).tolist()]
    with MediaIndex(folder / "own.sqlite", "image") as index:
        index.search(made[0])
        told = {
            "remove_ms": [timed(lambda one=one: index.remove(one))[0] for one in some[:300]],
            "update_ms": [timed(lambda n=n: index.update(some[300 + n], made[n]))[0] for n in range(300)],
            "add_ms": [timed(lambda n=n: index.add(f"late {n}", made[300 + n]))[0] for n in range(300)],
        }
        search_s = np.median([timed(lambda one=one: index.search(one))[0] for one in made[300:320]])
        is_there = [index.search(made[300 + n], 1)[0].id == f"late {n}" for n in range(20)]
        is_gone = [index.get(one) is None for one in some[:300]]
    return {name: 1e3 * np.median(seconds) for name, seconds in told.items()} | {
        "search_after_ms": 1e3 * search_s, "added_found": np.mean(is_there), "removed_gone": np.mean(is_gone),
    }  # fmt: skip


def duplicates(folder: Path, items: int, queries: int) -> dict[str, Any]:
    """Find all that is the same, and compare with what was planted."""
    with MediaIndex(folder / "own.sqlite", "image") as index:
        seconds, groups = timed(index.find_duplicates)
        there = {one for number in range(0, items, 7919) for one in [str(number)] if one in index}
    group_of = {one: number for number, group in enumerate(groups) for one in group}
    together = wrong = planted = 0
    for first, block in blocks(items):
        families = block.sources + first
        for number in np.flatnonzero(block.sources != np.arange(len(families))).tolist():
            planted += 1
            copy, source = group_of.get(str(first + number)), group_of.get(str(families[number]))
            together += copy is not None and copy == source
    for group in groups:
        wrong += sum(not is_family_in(group[0], one, items) for one in group[1:])
    return {
        "duplicates_s": seconds, "groups": len(groups), "planted_together": together / max(planted, 1),
        "wrongly_together": wrong, "still_there": len(there),
    }  # fmt: skip


@lru_cache(maxsize=1)
def sources_of(block: int, items: int) -> np.ndarray:
    """Return of what each item of a block is a copy; the last block may hold fewer."""
    return made_block(block, min(BLOCK, items - block * BLOCK)).sources


def is_family_in(one: str, other: str, items: int) -> bool:
    """Say whether two ids of one group belong together; ids that were changed since are passed over."""
    if not (one.isdigit() and other.isdigit()):
        return True
    return is_family(int(one), int(other), items)


def rebuild(folder: Path, items: int, queries: int) -> dict[str, Any]:
    """Make all that searching needs anew, and only the vector file."""
    with MediaIndex(folder / "own.sqlite", "image") as index:
        return {"rebuild_s": timed(index.rebuild)[0]}


def memory() -> dict[str, float]:
    """Return the most memory that this process had, and what of it is its own now, not a mapped file's."""
    own = 0.0
    if os.path.exists("/proc/self/status"):
        lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        own = int(lines["RssAnon"].split()[0]) / 1e3
    return {"peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, "own_MB_at_end": own}


def rounded(value: Any) -> Any:
    """Return figures as they are printed."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return float(f"{float(value):.4g}") if not isinstance(value, (str, int)) else value


def table(told: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| stage | figure | value |", "|---|---|---|"]
    for stage, figures in told.items():
        lines += [f"| {stage} | {name} | {value} |" for name, value in figures.items()]
    return "\n".join(lines)


def main() -> None:
    """Run the stages, each in its own process, and print what came of them."""
    options = parsed()
    if options.here:
        stage = globals()[options.stages[0]]
        figures = stage(options.folder, options.items, options.queries) | memory()
        print(json.dumps({options.stages[0]: rounded(figures)}), flush=True)
        return
    with TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        told: dict[str, dict[str, Any]] = {}
        for stage in options.stages:
            command = [sys.executable, __file__, "--here", "--stages", stage, "--folder", str(folder)]
            command += ["--items", str(options.items), "--queries", str(options.queries)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            print(done.stdout, end="", flush=True)
            told |= json.loads(done.stdout)
    print(table(told))


if __name__ == "__main__":
    main()
