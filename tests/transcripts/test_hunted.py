"""Sessions that a random search, or a reading of the code, found to be replayed wrongly."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice

MEMO = """
    from functools import lru_cache
    log, k = [], 1
    # %%
    @lru_cache({size})
    def memo(n, step=0):
        {body}
"""


@pytest.mark.parametrize("size", ["None", "3"])
def test_what_a_memoised_function_returned_is_one_object_with_what_it_returns_later(transcript, size):
    cells = MEMO.format(size=size, body="return [n, step]")
    calls = "\n# %%\na = memo(1, step=2)\n# %%\nb = memo(1, step=2)"
    _, warm = run_one_then_other(transcript, cells + calls, cells + calls + "; c = 1\n# %%\na is b, c")
    expect(warm, {"a = memo": "uncacheable: lru_cache", "b = memo": "hit"})


def test_a_stale_result_of_a_memoised_function_is_not_taken_for_a_new_one(transcript):
    cells = MEMO.format(size="None", body="return n + k")
    one = cells + "\n# %%\na = memo(1)\n# %%\nk = 5\n# %%\nb = memo(1)"
    _, warm = run_one_then_other(transcript, one, cells + "\n# %%\nk = 5\n# %%\nb = memo(1)")
    expect(warm, {"b = memo": "uncacheable"})


def test_what_a_memoised_function_does_beside_is_done_by_its_first_call_alone(transcript):
    cells = MEMO.format(size="None", body="log.append(n); print(n); return n")
    call = "\n# %%\na = memo(1)"
    _, warm = run_one_then_other(transcript, cells + call + call, cells + call + "\n# %%\nlog.clear()" + call)
    expect(warm, {"a = memo": "uncacheable, miss"})


def test_a_memoised_function_of_values_alone_hits(transcript):
    cells = MEMO.format(size="3", body="return n if n < 1 else memo(n - 1, step=n)")
    _, warm = run_twice(transcript, cells + "\n# %%\na = memo(3)")
    expect(warm, {"a = memo(3)": "hit"})


@pytest.mark.parametrize(
    ("pickled", "n"),
    [("pickle.dumps(C())", "pickle.loads(p).get()"), ("pickle.dumps(get)", "pickle.loads(p)()")],
)
def test_a_class_or_function_that_a_pickle_names_is_read(transcript, pickled, n):
    cells = f"""
        import pickle
        LOG = []
        def get(self=None): LOG.append(1); return 1
        class C:
            def get(self): return 1
        # %%
        p = {pickled}
        # %%
        n = {n}
    """
    _, warm = run_edit_run(transcript, cells, ("def get(self): return 1", "def get(self): return 2"))
    expect(
        warm, {"n = pickle": "miss: a pickle names" if "C()" in pickled else "uncacheable: a pickle names"}
    )


HIDDEN_READS = {
    "sys.modules": "sys.modules['__main__'].k",
    "globals of a function": "get.__globals__['k']",
    "subclasses": "len(Base.__subclasses__())",
}


@pytest.mark.parametrize("place", ["x = {}", "x = call()"])
@pytest.mark.parametrize("way", list(HIDDEN_READS.values()), ids=list(HIDDEN_READS))
def test_names_read_past_every_analysis_are_not_cached(transcript, way, place):
    cells = f"""
        import sys
        k = 1
        class Base: pass
        def get(): pass
        def call(): return {way}
        # %%
        {place.format(way)}
    """
    _, warm = run_edit_run(
        transcript, cells, ("k = 1\n", "k = 2\n"), ("Base: pass", "Base: pass\nclass D(Base): pass")
    )
    expect(warm, {"x =": "uncacheable"})


SETTINGS = {
    "a logger's handler": (
        "logging.getLogger('app').addHandler(logging.FileHandler('log.txt'))",
        "len(logging.getLogger('app').handlers)",
    ),
    "timeout": ("socket.setdefaulttimeout(5)", "socket.getdefaulttimeout()"),
    "garbage collection": ("gc.disable()", "gc.isenabled()"),
    "csv": ("csv.register_dialect('mine', delimiter='|')", "csv.list_dialects()"),
    "types": ("mimetypes.add_type('a/b', '.zzq')", "mimetypes.guess_type('q.zzq')"),
    "an installed class": ("json.JSONEncoder.default = lambda self, o: 'x'", "json.dumps(object())"),
}


@pytest.mark.parametrize(("change", "seen"), list(SETTINGS.values()), ids=list(SETTINGS))
def test_what_a_function_sets_in_the_standard_library_beside_its_result_is_set(transcript, change, seen):
    cells = f"""
        import csv, gc, json, logging, mimetypes, socket
        def begin():
            {change}
            return 1
        # %%
        x = begin()
    """
    one, other = (cells + f"\n        # %%\n        {name} = {seen}" for name in "ab")
    _, warm = run_one_then_other(transcript, one, other)
    expect(warm, {"x = begin()": "uncacheable"})


def test_a_logger_that_a_function_makes_and_sets_is_set(transcript):
    cells = """
        import logging
        def begin():
            logging.getLogger('app').setLevel(10)
            return 1
        # %%
        x = begin()
    """
    one, other = (cells + f"\n        # %%\n        {name} = logging.getLogger('app').level" for name in "ab")
    _, warm = run_one_then_other(transcript, one, other)
    expect(warm, {"x = begin()": "hit", "b =": "miss"})


def test_code_that_reads_out_and_shows_a_result_adds_it_under_its_own_number(transcript):
    cells = "n = 1\n# %%\n{}len(Out)\n# %%\nsorted(Out)"
    _, warm = run_one_then_other(transcript, cells.format(""), cells.format("k = 1\n# %%\n"))
    expect(warm, {"len(Out)": "uncacheable: reads `Out`"})


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2)], ids=["same seed", "other seed"])
def test_a_set_is_iterated_as_after_a_run_where_the_hash_seed_is_the_same(transcript, seeds):
    cells = "s = {str(n) for n in range(1000)}\n# %%\nfirst = list(s)[:3]"
    one, other = (cells.replace("first", name) for name in ("a", "b"))
    assert_same(transcript.plain(one, seed=seeds[0]), transcript.run(one, seed=seeds[0]))
    warm = transcript.run(other, seed=seeds[1])
    expect(warm, {"s =": "hit"})
    if seeds[0] == seeds[1]:
        assert_same(transcript.plain(other, seed=seeds[1]), warm)


def test_an_ignored_value_that_the_code_changes_in_place_is_changed_each_time(transcript):
    cells = "log = []\nquiet = [1]\n# %%\n%%fpcache --quiet --ignore log --ignore quiet\nlog.append(1)\nn = len(quiet)"
    _, warm = run_twice(transcript, cells)
    expect(warm, {"log.append(1)": "uncacheable: changes `log` in place, which --ignore", "n =": "hit"})


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_a_declared_type_is_declared_after_a_hit_as_after_a_run(transcript, future):
    _, warm = run_twice(
        transcript, f"{future}n = 1\n# %%\nx: object = n + 1\n# %%\nkind = __annotations__['x']"
    )
    expect(warm, {"x: object": "hit"})


def test_the_compiler_warns_of_odd_code_as_often_as_without_a_cache(transcript):
    _, warm = run_twice(transcript, "l = [1]\n# %%\nx = 0 is l\ny = l is 'a'")
    expect(warm, {"x = 0 is l": "hit"})
    assert "SyntaxWarning" in warm[1].stream("stderr")


def test_a_bound_method_stays_one_object_when_what_holds_it_is_changed(transcript):
    _, warm = run_twice(
        transcript,
        """
        class Node:
            all = []
            def __init__(self, value):
                self.value = value
                self.all.append(value)
            def add(self): pass
        # %%
        first = Node(1)
        # %%
        second = Node(first.add)
        third = Node(3)
        # %%
        second.value is Node.all[1]
        """,
    )
    expect(warm, {"second = ": "hit", "third = ": "hit"})


@pytest.mark.parametrize("nan", ["math.nan", "numpy.nan"])
def test_a_nan_is_still_in_the_list_it_was_put_in(transcript, nan):
    cells = f"""
        import math, numpy
        from collections import deque
        values, others = [1.0, {nan}], deque([2.0])
        # %%
        values.append(3.0)
        # %%
        others.append(values[1]); worst = float("nan"); pair = [worst, (worst, 5)]
        # %%
        others.append(4.0); pair.append(worst)
        # %%
        found = 1, {nan} in values, {nan} in others, pair[0] in pair[1], worst in pair
    """
    _, warm = run_edit_run(transcript, cells, ("found = 1", "found = 2"))
    expect(warm, {"values.append": "hit", "others.append": "hit, hit", "found": "miss"})


def test_a_view_of_restored_objects_has_them_as_its_base(transcript):
    cells = """
        import numpy as np
        objects = np.array([[1, "b"], [None, 4]], dtype=object)
        # %%
        row, column, turned, all = objects[1], objects[:, 0], objects.T, objects.ravel()[::-1]
        # %%
        bases = [1, row.base is objects, turned.base is objects, all.base is objects]
        row[0] = column, 5
    """
    _, warm = run_edit_run(transcript, cells, ("bases = [1", "bases = [2"))
    expect(warm, {"objects = ": "hit", "row, column": "hit", "bases": "miss"})


@pytest.mark.usefixtures("libraries_loaded")
def test_looking_at_a_frame_leaves_what_pandas_looks_up_later_to_the_code(transcript):
    """Its first look for a name makes Python forget which warnings it has shown."""
    cells = """
        import pandas, warnings
        def complain(frame):
            warnings.warn("again")
            return "x" in frame
        # %%
        frame = pandas.DataFrame({"x": [1]})
        # %%
        for _ in range(3): complain(frame)
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"frame = ": "hit"})


