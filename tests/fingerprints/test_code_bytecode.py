"""The names that code uses are found in its bytecode, on every supported Python."""

from __future__ import annotations

import pytest

from fpcache.fingerprints.code_objects import code_facts, constant_digest
from fpcache.fingerprints.name_uses import NameUse


def uses(source):
    found = code_facts(compile(source, "cell", "exec")).uses
    return {(use.head, use.attributes, use.is_store, use.is_import) for use in found}


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ("def f(): return np.random.rand(3)", ("np", ("random", "rand"), False, False)),
        ("def f(): return np.pi", ("np", ("pi",), False, False)),
        ("def f(): return g(np)", ("np", (), False, False)),
        ("def f(): return [np][0].y", ("np", (), False, False)),
        ("def f():\n global n\n n = 1", ("n", (), True, False)),
        ("def f():\n global n\n del n", ("n", (), True, False)),
        ("def f(): h.x = 1", ("h", ("x",), True, False)),
        ("def f(): h.x += 1", ("h", ("x",), True, False)),
        ("def f():\n import a.b.c\n return a.b.c.d", ("a", ("b", "c", "d"), False, True)),
        ("def f():\n import a.b.c as d\n return d.e", ("a.b.c", ("e",), False, True)),
        ("def f():\n from a.b import c as d\n return d.e()", ("a.b", ("c", "e"), False, True)),
        ("def f():\n from a import b, c\n return b, c.d", ("a", ("c", "d"), False, True)),
        ("def f():\n import a\n def g(): return a.b\n return g", ("a", ("b",), False, True)),
        ("def f():\n import a\n return [a.b for _ in x]", ("a", ("b",), False, True)),
        ("def f():\n r = np.random\n return r.rand()", ("np", ("random", "rand"), False, False)),
        ("def f(x):\n if x: x = np.random\n return x.y", ("np", ("random",), False, False)),
        ("import a as b\nb.c()", ("a", ("c",), False, True)),
        ("from a import *", ("a", (), False, True)),
        ("class A:\n x = limit", ("limit", (), False, False)),
        ("class A:\n def m(self): return limit.x", ("limit", ("x",), False, False)),
        ("class A:\n try: x = f()\n except E: pass\n y = x", ("x", (), False, False)),
        ("class A:\n for i in f(): x = 1\n y = x", ("x", (), False, False)),
        ("class A:\n if f(): x = 1\n y = x", ("x", (), False, False)),
        ("class A:\n x = 1\n del x\n y = x", ("x", (), False, False)),
        ("f = lambda: g(h.i)", ("h", ("i",), False, False)),
        ("async def f():\n async with a.b() as c: await c.d()", ("a", ("b",), False, False)),
        ("def f(x):\n match x:\n  case k.one: return 1", ("k", ("one",), False, False)),
    ],
)
def test_a_use_is_found(source, use):
    assert use in uses(source)


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ("class A:\n x = 1\n y = x", "x"),
        ("class A: pass", "__name__"),
        ("def f(x): return x", "x"),
        ("def f():\n y = 1\n return lambda: y", "y"),
    ],
)
def test_what_is_bound_inside_is_no_use(source, head):
    assert head not in {use[0] for use in uses(source)}


def test_uses_know_their_line():
    facts = code_facts(compile("\n\nx = np.pi\n", "cell", "exec"))
    assert NameUse("np", ("pi",), 3) in facts.uses


def test_strings_are_collected_from_nested_code_and_tuples():
    facts = code_facts(compile("def f(): return ('a', ('b',)), {'c': 1}\nx = 'd'", "cell", "exec"))
    assert {"a", "b", "c", "d"} <= set(facts.strings)


CONSTANTS = [
    *(1, True, 1.0, 1 + 0j, "1", b"1", None, ..., 0, False, 2**70, 2**70 + 1),
    *((1,), (True,), (1.0,), frozenset({1}), frozenset({True})),
    *(0.0, -0.0, (0.0,), (-0.0,), complex(0, -0.0), 0j),
    *("", b"", (), frozenset(), ("a", "bc"), ("ab", "c"), (("a",), "b"), ("a", ("b",))),
]


def test_constants_of_different_type_or_value_never_collide():
    assert len({constant_digest(value) for value in CONSTANTS}) == len(CONSTANTS)


def test_the_order_of_a_frozen_set_does_not_count():
    assert constant_digest(frozenset("abcdef")) == constant_digest(frozenset("fedcba"))


def test_constants_have_a_fixed_digest():
    assert constant_digest((1, "a", (2.0, None, b"x"), frozenset({"p", "q"}))).hex() == GOLDEN_CONSTANT


GOLDEN_CONSTANT = "cab86aeca18bcc3e23c69f02c7fcb824"
