"""Measure text fingerprints on changed copies of real texts, beside others: ``evaluate.py --corpus DIR``.

Half of the texts are for tuning, half are held out. Every changed copy is compared with every text of its
half and size; all texts but the copy's original count as unrelated to it. TPR is the share of copies found
where one in a thousand unrelated pairs is too, of all pairs or of those of one source and language; ms is the
median time for one fingerprint.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from corpus import Item, gather
from judging import Trials, judged, table, transform_table
from methods import METHODS, Method
from transforms import TRANSFORMS, changed

from fpcache.media.text import THRESHOLD

HEADS = ("R@1", "TPR", "TPR same domain", "AUC", "ms")


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="where texts are kept")
    parser.add_argument("--part", choices=("tuning", "held-out"), default="held-out")
    parser.add_argument("--size", choices=("long", "short", "title"), default="long")
    parser.add_argument("--each", type=int, default=50, help="most texts of one source and language")
    parser.add_argument("--methods", nargs="*", default=[method.name for method in METHODS])
    parser.add_argument("--as-they-come", action="store_true", help="keep lines that texts share")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def parted(items: Sequence[Item], part: str, size: str) -> tuple[list[Item], list[str]]:
    """Return the texts of one part and size, and long texts of the other part to mix in."""
    numbered = list(enumerate(items))
    own = 0 if part == "tuning" else 1
    texts = [item for number, item in numbered if number % 2 == own and item.size == size]
    others = [item.text for number, item in numbered if number % 2 != own and item.size == "long"]
    return texts, others[: len(others) // 2]


def copies_of(items: Sequence[Item], others: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return, of each text and transform: the number of the text, the transform's name, the changed copy."""
    made = (
        (number, name, changed(name, item.text, item.name, others))
        for number, item in enumerate(items)
        for name in TRANSFORMS
    )
    return [copy for copy in made if any(character.isalnum() for character in copy[2])]


def tried(method: Method, items: Sequence[Item], copies: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    """Return the figures of one method."""
    originals = [method.fingerprint(item.text) for item in items]
    scores = np.zeros((len(copies), len(items)))
    spent_s = np.zeros(len(copies))
    for row, (_, _, text) in enumerate(copies):
        started = time.perf_counter()
        fingerprint = method.fingerprint(text)
        spent_s[row] = time.perf_counter() - started
        scores[row] = method.scores(fingerprint, originals)
    trials = Trials(
        scores,
        np.array([copy[0] for copy in copies]),
        np.array([copy[1] for copy in copies]),
        np.array([item.group for item in items]),
    )
    return judged(trials, THRESHOLD if method.name == "fpcache" else None, 1000 * float(np.median(spent_s)))


def main() -> None:
    """Print the tables, and write the figures where asked."""
    options = parsed()
    items, others = parted(
        gather(options.corpus, options.each, as_they_come=options.as_they_come), options.part, options.size
    )
    copies = copies_of(items, others)
    results = {
        method.name: tried(method, items, copies) for method in METHODS if method.name in options.methods
    }
    characters = np.mean([len(text) for _, _, text in copies])
    pairs = next(iter(results.values()))
    print(
        f"{len(items)} {options.size} texts ({options.part}, {len({i.group for i in items})} sources and "
        f"languages), {len(copies)} changed copies of {characters:.0f} characters on average, "
        f"{pairs['pairs']} unrelated pairs, {pairs['pairs same domain']} from one source and language\n"
    )
    print(table(results, HEADS), end="\n\n")
    columns = {name: result["by transform"] for name, result in results.items()}
    if "fpcache" in results:
        fixed = results["fpcache"]["at threshold"]
        print({name: round(value, 5) for name, value in fixed.items() if name != "by transform"}, end="\n\n")
        columns = {f"fpcache at {THRESHOLD}": fixed["by transform"], **columns}
    print(transform_table(columns))
    if options.json:
        options.json.write_text(
            json.dumps({"options": vars(options), "results": results}, default=str, indent=1)
        )


if __name__ == "__main__":
    main()
