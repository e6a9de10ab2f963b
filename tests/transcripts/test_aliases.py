"""What is one object in a run is one object after a hit, also together with what is live."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


@BOTH
def test_outputs_that_are_one_object_stay_one(transcript, mode):
    cells = """
        def build():
            shared = [1]
            return shared, {"a": shared, "b": [shared, shared]}
        # %%
        one, two = build()
        three = one
        four = two["b"]
        # %%
        one.append(2)
        # %%
        one is two["a"] is three, four[0] is four[1] is one, two, three
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"one, two = build()": "hit", "three = one": "hit", "four =": "hit", "one.append": "hit"})
    _, warm = run_edit_run(transcript, cells, ("three = one", "three = list(one)"), mode=mode)
    expect(warm, {"one, two = build()": "hit", "one.append": "hit", "one is": "miss"})


def test_an_output_that_is_an_input_stays_it(transcript):
    _, warm = run_twice(
        transcript,
        """
        x, inner = [1], {"k": [2]}
        def same(v): return v
        def wrap(v): return {"it": v, "its": v["k"]}
        # %%
        out = same(x)
        deep = wrap(inner)
        # %%
        out is x, deep["it"] is inner, deep["its"] is inner["k"]
        # %%
        deep["its"].append(3); out.append(4); x, inner
        """,
    )
    expect(
        warm, {"out = same(x)": "hit", "deep = wrap": "hit", "out is x": "hit", 'deep["its"].append': "hit"}
    )


def test_an_alias_that_becomes_a_copy_is_an_edit_for_what_mutates_it(transcript):
    cells = """
        import copy
        a = [1, 2]
        b = a
        # %%
        a.append(3); n = len(b)
        # %%
        n
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"a.append": "hit", "n = len(b)": "hit"})
    _, warm = run_edit_run(transcript, cells, ("b = a", "b = copy.copy(a)"))
    expect(warm, {"n = len(b)": "miss"})
    assert warm[2].result() == "2"
    _, warm = run_edit_run(
        transcript, cells, ("b = a", "b = copy.copy(a)"), options="--whole", mode="explicit"
    )
    assert warm[2].result() == "2"


def test_a_view_that_becomes_a_copy_is_an_edit_for_what_writes_its_base(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        x = np.arange(6.0)
        v = x[:3]
        # %%
        x[0] = 9; t = v.sum()
        # %%
        t
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"x[0] = 9": "hit", "t = v.sum()": "hit"})
    _, warm = run_edit_run(transcript, cells, ("v = x[:3]", "v = x[:3].copy()"))
    expect(warm, {"t = v.sum()": "miss: `v` changed"})


@BOTH
def test_a_new_name_for_an_input_sees_the_change_that_a_hit_makes(transcript, mode):
    cells = """
        a = [1]
        # a new line here
        # %%
        a.append(2)
        # %%
        a
    """
    edit = ("# a new line here", "keep = a; held = {'a': a}; get = lambda a=a: a")
    _, warm = run_edit_run(transcript, cells, edit, mode=mode)
    expect(warm, {"a.append": "hit"})
    assert warm.value("keep") == ["again", "a"]


def test_instances_are_of_the_class_that_the_notebook_has(transcript):
    cells = """
        from dataclasses import dataclass, field
        class Plain:
            def __init__(self, x): self.x = x
        @dataclass
        class Data:
            x: int
            items: list = field(default_factory=list)
        class Slotted:
            __slots__ = ("x",)
        class Meta(type): pass
        class Made(Plain, metaclass=Meta): pass
        def slotted(x):
            s = Slotted(); s.x = x
            return s
        # %%
        p, d, s, m = Plain(1), Data(2, [3]), slotted(4), Made(5)
        all_of = {"p": p, "list": [d, d, s]}
        # %%
        isinstance(p, Plain), type(d) is Data, isinstance(s, Slotted), type(type(m)) is Meta, all_of["list"][0] is d
        # %%
        d == Data(2, [3]), m.x, s.x
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"p, d, s, m": "hit", "all_of": "hit", "isinstance": "hit", "d == Data": "hit"})
    _, warm = run_edit_run(transcript, cells, ("s.x = x", "s.x = x + 1"))
    expect(warm, {"p, d, s, m": "miss: function `slotted` was edited", "all_of": "miss"})


def test_caching_leaves_no_trace_on_classes_and_objects(transcript):
    _, warm = run_twice(
        transcript,
        """
        class C:
            def __init__(self): self.x = 1
        class D(C):
            __slots__ = ("y",)
        # %%
        c, d = C(), D()
        # %%
        c.x = 2; d.y = [c]
        # %%
        told_by_python = ("__static_attributes__", "__firstlineno__")
        [sorted(k for k in vars(cls) if k not in told_by_python) for cls in (C, D)]
        # %%
        hasattr(C, "__slotnames__"), hasattr(D, "__slotnames__")
        """,
    )
    expect(warm, {"c, d = C(), D()": "hit", "c.x = 2": "hit", "d.y = [c]": "hit"})
    assert warm[4].result() == "(False, False)"


