"""Sets that a replay changes, or makes from others, are iterated later as after a plain run."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other

CHANGES = {
    "add": "s.add({new})",
    "discard": "s.discard({old})",
    "operator": "s |= {{{new}}}",
    "update": "s.update([{new}])",
    "difference": "s.difference_update([{old}])",
    "copy": "t = s.copy()",
    "another": "t = s | {{{new}}}",
    "less": "t = s - {{{new}}}",
    "frozen": "t = frozenset(s)",
    "unpacked": "t = {{*s, {new}}}",
    "attribute": "class A: pass\na = A(); a.s = s; a.s.add({new}); t = a.s",
    "in a list": "t = [s]; t[0].add({new})",
    "function": "def f(x): x.add({new})\nf(s)",
    "emptied": "s.clear(); s.update([{old}, {new}])",
}
LISTED = "\n# %%\nlisted = list(s), [list(x) for x in [globals().get('t', [])]]"
LATER = "\n# %%\nif isinstance(globals().get('t'), set): t.add({late})\ns.add({late})"


def numbers(text: str) -> str:
    return text.format(new="16", old="8", late="24")


def letters(text: str) -> str:
    return text.format(new="'t3'", old="'q'", late="'zz'")


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_a_change_of_numbers_built_in_another_order(transcript, change):
    cells = f"s = set([0, 8])\n# %%\n{numbers(change)}{LISTED}"
    _, warm = run_edit_run(transcript, cells, ("[0, 8]", "[8, 0]"))
    expect(warm, {"s = set": "miss"})


@pytest.mark.parametrize("seed", daily(range(1, 5), 2))
@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_a_change_of_a_set_of_text_under_the_same_seed(transcript, change, seed):
    cells = f"s = {{'p', 'q', 'r'}}\n# %%\n{letters(change)}"
    one, other = cells + "\n# %%\nn = 1", cells + LISTED + letters(LATER) + LISTED
    assert_same(transcript.plain(one, seed=seed), transcript.run(one, seed=seed))
    assert_same(transcript.plain(other, seed=seed), transcript.run(other, seed=seed))


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
@pytest.mark.parametrize("first", daily(["[0, 8]", "[3, 11, 19, 1, 65, 33]", "range(0, 80, 8)"], 2))
def test_a_change_of_colliding_numbers(transcript, change, first):
    cells = f"s = set({first})\n# %%\n{numbers(change)}"
    _, warm = run_one_then_other(
        transcript, cells + "\n# %%\nn = 1", cells + LISTED + numbers(LATER) + LISTED
    )
    expect(warm, {"s = set": "hit"})


UNCHANGED = {
    "operator": "s |= {{{old}}}",
    "update": "s.update([{old}, {new}])",
    "by itself": "s |= s",
    "emptied and filled": "kept = sorted(s); s.clear(); s.update(kept)",
    "in a list": "t = [s]; t[0] |= {{{old}}}",
    "function": "def f(x): x |= {{{old}}}\nf(s)",
}


@pytest.mark.parametrize("write", [numbers, letters])
@pytest.mark.parametrize("change", list(UNCHANGED.values()), ids=list(UNCHANGED))
def test_a_change_of_the_order_alone(transcript, change, write):
    """Where an addition makes Python build the table anew, the elements are iterated in another order."""
    made = "s = set([0, 8, 40, 24]); s.add(16)" if write is numbers else "s = set('pqr'); s.add('t3')"
    one = f"{made}\n# %%\n{write(change)}"
    other = one + LISTED + write(LATER) + LISTED
    for cells in (one, other, other):
        plain, cached = transcript.plain(cells, seed=1), transcript.run(cells, seed=1)
        assert_same(plain, cached)
    expect(cached, {made.partition(";")[0]: "hit"})


AGAIN = {
    "operator": UNCHANGED["operator"],
    "function": UNCHANGED["function"],
    "kept in part": "s &= {{{old}, 40, 'p'}}",
    "intersection": "s.intersection_update([*s])",
    "nothing less": "s -= {{{late}}}",
    "added and removed": "s.add({late}); s.discard({late})",
    "operator function": "import operator\ns = operator.ior(s, {{{old}}})",
    "bound method": "again = s.update\nagain([{old}])",
    "reduced": "import functools, operator\ns = functools.reduce(operator.ior, [s, {{{old}}}])",
}


@pytest.mark.parametrize("change", list(AGAIN.values()), ids=list(AGAIN))
def test_what_left_the_order_alone_once_changes_that_of_a_set_built_otherwise(transcript, change):
    """The same code ran on a set whose table was new already: that is no result for one whose table isn't."""
    made, change = "s = set('pqr'); s.add('t3')", letters(change)
    begin, repeated = f"{made}\n# %%\n{change}", f"\n# %%\n{change}" * 2
    other = begin + LISTED + letters(LATER) + LISTED
    for cells in (begin + repeated, other):
        assert_same(transcript.plain(cells, seed=1), transcript.run(cells, seed=1))


SETS = {
    "numbers": "{n * n * 7919 for n in range(500)}",
    "numbers from NumPy": "set(numpy.random.default_rng(5).integers(0, 10**9, 500))",
    "places": "{(n * n % 83, n) for n in range(300)}",
    "fractions": "{Fraction(n, 7) for n in range(200)}",
    "frozen": "frozenset(n * n * 31 for n in range(300))",
    "a union": "{n * 31 for n in range(5)} | {n * 17 for n in range(30)}",
    "nested": "{n: {n * m * 7919 for m in range(50)} for n in range(9)}[3]",
    "within": "{n: {n * m * 7919 for m in range(50)} for n in range(9)}",
    "twice": "[*[{n * n * 7919 for n in range(500)}] * 2]",
    "an attribute": "Holder(numbers)",
    "emptied": "emptied(numbers, 0)",
    "thinned": "emptied(numbers, 20)",
    "popped from": "popped(few)",
}


@pytest.mark.parametrize("made", list(SETS.values()), ids=list(SETS))
def test_sets_without_text_are_restored_as_they_were_under_every_seed(transcript, made):
    begin = f"""
        import numpy
        from fractions import Fraction
        class Holder:
            def __init__(self, s): self.s = s
        def emptied(s, left):
            while len(s) > left: s.pop()
            return s
        def popped(s):
            s.pop()
            return s
        # %%
        numbers = {{n * n * 7919 for n in range(500)}}
        few = {{0, 1, 2, 3}}
        # %%
        s = {made}
        # %%
    """
    look = """
        found = s.s if isinstance(s, Holder) else s
        for one in found if isinstance(found, list) else found.values() if isinstance(found, dict) else [found]:
            print(*one)
            if isinstance(one, set):
                one.update(range(3, 300, 8))
                one.add(0)
                print(one.pop())
                print(*one)
    """
    one, other = f"{begin}    n = 1", begin + look.lstrip("\n")
    assert_same(transcript.plain(one, seed=1), transcript.run(one, seed=1))
    for seed in (1, 2):
        warm = transcript.run(other, seed=seed)
        assert_same(transcript.plain(other, seed=seed), warm)
        expect(warm, {"s =": "hit"})


def test_sets_in_the_same_order_that_keep_their_elements_in_other_slots(transcript):
    cells = "s = set([1, 65])\n# %%\ns.add(0)\n# %%\nlisted = list(s)"
    _, warm = run_edit_run(transcript, cells, ("[1, 65]", "[65, 1]"))
    expect(warm, {"s.add": "miss"})
