"""Code is a value: what is edited runs again, with all that depends on it, and nothing else does."""

from __future__ import annotations

import pytest
from code_edits import WAYS_TO_MAKE_A_CLASS, WAYS_TO_MAKE_A_FUNCTION

from fpcache.testing.sessions import Do, assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice

PIPELINE = """
    SCALE = 10
    def norm(x): return [v / SCALE for v in x]
    def clean(x): return norm(x)
    def fit(x): return sum(clean(x))
    def describe(x): return f"{len(x)} rows"
    # %%
    data = [1, 2, 3]
    model = fit(data)
    text = describe(data)
    doubled = model * 2
    # %%
    (text, doubled)
"""


@pytest.mark.parametrize("mode", ["auto", "explicit"])
def test_a_session_in_a_new_process_hits_in_every_component(transcript, mode):
    cold, warm = run_twice(transcript, PIPELINE, mode=mode)
    expect(cold, {"SCALE": "miss", "data": "miss: never seen", "model": "miss", "(text": "miss"})
    expect(
        warm, {"SCALE": "hit", "data": "hit", "model": "hit", "text": "hit", "doubled": "hit", "(text": "hit"}
    )


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (("/ SCALE", "/ -SCALE"), "function `norm` was edited (through `fit` → `clean` → `norm`)"),
        (("return norm(x)", "return norm(x[1:])"), "function `clean` was edited (through `fit` → `clean`)"),
        (("sum(clean(x))", "max(clean(x))"), "function `fit` was edited"),
        (
            ("SCALE = 10", "SCALE = 20"),
            "`SCALE` changed (int 10 → int 20) (through `fit` → `clean` → `norm` → `SCALE`)",
        ),
    ],
    ids=["three calls deep", "two calls deep", "called", "global of a helper"],
)
def test_an_edit_down_the_call_chain_runs_again_exactly_what_depends_on_it(transcript, edit, reason):
    _, warm = run_edit_run(transcript, PIPELINE, edit)
    expect(
        warm,
        {
            "data": "hit",
            "model": f"miss: {reason}",
            "text": "hit",
            "doubled": "miss: `model` changed",
            "(text": "miss: `doubled` changed",
        },
    )


def test_a_helper_that_is_not_called_may_change(transcript):
    _, warm = run_edit_run(transcript, PIPELINE, ('rows"', 'lines"'))
    expect(
        warm,
        {"data": "hit", "model": "hit", "doubled": "hit", "text": "miss: function `describe` was edited"},
    )


def test_an_equal_value_from_edited_code_lets_everything_below_hit(transcript):
    cells = """
        def load(): return list(range(5))
        def fit(x): return sum(x)
        # %%
        raw = load()
        first = raw[0]
        model = fit(raw)
        model + first
    """
    _, warm = run_edit_run(transcript, cells, ("list(range(5))", "[0, 1, 2, 3, 4]"))
    expect(
        warm,
        {"raw": "miss: function `load` was edited", "first": "hit", "model = ": "hit", "model +": "hit"},
    )
    _, warm = run_edit_run(transcript, cells, ("model = fit(raw)", "model = fit(raw) + 0"))
    expect(warm, {"raw": "hit", "model = ": "miss: this code was edited", "model +": "hit"})


def test_an_edited_last_line_leaves_the_expensive_first_statement_alone(transcript):
    cells = """
        import time
        def train(n):
            time.sleep(0.3)
            return [n] * 3
        # %%
        model = train(5)
        print("score", model[0])
    """
    _, warm = run_edit_run(transcript, cells, ('print("score", model[0])', 'print("score:", model[1])'))
    expect(warm, {"model": "hit", "print": "miss: this code was edited"})
    assert warm[1].rows[0].facts["saved_s"] > 0.2
    assert warm[1].stream() == "score: 5\n"


def test_comments_and_formatting_do_not_count(transcript):
    cells = """
        # what it does
        def area(w, h):
            return w * h
        # %%
        size = area(2, 3)
        total = sum([size,
                     1])
        total
    """
    edits = [
        ("# what it does", "# what it does not do\n\n"),
        ("return w * h", "return (w*h)   # in metres"),
        ("size = area(2, 3)", "# the size\n\nsize = area( 2,\n  3 )"),
        ("sum([size,\n             1])", "sum([size, 1])"),
    ]
    _, warm = run_edit_run(transcript, cells, *edits)
    expect(warm, {"size": "hit", "total = ": "hit", "total": "hit"})


def test_an_edit_in_whatever_a_function_is_made_of_runs_its_callers_again(transcript):
    expect_each_to_run_again(transcript, WAYS_TO_MAKE_A_FUNCTION, "f(4)")


def test_an_edit_in_whatever_a_class_is_made_of_runs_what_uses_an_instance_again(transcript):
    expect_each_to_run_again(transcript, WAYS_TO_MAKE_A_CLASS, "o.get()")