def test_a_class_redefined_while_its_instance_stays(transcript):
    cells = [
        "class C:\n    x = 1",
        "o = C(); same = [o, C]",
        "class C:\n    x = 1",
        "r = type(o) is C, same[1] is C, isinstance(o, same[1])",
        "r",
    ]
    _, warm = run_twice(transcript, cells)
    expect(warm, {"o = C()": "hit", "r = type(o)": "hit"})
    _, warm = run_edit_run(transcript, cells, ("o = C()", "o = C() ; o.y = 1"))
    assert warm[4].result() == "(False, False, True)"


def test_functions_that_a_cell_makes_live_in_the_notebook(transcript):
    cells = """
        SCALE = 2
        def make(n):
            calls = []
            def times(x):
                calls.append(x)
                return x * n * SCALE
            def seen(): return calls
            return times, seen
        # %%
        times, seen = make(3)
        table = {"double": lambda x: x * SCALE, "bound": [1, 2].count}
        key = [(lambda n: lambda: n)(i) for i in range(3)]
        # %%
        before = times(1), table["double"](5)
        # %%
        SCALE = 10
        # %%
        (before, times(1), table["double"](5), seen(), [k() for k in key], times.__globals__ is globals())
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"times, seen =": "hit", "table =": "hit", "key =": "hit", "before =": "hit"})
    _, warm = run_edit_run(transcript, cells, ("SCALE = 10", "SCALE = 7"))
    expect(warm, {"times, seen =": "hit", "before =": "hit"})
    assert warm[4].result().startswith("((6, 10), 21, 35, [1, 1]")


def test_a_made_function_that_fails_shows_its_lines(transcript):
    cells = """
        # a line to be taken away
        def make(n):
            def divide(x):
                return x / n
            return divide
        # %%
        divide = make(0)
        # %%
        import traceback
        try:
            divide(1)
        except ZeroDivisionError:
            print(traceback.format_exc())
        # %%
        divide(2)
    """
    _, warm = run_edit_run(
        transcript, cells, ("# a line to be taken away\n", "\n"), ("divide(2)", "divide(3)")
    )
    expect(warm, {"divide = make(0)": "hit", "try:": "miss: line numbers"})
    assert "return x / n" in warm[2].stream()
    assert "return x / n" in warm[3].outputs[-1]["traceback"]


@BOTH
def test_closures_share_their_cells(transcript, mode):
    _, warm = run_twice(
        transcript,
        """
        def account():
            total = 0
            def add(n):
                nonlocal total
                total += n
                return total
            def read(): return total
            return add, read
        # %%
        add, read = account()
        # %%
        add(5)
        # %%
        read() + add(1)
        """,
        mode=mode,
    )
    expect(warm, {"add, read": "hit", "add(5)": "hit", "read() + add(1)": "hit"})


def test_what_cannot_be_stored_is_told_and_is_as_in_a_run(transcript):
    cells = """
        import threading, weakref
        class Node: pass
        # %%
        lock = threading.Lock()
        node = Node(); ref = weakref.ref(node)
        gen = (n for n in range(3))
        handle = open("f.txt")
        # %%
        line = handle.readline(); lock.acquire(); first = next(gen)
        # %%
        class Holder:
            def __init__(self): self.inner = {"lock": threading.Lock()}
        h = Holder()
        # %%
        ref() is node, lock.locked(), first, line
        # %%
        handle.close()
    """
    transcript.files = {"f.txt": "text\n"}
    _, warm = run_twice(transcript, cells)
    expect(
        warm,
        {
            "lock = ": "uncacheable: lock",
            "ref = ": "uncacheable",
            "gen = ": "uncacheable: generator",
            "handle = ": "uncacheable",
            "h = Holder()": "uncacheable: lock",
            "node = Node()": "hit",
        },
    )


def test_the_best_of_a_set_of_objects_is_the_same_object(transcript):
    _, warm = run_twice(
        transcript,
        """
        class Item:
            def __init__(self, n): self.n = n
            def __lt__(self, other): return self.n < other.n
            def __hash__(self): return self.n
        # %%
        items = {Item(n) for n in range(5)}
        listed = sorted(items)
        # %%
        best = max(items)
        by_key = max(items, key=lambda item: item.n)
        # %%
        best is listed[-1] is by_key, best in items, best.n
        """,
    )
    expect(warm, {"best =": "hit", "by_key =": "miss: depends on the order of a set"})


def test_views_and_bases_made_by_a_cell_stay_views_and_bases(transcript):
    pytest.importorskip("numpy")
    _, warm = run_twice(
        transcript,
        """
        import numpy as np
        def make():
            base = np.arange(12.0).reshape(3, 4)
            flat = base.reshape(-1)[::2]
            return {"base": base, "row": base[1], "t": base.T, "flat": flat, "copy": base[1].copy()}
        # %%
        d = make()
        outside = d["base"][:, 1]
        # %%
        d["base"][1] = -1
        # %%
        d["row"], d["flat"], d["t"].flags.f_contiguous, d["row"].base is d["base"].base, outside, d["copy"]
        # %%
        big = np.zeros(1000); small = big[:3]; small[0] = 5
        # %%
        a = np.arange(4); a.resize(6, refcheck=False); a, a.flags.owndata
        """,
    )
    expect(
        warm,
        {"d = make()": "hit", "outside": "hit", 'd["base"][1] =': "hit", "big =": "hit", "small[0]": "hit"},
    )


def test_a_restored_array_can_be_resized(transcript):
    pytest.importorskip("numpy")
    cells = ["import numpy as np", "a = np.arange(4) + 1", Do("pass"), "a.resize(6); a"]
    _, warm = run_twice(transcript, cells)
    expect(warm, {"a = np": "hit", "a.resize": "uncacheable: calls `.resize()`"})


def test_an_object_goes_when_its_last_name_goes(transcript):
    pytest.importorskip("numpy")
    cells = """
        import gc
        import numpy as np
        gc.disable()
        class Told:
            def __del__(self): print("gone")
        # %%
        told = Told()
        a = np.arange(5)
        # %%
        held = [told, a]
        # %%
        del told
        held.clear()
        # %%
        print("after")
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"told = Told()": "uncacheable: `__del__`", "a = np": "hit", "held = ": "hit"})
    assert warm[3].stream() == "gone\n"


