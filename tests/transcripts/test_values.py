"""A value counts with all of it that can be seen: what changed runs its readers again, what is equal hits."""

from __future__ import annotations

import pytest
from value_pairs import NUMPY_VALUES, PANDAS_VALUES, PLAIN_VALUES

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice


def expect_each_change_to_be_seen(transcript, imports, values):
    """Bind all first values, then all second ones; equal ones made again must hit."""

    def cells(side, make):
        text = "\n".join(f"{name} = {make(pair[side])}" for name, pair in values.items())
        uses = "\n".join(f"use_{name} = use({name})" for name in values)
        return [f"{imports}\ndef use(value): return type(value).__name__", text, uses]

    before, after, rebuilt = (
        cells(0, str),
        cells(1, str),
        cells(1, lambda text: f"[{text} for _ in range(1)][0]"),
    )
    _, warm = run_one_then_other(transcript, before, after)
    expect(warm, {f"use_{name} ": f"miss: `{name}` changed" for name in values})
    again = transcript.run(rebuilt)
    assert_same(transcript.plain(rebuilt), again)
    expect(again, {f"use_{name} ": "hit" for name in values})


def test_plain_values_that_differ_are_told_apart(transcript):
    imports = "import collections, datetime, decimal, pathlib, re, types"
    expect_each_change_to_be_seen(transcript, imports, PLAIN_VALUES)


def test_arrays_that_differ_are_told_apart(transcript):
    pytest.importorskip("numpy")
    expect_each_change_to_be_seen(transcript, "import numpy as np", NUMPY_VALUES)


def test_frames_that_differ_are_told_apart(transcript):
    pytest.importorskip("pandas")
    imports = "import pandas as pd\ndef with_attrs(df): df.attrs['k'] = 1; return df"
    expect_each_change_to_be_seen(transcript, imports, PANDAS_VALUES)


def test_equal_values_made_in_another_way_hit(transcript):
    pytest.importorskip("pandas")
    cells = """
        import math, pandas as pd, numpy as np
        def use(value): return type(value).__name__
        # %%
        nan = float("nan")
        many = {"z", "a", "m"}
        words = ["a" + "b", "ab"]
        df = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        # %%
        use_nan = use([nan])
        size = len(many) + ("a" in many)
        ordered = sorted(many)
        use_words = use(words)
        use_df = use(df)
    """
    edits = [
        ('float("nan")', "math.nan"),
        ('{"z", "a", "m"}', 'set(["m", "z"]) | {"a"}'),
        ('["a" + "b", "ab"]', '["".join(["a", "b"]), "ab"]'),
        (
            'pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})',
            'pd.DataFrame([(1, "x"), (2, "y")], columns=["a", "b"])',
        ),
    ]
    _, warm = run_edit_run(transcript, cells, *edits)
    expect(
        warm,
        {
            "df": "miss: this code was edited",
            "use_nan": "hit",
            "size": "hit",
            "ordered": "hit",
            "use_words": "hit",
            "use_df": "hit",
        },
    )


def test_the_order_of_a_set_in_a_result_is_that_of_the_live_set(transcript):
    cells = """
        letters = set("abcdef")
        # %%
        size = len(letters)
        listed = list(letters)
        # %%
        agree = listed == [letter for letter in letters]
    """
    cold = transcript.run(cells, seed=1)
    other_seed, same_seed = transcript.run(cells, seed=2), transcript.run(cells, seed=1)
    expect(
        other_seed, {"size": "hit", "listed": "miss: depends on the order of a set (`list(letters)`, line 2)"}
    )
    expect(same_seed, {"size": "hit", "listed": "hit"})
    for run in (cold, other_seed, same_seed):
        assert run.value("agree") in (True, ["bool", True])


def test_an_equal_set_built_in_another_order_is_iterated_again(transcript):
    cells = """
        numbers = set([0, 8])
        # %%
        listed = list(numbers)
        total = max(numbers)
        size = len(numbers)
    """
    _, warm = run_edit_run(transcript, cells, ("[0, 8]", "[8, 0]"), seed=1)
    expect(warm, {"listed": "miss: built in another order", "size": "hit"})
    _, again = run_twice(transcript, cells)
    expect(again, {"listed": "hit", "size": "hit"})


