"""Functions count by what they do and hold, not by where they stand."""

from __future__ import annotations

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.walking import walk

EDITS = {
    "a constant that the compiler folds": ("def f(): return 11 + 19", "def f(): return 5 + 3"),
    "1 to True": ("def f(): return 1", "def f(): return True"),
    "1 to 1.0": ("def f(): return 1", "def f(): return 1.0"),
    "0.0 to -0.0": ("def f(): return 0.0", "def f(): return -0.0"),
    "a string to bytes": ("def f(): return 'a'", "def f(): return b'a'"),
    "a constant inside a tuple": ("def f(): return (1, (2, 3))", "def f(): return (1, (2, 3.0))"),
    "a set display's member": ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
    "the method that is called": ("def f(x): return x.mean()", "def f(x): return x.sum()"),
    "parameters in another order": ("def f(a, b): return a - b", "def f(b, a): return a - b"),
    "a parameter made keyword-only": ("def f(a, b): return a", "def f(a, *, b): return a"),
    "a default": ("def f(x=1): return x", "def f(x=2): return x"),
    "a keyword default": ("def f(*, x=1): return x", "def f(*, x=2): return x"),
    "an annotation": ("def f(x: int): return x", "def f(x: float): return x"),
    "the docstring": ("def f():\n 'one'\n return 1", "def f():\n 'two'\n return 1"),
    "a nested function's constant": (
        "def f():\n def g(): return 1\n return g",
        "def f():\n def g(): return 2\n return g",
    ),
    "a nested function's docstring": (
        "def f():\n def g():\n  'one'\n return g",
        "def f():\n def g():\n  'two'\n return g",
    ),
    "a generator instead of a list": ("def f(x): return [i for i in x]", "def f(x): return (i for i in x)"),
    "async": ("def f(): pass", "async def f(): pass"),
    "a caught exception": (
        "def f():\n try: g()\n except ValueError: return 1",
        "def f():\n try: g()\n except KeyError: return 1",
    ),
    "what lies inside try": (
        "def f(g, h):\n try:\n  g()\n except ValueError: pass\n h()",
        "def f(g, h):\n try:\n  g()\n  h()\n except ValueError: pass",
    ),
    "a comparison": ("def f(x): return x < 1", "def f(x): return x <= 1"),
    "a lambda's body": ("f = lambda x: x + 1", "f = lambda x: x + 2"),
    "the closure's value": (
        "def make(n):\n return lambda x: x + n\nf = make(1)",
        "def make(n):\n return lambda x: x + n\nf = make(2)",
    ),
    "a decorator's wrapper": (
        "def deco(g):\n def w(*a): return g(*a) + 1\n return w\n@deco\ndef f(x): return x",
        "def deco(g):\n def w(*a): return g(*a) + 2\n return w\n@deco\ndef f(x): return x",
    ),
    "a decorated function's body": (
        "def deco(g):\n def w(*a): return g(*a)\n return w\n@deco\ndef f(x): return x",
        "def deco(g):\n def w(*a): return g(*a)\n return w\n@deco\ndef f(x): return -x",
    ),
    "a function wrapped by an installed decorator": (
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 1",
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 2",
    ),
    "a partial's function": (
        "from functools import partial\ndef g(x): return x\nf = partial(g, 1)",
        "from functools import partial\ndef g(x): return -x\nf = partial(g, 1)",
    ),
    "a partial's argument": (
        "from functools import partial\ndef g(x): return x\nf = partial(g, 1)",
        "from functools import partial\ndef g(x): return x\nf = partial(g, 2)",
    ),
    "a memoised function": (
        "from functools import lru_cache\n@lru_cache\ndef f(x): return x",
        "from functools import lru_cache\n@lru_cache\ndef f(x): return -x",
    ),
    "the size of a memo": (
        "from functools import lru_cache\n@lru_cache(maxsize=1)\ndef f(x): return x",
        "from functools import lru_cache\n@lru_cache(maxsize=2)\ndef f(x): return x",
    ),
    "a single-dispatch implementation": (
        "from functools import singledispatch\n@singledispatch\ndef f(x): return x\n"
        "@f.register\ndef _(x: int): return 1",
        "from functools import singledispatch\n@singledispatch\ndef f(x): return x\n"
        "@f.register\ndef _(x: int): return 2",
    ),
    "an attribute that operator takes": (
        "from operator import itemgetter\nf = itemgetter(1)",
        "from operator import itemgetter\nf = itemgetter(2)",
    ),
    "the object of a bound method": ("f = [1].index", "f = [2].index"),
    "a bound builtin's name": ("f = [1].index", "f = [1].count"),
    "a function in a list": ("f = [lambda: 1]", "f = [lambda: 2]"),
    "a factory of a defaultdict": (
        "from collections import defaultdict\nf = defaultdict(lambda: 1)",
        "from collections import defaultdict\nf = defaultdict(lambda: 2)",
    ),
    "a walrus inside a comprehension": (
        "def f(x): return [(y := i) for i in x], y",
        "def f(x): return [(y := -i) for i in x], y",
    ),
    "the qualified name": ("def f(): pass", "def g(): pass\nf = g"),
}