def test_a_helper_below_a_memoised_function_is_never_stale(transcript):
    cells = """
        import functools
        def g(x): return x + 1
        @functools.lru_cache
        def f(x): return g(x)
        # %%
        a = f(4)
    """
    _, warm = run_edit_run(transcript, cells, ("x + 1", "x + 2"))
    expect(warm, {"a =": "uncacheable: `f` remembers its results"})
    assert warm.value("a") == 6


def test_a_reason_names_the_edited_code_inside_a_value(transcript):
    cells = """
        import functools
        class Base:
            def size(self): return 1
        class Model(Base):
            def fit(self): return self.size()
        def g(x, y): return x * y
        # %%
        model, scale, steps = Model(), functools.partial(g, y=3), [g]
        a = model.fit()
        b = scale(2)
        c = [step(1, 2) for step in steps]
    """
    _, warm = run_edit_run(transcript, cells, ("return 1", "return 2"), ("x * y", "x + y"))
    expect(
        warm,
        {
            "a": "miss: `model` changed (function `Base.size` was edited)",
            "b": "miss: `scale` changed (function `g` was edited)",
            "c =": "miss: `steps` changed (function `g` was edited)",
        },
    )


def expect_each_to_run_again(transcript, ways, use):
    """Run one cell for each way, edit all of them, and run them twice again."""
    names = [way.replace(" ", "_") for way in ways]
    before = [f"{made}\n{name} = {use}" for name, (made, *_) in zip(names, ways.values(), strict=True)]
    after = [text.replace(old, new) for text, (_, old, new) in zip(before, ways.values(), strict=True)]
    _, warm = run_one_then_other(transcript, before, after)
    expect(warm, dict.fromkeys(names, "miss"))
    expect(transcript.run(after), dict.fromkeys(names, "hit"))


# ---------------------------------------------------------------- modules and builtins


def test_a_local_module_counts_by_the_code_that_is_loaded(transcript):
    transcript.files = {"helpers.py": "import math\ndef norm(x): return x / 2\ndef other(x): return x\n"}
    cells = [
        "import importlib, helpers\nfrom helpers import other",
        "a = helpers.norm(8)\nb = other(8)",
    ]
    run_twice(transcript, cells)
    edited = {"helpers.py": "import math\ndef norm(x): return x / 4\ndef other(x): return x\n"}
    warm = transcript.run(cells, files=edited)
    assert_same(transcript.plain(cells, files=edited), warm)
    expect(warm, {"a": "miss: function `helpers.norm` was edited", "b": "hit"})


@pytest.mark.parametrize("reload", [True, False], ids=["reloaded", "not reloaded"])
def test_a_module_edited_while_loaded_runs_as_it_would_without_a_cache(transcript, reload):
    transcript.files = {"helpers.py": "def norm(x): return x / 2\n"}
    rewrite = Do("open('helpers.py', 'w').write('def norm(x): return x / 100\\n')")
    cells = [
        "import importlib, helpers",
        "a = helpers.norm(8)",
        rewrite,
        "importlib.reload(helpers); 0" if reload else "0",
        "b = helpers.norm(8)",
    ]
    _, warm = run_twice(transcript, cells)
    expect(warm, {"a": "hit", "b": "hit"})
    new_kernel = transcript.run(cells[:2], files={"helpers.py": "def norm(x): return x / 100\n"})
    assert new_kernel.value("a") == ["float", "0.08"]


def test_a_monkeypatched_library_function_counts(transcript):
    cells = """
        import json, math
        # %%
        plain_dumps = json.dumps
        def patched(value): return "patched " + plain_dumps(value)
        json.dumps = patched
        # %%
        def save(x): return json.dumps(x)
        a = save([1])
        b = math.floor(2.5)
    """
    _, warm = run_edit_run(transcript, cells, ('"patched "', '"mended "'))
    expect(warm, {"a": "miss", "b": "hit"})
    _, warm = run_edit_run(transcript, cells, ("json.dumps = patched", "0"))
    expect(warm, {"a": "miss", "b": "hit"})


def test_a_shadowed_builtin_counts(transcript):
    cells = """
        def total(x): return sum(x)
        # %%
        a = total([1, 2])
        # %%
        def sum(x): return 100
        # %%
        b = total([1, 2])
        # %%
        del sum
        # %%
        c = total([1, 2])
    """
    _, warm = run_edit_run(transcript, cells, ("return 100", "return 200"))
    expect(warm, {"a": "hit", "b": "miss: function `sum` was edited (through `total` → `sum`)", "c": "hit"})
    assert (warm.value("b"), warm.value("c")) == (200, 3)


def test_a_name_rebound_to_a_function_counts(transcript):
    cells = """
        f = len
        a = f([1, 2])
        # %%
        def f(x): return -1
        # %%
        a = f([1, 2])
    """
    _, warm = run_edit_run(transcript, cells, ("f = len", "f = max"))
    expect(warm, {"a = f": "miss, hit: `f` changed ("})