def test_a_set_of_all_kinds_of_elements_counts(transcript):
    cells = """
        mixed = {1, "a", None, (2,)}
        # %%
        size = len(mixed)
        # %%
        has = "a" in mixed
    """
    _, warm = run_edit_run(transcript, cells, ("(2,)", "(3,)"))
    expect(warm, {"size": "miss: `mixed` changed", "has": "miss: `mixed` changed"})
    _, again = run_twice(transcript, cells)
    expect(again, {"mixed": "hit", "size": "hit", "has": "hit"})


def test_sharing_counts_where_it_can_be_seen(transcript):
    cells = """
        a = [1]
        pair = [a, a]
        loop = [1]; loop.append(loop)
        # %%
        pair[0].append(2)
        total = sum(map(len, pair))
        depth = len(loop[1][1])
    """
    _, warm = run_edit_run(transcript, cells, ("[a, a]", "[a, [1]]"))
    expect(warm, {"pair[0]": "miss: `pair` changed", "total": "miss", "depth": "hit"})
    _, warm = run_edit_run(transcript, cells, ("loop = [1]", "loop = [2]"))
    expect(warm, {"total": "hit", "depth": "miss: `loop` changed"})


def test_a_value_that_is_nested_without_end_never_counts_as_a_constant(transcript):
    cells = """
        deep = leaf = [1]
        for _ in range(3000):
            deep = [deep]
        # %%
        deepest = deep
        while isinstance(deepest, list):
            deepest = deepest[0]
        # %%
        del deep
    """
    changed = transcript.run(cells), transcript.run(cells, ("leaf = [1]", "leaf = [2]"))
    assert [run.value("deepest") for run in changed] == [1, 2]


def test_values_are_judged_by_what_they_hold_and_not_by_what_they_say(transcript):
    cells = """
        class Liar:
            def __init__(self, n): self.n = n
            def __reduce__(self): return (Liar, (0,))
            def __eq__(self, other): raise ValueError("never compare")
            def __hash__(self): raise ValueError("never hash")
            def __repr__(self): return "Liar"
        def use(x): return x.n
        # %%
        x = Liar(1)
        # %%
        n = use(x)
    """
    _, warm = run_edit_run(transcript, cells, ("x = Liar(1)", "x = Liar(2)"))
    expect(warm, {"n": "miss: `x` changed"})
    _, warm = run_edit_run(transcript, cells, ("Liar(1)", "Liar(1 + 0)"))
    expect(warm, {"n": "hit"})


def test_an_object_that_carries_what_can_never_be_equal_is_told_about(transcript):
    cells = """
        import logging, threading, uuid
        class Job:
            def __init__(self): self.log, self.n = logging.getLogger("job"), 2
        class Tagged(Job):
            def __init__(self): super().__init__(); self.tag = uuid.uuid4()
        class Guarded(Job):
            def __init__(self): super().__init__(); self.lock = threading.Lock()
        # %%
        job, tagged, guarded = Job(), Tagged(), Guarded()
        numbers = (n for n in range(3))
        # %%
        a = job.n + 1
        b = tagged.n + 1
        c = guarded.n + 1
        d = next(numbers)
    """
    plain = transcript.plain(cells)
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(
        warm,
        {
            "a = ": "hit",
            "b = ": "uncacheable: `uuid.uuid4` in `tagged`",
            "c = ": "uncacheable: guarded.lock",
            "d = ": "uncacheable: numbers",
        },
    )
    assert [warm.value(name) for name in "abcd"] == [plain.value(name) for name in "abcd"]