SAME = {
    "a comment": ("def f(x):\n    return x + 1", "def f(x):\n    # why\n    return x + 1  # because"),
    "a blank line": ("def f(x):\n    y = x\n    return y", "def f(x):\n\n    y = x\n\n\n    return y"),
    "its place in the cell": ("def f(x): return x", "\n\n\n\ndef f(x): return x"),
    "formatting": (
        "def f(x):\n    if x: return g(x, 1)\n    return [x, 2]",
        "def f(x):\n    if x:\n        return g(\n            x,\n            1,\n        )\n"
        "    return [\n        x,\n        2]",
    ),
    "quotes and parentheses": ("def f(x): return ('a' + x)", 'def f(x):\n  return (("a") + (x))'),
    "pass lines": ("def f(x):\n  if x:\n    pass\n  return x", "def f(x):\n  if x: pass\n  return x"),
    "a class inside, moved": (
        "def f():\n class A:\n  x = 2\n return A",
        "def f():\n\n\n class A:\n  x = 2\n return A",
    ),
}


@pytest.mark.parametrize(("before", "after"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_changes_the_reading(digest_of, before, after):
    assert digest_of(before, "f") != digest_of(after, "f")


@pytest.mark.parametrize("source", [cell for pair in EDITS.values() for cell in pair])
def test_the_same_cell_run_twice_reads_the_same(digest_of, source):
    assert digest_of(source, "f") == digest_of(source, "f")


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME.keys())
def test_layout_is_no_edit(digest_of, before, after):
    assert digest_of(before, "f") == digest_of(after, "f")


@pytest.mark.parametrize(
    "change",
    [
        "f.__defaults__ = (5,)",
        "f.__kwdefaults__ = {'y': 5}",
        "f.note = 1",
        "f.__doc__ = 'other'",
        "f.__annotations__['x'] = str",
        "f.__code__ = (lambda x, y=2: x).__code__",
        "f.__name__ = 'other'",
    ],
)
def test_a_function_changed_in_place_reads_differently(notebook, change):
    notebook.run("def f(x=1, *, y=2): return x")
    before = notebook.digest("f(3)")
    notebook.run(change)
    assert notebook.digest("f(3)") != before


def test_an_attribute_changed_deep_in_a_function_reads_differently(notebook):
    notebook.run("def f(): return f.table['a']\nf.table = {'a': [1]}")
    before = notebook.digest("f()")
    notebook.run("f.table['a'].append(2)")
    assert notebook.digest("f()") != before


def test_a_closure_cell_that_is_rebound_reads_differently(notebook):
    notebook.run("def make():\n n = 0\n def up():\n  nonlocal n\n  n += 1\n return up\nup = make()")
    before = notebook.digest("up()")
    notebook.run("up()")
    assert notebook.digest("up()") != before


def test_a_shared_closure_cell_differs_from_two_cells(digest_of):
    shared = "def make():\n n = [0]\n return (lambda: n), (lambda: n)\na, b = make()"
    apart = shared.replace("a, b = make()", "a, b = make()[0], make()[1]")
    assert digest_of(shared, "a(), b()") != digest_of(apart, "a(), b()")


@pytest.mark.parametrize("size", ["None", "3"])
@pytest.mark.parametrize("call", ["f(1, step=2)", "f('a', 2)", "f(1); f(1.5)", "f((1, 2)); f(3)"])
def test_each_memory_has_a_fingerprint_of_its_own(notebook, size, call):
    notebook.run(f"from functools import lru_cache\n@lru_cache({size})\ndef f(x, step=1): return [x, step]")
    digests = {notebook.digest("f(1)")}
    for later in (call, "f(8)", "f(8)[0] = 9"):
        notebook.run(later)
        digests.add(notebook.digest("f(1)"))
    assert len(digests) == 4


def test_what_a_memo_remembers_counts(notebook):
    notebook.run("from functools import lru_cache\n@lru_cache\ndef f(x): return x")
    before = notebook.digest("f(1)")
    notebook.run("f(7)")
    assert notebook.digest("f(1)") != before
    notebook.run("f.cache_clear(); f(1); f.cache_clear()")
    assert notebook.digest("f(1)") == before


@pytest.mark.parametrize("size", ["None", "2"])
def test_a_memo_is_told_by_arguments_and_results(notebook, size):
    notebook.run(f"from functools import lru_cache\n@lru_cache({size})\ndef f(x, y=0): return [x, y]")
    notebook.run("f(1); f(2, y={3: 4}.get(3)); f(2, y=4)")
    before = notebook.digest("f(1)")
    notebook.run("f(1)")
    assert notebook.digest("f(1)") == before
    notebook.run("f(1).append(5)")
    assert notebook.digest("f(1)") != before
    notebook.run("f.cache_clear(); f(1); f(2, y=3)")
    assert notebook.digest("f(1)") != before


def test_calling_a_single_dispatch_function_does_not_change_it(notebook):
    notebook.run("from functools import singledispatch\n@singledispatch\ndef f(x): return x")
    before = notebook.digest("f(1)")
    notebook.run("f(7)")
    assert notebook.digest("f(1)") == before


def test_running_a_function_hot_does_not_change_it(notebook):
    notebook.run("def f(x):\n t = 0\n for i in range(x): t += i\n return t")
    before = notebook.digest("f(1)")
    notebook.run("for _ in range(100): f(50)")
    assert notebook.digest("f(1)") == before


def test_a_generator_function_is_a_function_but_its_generator_is_refused(notebook):
    notebook.run("def f():\n yield 1\ng = f()")
    assert notebook.digest("f()")
    with pytest.raises(UnfingerprintableValueError):
        notebook.digest("next(g)")


def test_a_value_that_has_no_fingerprint_is_told_with_the_way_to_it(notebook):
    notebook.run(
        "import threading\nLOCK = threading.Lock()\ndef inner():\n with LOCK: pass\ndef outer(): inner()"
    )
    with pytest.raises(UnfingerprintableValueError, match="`outer` → `inner` → `LOCK`"):
        notebook.digest("outer()")


def test_a_ufunc_counts_by_name(digest_of):
    pytest.importorskip("numpy")
    assert digest_of("import numpy\nf = numpy.add", "f") == digest_of("import numpy\nf = numpy.add", "f")
    assert digest_of("import numpy\nf = numpy.add", "f") != digest_of("import numpy\nf = numpy.multiply", "f")
    assert digest_of("import numpy\nf = [numpy.add]", "f") != digest_of("import numpy\nf = [numpy.exp]", "f")


def test_a_vectorized_function_is_followed_also_after_it_ran(digest_of):
    pytest.importorskip("numpy")
    cell = "import numpy\nf = numpy.vectorize(lambda x: x + 1)"
    assert digest_of(cell, "f") == digest_of(f"{cell}\nf([1, 2])", "f")
    assert digest_of(cell, "f") != digest_of(cell.replace("+ 1", "+ 2"), "f")


def test_a_ufunc_made_of_a_python_function_is_refused(digest_of):
    pytest.importorskip("numpy")
    with pytest.raises(UnfingerprintableValueError, match="vectorize"):
        digest_of("import numpy\nf = numpy.frompyfunc(lambda x: x, 1, 1)", "f")


def test_a_function_wrapped_by_torch_is_followed(digest_of):
    pytest.importorskip("torch")
    cell = "import torch\n@torch.no_grad()\ndef f(x): return x + 1"
    assert digest_of(cell, "f") == digest_of(cell, "f")
    assert digest_of(cell, "f") != digest_of(cell.replace("+ 1", "+ 2"), "f")


def test_functions_have_a_fixed_digest_on_python_3_11(notebook):
    import sys

    if sys.version_info[:2] != (3, 11):
        pytest.skip("bytecode, and with it this digest, is that of Python 3.11")
    notebook.run("def f(x, y=2, *rest, z=(1, 'a')):\n 'doc'\n return [x + i for i in rest if i > y]")
    assert walk(notebook.namespace["f"]).digest.hex() == GOLDEN_FUNCTION


GOLDEN_FUNCTION = "4d0b296b264f569563fd4ed22cd74b3b"
