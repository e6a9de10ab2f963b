"""Compare fingerprints with ``joblib.hash``: ratios of median times, by hand.

Run ``python tests/benchmarks/bench_fingerprint.py``; nothing is asserted.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fpcache.fingerprints import fingerprint


@dataclass
class Item:
    name: str
    price: float
    count: int


def _torch_state() -> Any:
    import torch

    return torch.nn.Sequential(*(torch.nn.Linear(300, 300) for _ in range(20))).state_dict()


def _frame(n: int) -> Any:
    import numpy
    import pandas

    numbers = numpy.random.default_rng(0).random((n, 6))
    frame = pandas.DataFrame(numbers, columns=list("abcdef"))
    frame["label"] = [f"row {k % 1000}" for k in range(n)]
    return frame


def _forest() -> Any:
    import numpy
    from sklearn.ensemble import RandomForestClassifier

    rng = numpy.random.default_rng(0)
    return RandomForestClassifier(50, random_state=0).fit(rng.random((1000, 5)), rng.integers(0, 2, 1000))


def _values(n: int) -> dict[str, Any]:
    import numpy

    rng = random.Random(0)
    return {
        "list of int": [rng.randrange(10**6) for _ in range(n)],
        "list of float": [rng.random() for _ in range(n)],
        "list of str": [f"text {k}" for k in range(n)],
        "dict of int": {f"key {k}": k for k in range(n)},
        "set of str": {f"text {k}" for k in range(n)},
        "records": [{"id": k, "name": f"n{k}", "x": k / 7} for k in range(n // 4)],
        "nested records": [{"id": k, "tags": ["a", str(k)]} for k in range(n // 4)],
        "dataclasses": [Item(f"n{k}", k / 7, k) for k in range(n // 4)],
        "tuples": [(k, str(k)) for k in range(n // 2)],
        "irregular": [[k, {"a": [k]}] if k % 2 else {"b": (k, [k])} for k in range(n // 10)],
        "array": numpy.random.default_rng(0).random(n * 20),
        "object array": numpy.array([f"t{k}" for k in range(n)], dtype=object),
        "frame": _frame(n),
        "torch state": _torch_state(),
        "forest": _forest(),
    }


def _median_s(function: Callable[[Any], object], value: Any, runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        start = time.process_time()
        function(value)
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    import joblib

    for name, value in _values(200_000).items():
        own, other = _median_s(fingerprint, value), _median_s(joblib.hash, value, 3)
        print(f"{name:16} {own * 1000:9.2f} ms   joblib {other * 1000:9.2f} ms   ratio {other / own:6.1f}")


if __name__ == "__main__":
    main()