def test_history_names_are_inputs_and_aliases(transcript):
    cells = """
        data = [3, 1, 2]
        sorted(data)
        # %%
        top = _[-1]
        # %%
        kept = Out[1]; kept.append(9)
        # %%
        _1, len(In), "sorted" in In[1]
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"top = _[-1]": "hit", "kept = Out[1]": "hit", "kept.append": "hit"})
    _, warm = run_edit_run(transcript, cells, ("data = [3, 1, 2]", "data = [3, 1, 5]"))
    expect(warm, {"top = _[-1]": "miss", "kept = Out[1]": "miss"})


REPLACED = {
    "by another input": "a.held = x",
    "by another input, in a list": "l[0] = x",
    "by another input, in a dict": "d['k'] = x",
    "by a new one": "a.held = []",
    "by a new one that gets a name": "a.held = new = []",
    "in two at once": "a.held = l[0] = []",
    "in a function": "def put(o, v): o.held = v\nput(a, x)",
    "a generator by another": "a.draws = r",
    "an array by another": "a.array = b",
}


@pytest.mark.parametrize("statement", list(REPLACED.values()), ids=list(REPLACED))
def test_an_object_replaced_by_an_equal_one(transcript, statement):
    """The values are as before; only which of them are one object has changed."""
    cells = f"""
        import random, numpy as np
        class A: pass
        # %%
        x, a, l, d = [], A(), [[]], {{"k": []}}
        a.held, a.draws, r, a.array, b = [], random.Random(1), random.Random(1), np.zeros(2), np.zeros(2)
        kept = a.held
        # %%
        {statement.replace(chr(10), chr(10) + " " * 8)}
        # %%
        x.append(1); a.held.append(2); kept.append(3); l[0].append(4); a.draws.random(); b[0] = 5
        # %%
        x, a.held, l, d, kept, r.random(), a.array, globals().get("new")
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {statement.rpartition("\n")[2].partition(" ")[0]: "hit"})


@pytest.mark.parametrize(
    "statement",
    [
        "c = f.columns",
        "c = [f.index, f.columns]",
        "c = g.index",
        "c = {'k': f.columns}; f['z'] = 1",
        "c = f.T.index",
    ],
)
def test_the_index_of_an_input_is_the_very_object(transcript, statement):
    pytest.importorskip("pandas")
    cells = f"""
        import pandas as pd
        f = pd.DataFrame({{"x": [1, 2], "y": [3, 4]}}); g = f["x"]
        # %%
        {statement}
        # %%
        all_of_them = [f.columns, f.index, g.index, *(c if isinstance(c, list) else [c] if not isinstance(c, dict) else c.values())]
        same = [[one is other for one in all_of_them] for other in all_of_them]
        # %%
        f.columns.name = "named"; f.index.name = "numbered"
        # %%
        c, f, g
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"c = ": "hit", "f.columns.name": "uncacheable: renames the index of a frame in place"})
