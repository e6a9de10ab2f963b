"""Names, scopes and identities: what a statement binds, leaves alone, or shares with what is live."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice


def test_walrus_and_comprehension_scopes_are_followed(transcript):
    cells = """
        rows = [1, 2, 3]
        k = 10
        # %%
        squares = [(last := r) * k for r in rows]
        only = [k for k in rows]
        nested = [[k * r for r in rows] for _ in range(2)]
        if (n := len(rows)) > 2: big = n
        any((hit := r) > 1 for r in rows)
        # %%
        (last, n, k, big, hit)
    """
    _, warm = run_edit_run(transcript, cells, ("k = 10", "k = 20"))
    expect(
        warm,
        {
            "squares": "miss: `k` changed",
            "only": "hit",
            "nested": "miss: `k` changed",
            "if (n": "hit",
            "any": "hit",
            "(last": "miss: `k` changed",
        },
    )


def test_a_binding_whose_branch_flips_leaves_no_stale_variable(transcript):
    cells = """
        flag = True
        for name in ("x", "y"):
            pass
        # %%
        if flag: x = 1
        else: y = 2
        # %%
        shown = sorted(n for n in ("x", "y") if n in dir())
    """
    cold, warm = run_edit_run(transcript, cells, ("flag = True", "flag = False"))
    assert "x" in cold.namespace
    assert "x" not in warm.namespace
    _, again = run_twice(transcript, cells)
    expect(again, {"if flag": "hit"})


def test_a_name_that_a_branch_leaves_alone_keeps_its_value(transcript):
    cells = """
        x, flag = "old", False
        # %%
        if flag: x = "new"
        # %%
        x
    """
    _, warm = run_edit_run(transcript, cells, ('x, flag = "old"', 'x, flag = "older"'))
    assert warm[2].result() == "'older'"
    _, warm = run_edit_run(transcript, cells, ('flag = "old", False', 'flag = "old", True'))
    assert warm[2].result() == "'new'"


def test_star_imports_are_followed(transcript):
    transcript.files = {"kit.py": "RATE = 2\ndef grow(x): return x * RATE\n"}
    cells = "from kit import *\nfrom math import *\n# %%\na = grow(3)\nb = floor(2.5)\nc = RATE + 1\n"
    run_twice(transcript, cells)
    edited = {"kit.py": "RATE = 3\ndef grow(x): return x * RATE\n"}
    warm = transcript.run(cells, files=edited)
    assert_same(transcript.plain(cells, files=edited), warm)
    expect(warm, {"a": "miss: `kit.RATE` changed", "b": "hit", "c": "miss: `RATE` changed"})


def test_the_main_guard_runs_and_hits(transcript):
    cells = """
        def main(): return 7
        # %%
        if __name__ == "__main__":
            result = main()
        else:
            result = None
    """
    _, warm = run_edit_run(transcript, cells, ("return 7", "return 8"))
    expect(warm, {"if __name__": "miss: function `main` was edited"})
    assert warm.value("result") == 8
    _, again = run_twice(transcript, cells)
    expect(again, {"if __name__": "hit"})


def test_recursion_ends_and_its_edits_count(transcript):
    cells = """
        def down(n): return 0 if n == 0 else down(n - 1) + 1
        def even(n): return n == 0 or odd(n - 1)
        def odd(n): return n != 0 and even(n - 1)
        class Node:
            def __init__(self, n): self.rest = Node(n - 1) if n else None
            def depth(self): return 1 + self.rest.depth() if self.rest else 0
        # %%
        a = down(5)
        b = even(8)
        c = Node(3).depth()
    """
    _, warm = run_edit_run(transcript, cells, ("n != 0 and", "n > 0 and"))
    expect(warm, {"a": "hit", "b": "miss: function `odd` was edited (through `even` → `odd`)", "c =": "hit"})
    _, warm = run_edit_run(transcript, cells, ("+ 1\n", "+ 2\n"))
    expect(warm, {"a": "miss: function `down` was edited", "b": "hit", "c =": "hit"})


# ---------------------------------------------------------------- what is live together with a hit


@pytest.mark.parametrize("options", ["--quiet", "--quiet --whole"], ids=["by statement", "whole cells"])
def test_a_copy_is_not_an_alias(transcript, options):
    cells = """
        from copy import copy
        a = [1]
        # %%
        b = a
        # %%
        a.append(2); n = len(b)
        # %%
        (a, b, n)
    """
    edit = ("b = a", "b = copy(a)")
    _, warm = run_edit_run(transcript, cells, edit, mode="explicit", options=options)
    expect(warm, {"(a, b, n)": "miss"})
    assert warm.value("n") == 1


def test_a_copy_is_not_a_view(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        x = np.zeros(5)
        v = x[:3]
        x[0] = 9; t = v.sum()
    """
    _, warm = run_edit_run(transcript, cells, ("x[:3]", "x[:3].copy()"))
    expect(warm, {"v": "miss: this code was edited", "t": "miss"})
    assert warm.value("t") != transcript.plain(cells).value("t")


def test_an_instance_of_an_earlier_class_keeps_its_class(transcript):
    cells = """
        class C:
            k = 1
        # %%
        o = C()
        same = type(o) is C
        # %%
        class C:
            k = 1
        # %%
        same_now = type(o) is C
        k = o.k
        inside = isinstance(o, C)
        print(same, same_now)
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"o =": "hit", "same =": "hit", "same_now": "hit", "inside": "hit"})
    assert warm[3].stream() == "True False\n"


def test_a_function_made_by_a_cached_cell_sees_later_edits_of_globals(transcript):
    cells = """
        rate = 2
        def make(n):
            def scaled(x): return x * rate + n
            return scaled
        # %%
        f = make(1)
        g = [lambda x: x + rate][0]
        # %%
        rate = 5
        # %%
        a, b = f(10), g(10)
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"f": "hit", "g": "hit"})
    assert (warm.value("a"), warm.value("b")) == (51, 15)
    _, warm = run_edit_run(transcript, cells, ("rate = 5", "rate = 7"))
    expect(warm, {"f": "hit", "a, b": "miss: `rate` changed"})
    assert (warm.value("a"), warm.value("b")) == (71, 17)