def test_a_module_that_is_loaded_again_within_an_expression_is_loaded_again(transcript):
    files = {"mod.py": "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)\n"}
    cells = """
        import importlib, mod
        # %%
        mod.f(1)
        # %%
        again = importlib.reload(mod).seen
        # %%
        mod.f(2)
    """
    transcript.files = files
    _, warm = run_twice(transcript, cells)
    expect(warm, {"again = ": "uncacheable: `importlib.reload`"})


def test_a_value_that_tells_the_name_of_its_cells_file_is_not_taken_from_another_kernel(transcript):
    cells = """
        import sys, warnings
        # %%
        with warnings.catch_warnings(record=True) as caught: warnings.warn("here")
        # %%
        keys = {"key": lambda x: x + 1}
        # %%
        name = caught[0].filename
    """
    other = cells.replace("# %%", "# %%\n        0\n        # %%", 1)
    _, warm = run_one_then_other(transcript, cells, other)
    expect(warm, {"with warnings": "uncacheable: the name of a cell's file", "keys =": "hit"})


def test_a_frame_changed_in_place_keeps_its_columns_apart_in_memory(transcript):
    pytest.importorskip("pandas")
    cells = """
        import pandas
        frame = pandas.DataFrame({"x": [1, 2], "y": [0.5, 1.5]})
        # %%
        frame["z"] = 1
        # %%
        sizes = [1, frame["x"].to_numpy().base.size, frame["z"].to_numpy().base.size]
    """
    _, warm = run_edit_run(transcript, cells, ("sizes = [1", "sizes = [2"))
    expect(warm, {'frame["z"]': "hit"})


