"""How long statements are guessed to take, before they are run for the first time."""

from __future__ import annotations

import ast
import collections
import fractions
import functools
import math
import random
import re
import statistics
import types
from pathlib import Path

import pytest

from fpcache.session.estimating import estimated_s
from fpcache.session.sizes import PYTHON, UnknownSizeError, size_of
from fpcache.testing.sessions import Transcript, expect

QUICK_S = 0.005


def estimate(text, **names):
    return estimated_s(ast.parse(text).body, names)


SMALL = {
    "math": math,
    "random": random,
    "re": re,
    "Counter": collections.Counter,
    "defaultdict": collections.defaultdict,
    "Fraction": fractions.Fraction,
    "Path": Path,
    "numbers": [1.5, 2.5, 4.0],
    "words": {"a": "ant", "b": "bee"},
    "pairs": [(1, "x"), (2, "y")],
}


@pytest.mark.parametrize(
    "text",
    [
        "total = sum(numbers) / len(numbers)",
        "random.seed(123456789)",
        "x = math.pi ** 2",
        "counts = Counter(words.values())",
        "{key: len(value) for key, value in words.items() if value}",
        "for number, word in pairs: print(word * number)",
        "half = Fraction(1, 2); half + half",
        "found = re.compile('[a-z]+').findall('some text')",
        "groups = defaultdict(list)",
        "numbers[0] += 1",
        "p = Path('a') / 'b'; p.exists()",
        "if numbers: print(max(numbers))",
    ],
)
def test_what_works_on_little_is_quick(text):
    assert estimate(text, **SMALL) < QUICK_S


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sum(range(1_000_000))", {}),
        ("list(range(n))", {"n": 10**6}),
        ("[0] * n", {"n": 10**7}),
        ("sorted(x)", {"x": list(range(90_000))}),
        ("[str(a * 2) for a in x]", {"x": list(range(19_000))}),
        ("for a in range(1000):\n for b in range(1000): print(a * b)", {}),
        ("x.split()", {"x": "a b " * 500_000}),
    ],
)
def test_what_works_on_much_is_not(text, names):
    assert not estimate(text, **names) < QUICK_S


@pytest.mark.parametrize(
    "text",
    [
        "f(1)",
        "K()",
        "k + 1",
        "k.value",
        "open('data.csv').read()",
        "p.read_text()",
        "list(p.iterdir())",
        "eval('1')",
        "exec('1')",
        "__import__('time')",
        "time.sleep(1)",
        "unknown + 1",
        "lambda: 1",
        "while True: pass",
        "[a for a in x for b in x]",
        "sum(map(f, x))",
        "sorted(x, key=f)",
        "try:\n 1\nfinally:\n 2",
        "import os",
        "get_ipython().run_cell_magic('time', '', 'f()')",
    ],
)
def test_what_may_be_anything_is_not_guessed(text):
    import time

    class K:
        value = 1

    names = {"f": lambda x: x, "K": K, "k": K(), "p": Path(), "time": time, "x": [1, 2]}
    assert estimate(text, **names, get_ipython=lambda: None) == math.inf


def test_no_method_of_the_users_objects_is_called():
    called = []

    class Touchy:
        def __getattribute__(self, name):
            called.append(name)
            return object.__getattribute__(self, name)

        def __len__(self):
            called.append("len")
            return 1

        @property
        def __class__(self):
            called.append("class")
            return list

    class Many(list):
        def __iter__(self):
            called.append("iter")
            return list.__iter__(self)

    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            called.append(name)
            return super().__getattribute__(name)

    names = {"t": Touchy(), "m": Many([1]), "module": types.ModuleType("module"), "lazy": Lazy("math")}
    texts = ["len(t)", "t.x + 1", "t[0]", "t()", "list(m)", "len(m)", "module.x", "[t, m]", "lazy.floor(2.5)"]
    assert [estimate(text, **names) for text in texts] == [math.inf] * len(texts)
    assert called == []


def test_an_estimate_ends_where_it_is_over_the_limit_or_there_is_much_code():
    rows = list(range(19_000))
    assert estimated_s(ast.parse("sorted(rows)").body, {"rows": rows}, 1e-4) == math.inf
    assert estimate("sum([" + "1, " * 1000 + "])") == math.inf
    assert estimate("print(" + "rows[0], " * 50 + ")", rows=rows) < math.inf


def test_a_function_with_the_name_of_another_is_no_library():
    @functools.wraps(statistics.mean)
    def mine(x):
        return x

    assert estimate("mine(1)", mine=mine) == math.inf
    assert estimate("mean([1, 2])", mean=statistics.mean) < QUICK_S


def test_arrays_and_frames_count_their_items():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    names = {
        "np": np,
        "pd": pd,
        "rng": np.random.default_rng(0),
        "small": np.ones(1000),
        "big": np.ones(10**7),
    }
    names["frame"] = pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")})
    for text in (
        "np.sqrt(small).mean()",
        "rng.normal(size=1000)",
        "frame['a'] = frame['a'] * 2",
        "np.zeros((32, 32))",
    ):
        assert estimate(text, **names) < QUICK_S
    for text in ("np.sort(big)", "rng.normal(size=(1000, 2000))", "big * 2 + 1", "np.zeros((20_000, 2000))"):
        assert not estimate(text, **names) < QUICK_S
    assert estimate("frame.apply(f)", **names, f=len) == math.inf
    assert estimate("np.linalg.svd(small)", **names) == math.inf
    assert estimate("pd.read_csv('a.csv')", **names) == math.inf
    assert estimate("len(big)", **names) < QUICK_S


def test_a_deep_container_has_no_size():
    deep: list[object] = []
    deep.append(deep)
    with pytest.raises(UnknownSizeError):
        size_of(deep)
    with pytest.raises(UnknownSizeError):
        size_of([[[[0] * 100] * 100] * 100] * 100)
    with pytest.raises(UnknownSizeError):
        size_of([list(range(19_000)), list(range(19_000))])
    assert size_of([[1, 2], {"a": 3}]).items < 10
    assert size_of([1, 2]).kind == PYTHON


CELLS = ["import time\nrows = [3, 1, 2]", "best = sorted(rows)", "slow = [time.sleep(0.02) for _ in rows]"]


def test_a_statement_that_looks_quick_runs_unwatched_where_quick_ones_are_not_cached(tmp_path):
    transcript = Transcript(tmp_path, settings={"environment": {"FPCACHE_MIN_SECONDS": "0.01"}})
    cold = transcript.run(CELLS)
    expect(cold, {"best": "plain", "slow": "miss"})
    assert next(row.reason for row in cold.rows() if "best" in row.name).startswith("looks too quick")
    expect(transcript.run(CELLS), {"best": "plain", "slow": "hit"})


def test_a_wrong_guess_is_made_once(tmp_path):
    """The regular expression backtracks: what looks at 30 characters takes long."""
    transcript = Transcript(tmp_path, settings={"environment": {"FPCACHE_MIN_SECONDS": "0.01"}})
    cells = ["import re\ntext = 'a' * 21", "found = re.search('(a+)+b', text)"]
    expect(transcript.run(cells), {"found": "plain"})
    expect(transcript.run(cells), {"found": "miss"})
    expect(transcript.run(cells), {"found": "hit"})