def test_estimators_count_with_what_they_learnt(transcript):
    pytest.importorskip("sklearn")
    cells = """
        import numpy as np
        from sklearn.linear_model import LinearRegression
        X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
        model = LinearRegression()
        # %%
        _ = model.fit(X, y)
        # %%
        fitted = hasattr(model, "coef_")
        name = type(X).__name__
    """
    transcript.run(cells)
    warm = transcript.run(cells, ("_ = model.fit(X, y)", "0"))
    expect(warm, {"fitted": "miss: `model` changed", "name": "hit"})
    assert warm.value("fitted") in (False, ["bool", False])
    expect(transcript.run(cells), {"_ = model": "hit", "fitted": "hit"})


def test_sparse_matrices_count_with_their_layout(transcript):
    pytest.importorskip("scipy")
    cells = """
        import numpy as np, scipy.sparse as sp
        def use(m): return type(m).__name__
        # %%
        m = sp.csr_matrix(np.eye(3))
        # %%
        kind = use(m)
    """
    _, warm = run_edit_run(transcript, cells, ("sp.csr_matrix(np.eye(3))", "sp.csc_matrix(np.eye(3))"))
    expect(warm, {"kind": "miss: `m` changed"})
    _, warm = run_edit_run(transcript, cells, ("np.eye(3)", "np.diag([1.0, 1.0, 1.0])"))
    expect(warm, {"kind": "hit"})


@pytest.mark.usefixtures("torch_loaded")
def test_tensors_count_with_all_that_shows(transcript):
    cells = """
        import torch
        def use(t): return t.requires_grad
        # %%
        a = torch.arange(4.0)
        b = torch.arange(4.0)
        # %%
        grad_a = use(a)
        grad_b = use(b)
    """
    _, warm = run_edit_run(
        transcript, cells, ("a = torch.arange(4.0)", "a = torch.arange(4.0).requires_grad_()")
    )
    expect(warm, {"grad_a": "miss: `a` changed", "grad_b": "hit"})
    _, warm = run_edit_run(
        transcript, cells, ("b = torch.arange(4.0)", "b = torch.arange(4.0).reshape(2, 2)")
    )
    expect(warm, {"grad_a": "hit", "grad_b": "miss: `b` changed"})


@pytest.mark.parametrize(
    "cells",
    [
        "sorted = list\n# %%\nout = sorted(s)",
        "def sorted(x): return [y for y in x]\n# %%\nout = sorted(s)",
        "def f(x):\n    sorted = list\n    return sorted(x)\n# %%\nout = f(s)",
        "def f(x):\n    return eval('list(x)')\n# %%\nout = f(s)",
        "def f(x): return list(vars()['x'])\n# %%\nout = f(s)",
        "def f(x):\n    def g(): return [*x]\n    return g()\n# %%\nout = f(s)",
        "class Log:\n    def append(self, x): return list(x)\n# %%\nout = Log().append(s)",
        "def g(x, y): return [i for i in y] if x else 0\ndef f(x): return g(len(x), x)\n# %%\nout = f(s)",
    ],
)
def test_what_comes_out_of_a_set_agrees_with_the_set(transcript, cells):
    letters = "import time\ns = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}\n"
    agree = "\n# %%\nassert out == list(s), time.time()"
    for seed in (1, 2, 3):
        run = transcript.run(letters + cells + agree, seed=seed)
        assert not run.cells[-1].error


@pytest.mark.parametrize(
    "cells",
    [
        "def g(c): return c.__hash__()\n# %%\nx = g(C('a'))",
        "h = hash\ndef g(c): return h(c)\n# %%\nx = g(C('a'))",
        "def g(c, h=hash): return h(c)\n# %%\nx = g(C('a'))",
        "# %%\nx = C('a').__hash__()",
        "# %%\nx = hash(C('a'))",
        "# %%\nx = list(map(hash, ['a']))",
    ],
)
def test_a_hash_of_text_is_that_of_the_present_seed(transcript, cells):
    setting = "class C:\n    def __init__(self, n): self.n = n\n    def __hash__(self): return hash(self.n)\n"
    for seed in (1, 2):
        run = transcript.run(setting + cells, seed=seed)
        assert_same(transcript.plain(setting + cells, seed=seed), run)