@pytest.mark.parametrize("way", ["list(f(1))", "import time\nt = f(time.time() > 1)", "d.query(f('a'))"])
def test_what_python_warns_of_as_it_compiles_a_cell_is_not_shown_more_often(transcript, way):
    if way.startswith("d."):
        pytest.importorskip("pandas")
        way = f"import pandas as pd\nd = pd.DataFrame({{'a': [True]}})\nx = {way}"
    cells = f"f = lambda x: x if isinstance(x, str) else {{x}}\nsame = 4 is f(3)\n# %%\n{way}"
    cold, warm = run_twice(transcript, cells)
    assert "SyntaxWarning" in cold[0].stream("stderr")
    assert "SyntaxWarning" in warm[0].stream("stderr")


def test_a_partial_of_a_partial_is_joined_with_it(transcript):
    """Python joins the two where the inner one has no ``__dict__``, which a look at it would make."""
    _, warm = run_twice(
        transcript,
        """
        from functools import partial
        def f(*args): return args
        # %%
        one = partial(f, 1)
        # %%
        kept = [one]
        # %%
        one.__setstate__((f, (2,), {}, None))
        # %%
        two = partial(one, 3)
        # %%
        two, kept, two.func is f, two()
        """,
    )
    expect(warm, {"one = ": "hit", "kept": "hit", "one.__set": "hit", "two = ": "hit"})


@pytest.mark.parametrize("owner", ["np.zeros(0)", "np.zeros((0, 3))", "np.arange(6.0)[3:3]"])
@pytest.mark.parametrize("view", ["a.reshape(-1)", "a[:0]", "a.T", "a.view(np.uint8)", "[a.reshape(-1), a]"])
def test_a_view_of_nothing_is_a_view_of_what_holds_nothing(transcript, owner, view):
    cells = f"import numpy as np\n# %%\na = {owner}\n# %%\nb = {view}"
    _, warm = run_twice(transcript, cells)
    expect(warm, {"b =": "hit"})


@pytest.mark.parametrize("dtype", ["object", "float"])
@pytest.mark.parametrize(
    "view",
    [
        "np.broadcast_to(a.ravel()[:1], (2, 2))",
        "np.broadcast_to(a, (3, 2))",
        "np.broadcast_to(a[1], (3,))",
        "np.broadcast_to(a[:, None], (2, 3))",
        "np.broadcast_arrays(a, np.zeros((2, 2)))[0]",
        "np.broadcast_to(a[::-1], (2, 2))[:, 1:]",
        "np.broadcast_to(a[:0], (2, 0))",
    ],
)
def test_a_view_that_repeats_an_array(transcript, view, dtype):
    cells = f"import numpy as np\na = np.array([1, 2], dtype={dtype})\n# %%\nb = {view}\n# %%\nc = b.base is a, b.tolist()"
    _, warm = run_twice(transcript, cells)
    is_odd = "broadcast_arrays" in view or (dtype == "object" and ("::-1" in view or ":0]" in view))
    expect(warm, {"b =": "uncacheable" if is_odd else "hit"})


ASKED = """
    import functools
    @functools.cache
    def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
    # %%
    x = fib(80)
    # %%
    y = x + 1
"""


@pytest.mark.parametrize(
    "asking", ["known = fib.cache_info()", "def ask(f): return f.cache_info()[:]\n# %%\nknown = ask(fib)"]
)
def test_what_fills_a_memory_is_run_where_the_notebook_asks_what_is_in_it(transcript, asking):
    cells = ASKED + "\n    # %%\n    " + asking.replace("\n", "\n    ")
    plain = transcript.plain(cells)
    for _ in range(3):
        run = transcript.run(cells)
        assert_same(plain, run)
    expect(run, {"x = fib": "uncacheable: `cache_info` tells how many", "y =": "hit"})
