"""Code is a value: what is edited runs again, with all that depends on it, and nothing else does."""

from __future__ import annotations

import pytest
from harness import Do, assert_same, expect
from run_edit_run import run_edit_run, run_one_then_other, run_twice

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
    expect(warm, {"SCALE": "hit", "data": "hit", "model": "hit", "text": "hit", "doubled": "hit", "(text": "hit"})


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (("/ SCALE", "/ -SCALE"), "function `norm` was edited (through `fit` → `clean` → `norm`)"),
        (("return norm(x)", "return norm(x[1:])"), "function `clean` was edited (through `fit` → `clean`)"),
        (("sum(clean(x))", "max(clean(x))"), "function `fit` was edited"),
        (("SCALE = 10", "SCALE = 20"), "`SCALE` changed (int 10 → int 20) (through `fit` → `clean` → `norm` → `SCALE`)"),
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
    expect(warm, {"data": "hit", "model": "hit", "doubled": "hit", "text": "miss: function `describe` was edited"})


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
    cold, warm = run_edit_run(transcript, cells, ('print("score", model[0])', 'print("score:", model[1])'))
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


# Each line: what makes `f`, and an edit of it.  `f` is only called, never named otherwise.
WAYS_TO_MAKE_A_FUNCTION = {
    "folded constant": ("def f(x): return x + 11 + 19", "11 + 19", "5 + 3"),
    "method called": ("import statistics as st\ndef f(x): return st.mean([x, 2])", "st.mean", "st.median_low"),
    "parameters swapped": ("def f(a, b=3): return a - b", "(a, b=3)", "(b, a=3)"),
    "closure variable": ("def make(n):\n    def g(x): return x + n\n    return g\nf = make(1)", "make(1)", "make(2)"),
    "lambda body": ("f = lambda x: x + 1", "x + 1", "x + 2"),
    "defaults": ("def f(x, y=1): return x + y\nf.__defaults__ = (5,)", "(5,)", "(6,)"),
    "keyword defaults": ("def f(x, *, y=1): return x + y\nf.__kwdefaults__ = {'y': 5}", "5", "6"),
    "function attribute": ("def f(x): return x + f.step\nf.step = 1", "f.step = 1", "f.step = 2"),
    "decorator": (
        "import functools\ndef twice(g):\n    @functools.wraps(g)\n    def inner(x): return g(x) * 2\n    return inner\n"
        "@twice\ndef f(x): return x", "* 2", "* 3",
    ),
    "partial": ("import functools\ndef g(x, y): return x * y\nf = functools.partial(g, y=3)", "x * y", "x + y"),
    "partial argument": ("import functools\ndef g(x, y): return x * y\nf = functools.partial(g, y=3)", "y=3", "y=4"),
    "lru_cache": ("import functools\n@functools.lru_cache\ndef f(x): return x + 1", "x + 1", "x + 2"),
    "helper below lru_cache": (
        "import functools\ndef g(x): return x + 1\n@functools.lru_cache\ndef f(x): return g(x)", "x + 1", "x + 2",
    ),
    "singledispatch": (
        "import functools\n@functools.singledispatch\ndef f(x): return 0\n@f.register\ndef _(x: int): return x + 1",
        "x + 1", "x + 2",
    ),
    "bound method": ("class C:\n    def m(self, x): return x + 1\nf = C().m", "x + 1", "x + 2"),
    "callable instance": ("class C:\n    def __call__(self, x): return x + 1\nf = C()", "x + 1", "x + 2"),
    "function in a dict": ("def g(x): return x + 1\ntable = {'g': g}\ndef f(x): return table['g'](x)", "x + 1", "x + 2"),
    "nested function": ("def f(x):\n    def g(y): return y + 1\n    return g(x)", "y + 1", "y + 2"),
    "generator function": ("def g(n):\n    for i in range(n): yield i + 1\ndef f(x): return list(g(x))", "i + 1", "i + 2"),
    "string constant": ("def f(x): return f'{x} metres'", "metres", "feet"),
    "local import": ("def f(x):\n    from math import sqrt\n    return sqrt(x)", "from math import sqrt", "from cmath import sqrt"),
    "docstring read": ("def f(x):\n    'one'\n    return f.__doc__", "one", "two"),
    "annotation read": ("def f(x: int): return f.__annotations__['x'].__name__", "x: int", "x: float"),
    "wrapped by hand": ("def g(x): return x + 1\ndef f(*args): return g(*args)", "x + 1", "x + 2"),
    "named by text": ("def f(x): return getattr(x, 'real')", "'real'", "'imag'"),
}  # fmt: skip


def test_an_edit_in_whatever_a_function_is_made_of_runs_its_callers_again(transcript):
    expect_each_to_run_again(transcript, WAYS_TO_MAKE_A_FUNCTION, "f(4)")


WAYS_TO_MAKE_A_CLASS = {
    "method": ("class C:\n    def get(self): return 1\no = C()", "return 1", "return 2"),
    "class attribute": ("class C:\n    k = 1\n    def get(self): return self.k\no = C()", "k = 1", "k = 2"),
    "attribute set later": ("class C:\n    def get(self): return self.k\no = C()\nC.k = 1", "C.k = 1", "C.k = 2"),
    "property": ("class C:\n    @property\n    def p(self): return 1\n    def get(self): return self.p\no = C()", "return 1", "return 2"),
    "base class method": ("class B:\n    def get(self): return 1\nclass C(B): pass\no = C()", "return 1", "return 2"),
    "super": ("class B:\n    def get(self): return 1\nclass C(B):\n    def get(self): return super().get()\no = C()", "return 1", "return 2"),
    "static method": ("class C:\n    @staticmethod\n    def s(): return 1\n    def get(self): return self.s()\no = C()", "return 1", "return 2"),
    "class method": ("class C:\n    @classmethod\n    def s(cls): return 1\n    def get(self): return self.s()\no = C()", "return 1", "return 2"),
    "metaclass": (
        "class M(type):\n    def size(cls): return 1\nclass C(metaclass=M):\n    def get(self): return type(self).size()\no = C()",
        "return 1", "return 2",
    ),
    "slots": ("class C:\n    __slots__ = ('a',)\n    def get(self): return self.a\no = C(); o.a = 1", "o.a = 1", "o.a = 2"),
    "helper of a method": ("def h(): return 1\nclass C:\n    def get(self): return h()\no = C()", "return 1", "return 2"),
    "dataclass default": (
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int = 1\n    def get(self): return self.a\no = C()", "int = 1", "int = 2",
    ),
    "dataclass order": (
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int = 1\n    b: int = 2\n"
        "    def get(self): return dataclasses.astuple(self)\no = C()", "a: int = 1\n    b: int = 2", "b: int = 2\n    a: int = 1",
    ),
    "enum values": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\nclass C:\n    def get(self): return E.A.value\no = C()", "A = 1", "A = 3",
    ),
    "descriptor": (
        "class D:\n    def __get__(self, o, k=None): return 1\nclass C:\n    d = D()\n    def get(self): return self.d\no = C()", "return 1", "return 2",
    ),
    "named tuple": (
        "import typing\nclass C(typing.NamedTuple):\n    a: int = 1\n    def get(self): return tuple(self)\no = C()", "int = 1", "int = 2",
    ),
    "named tuple fields": (
        "import collections\nN = collections.namedtuple('N', 'a b')\nclass C(N):\n    def get(self): return self._fields\no = C(1, 2)",
        "'a b'", "'b a'",
    ),
}  # fmt: skip


def test_an_edit_in_whatever_a_class_is_made_of_runs_what_uses_an_instance_again(transcript):
    expect_each_to_run_again(transcript, WAYS_TO_MAKE_A_CLASS, "o.get()")


def expect_each_to_run_again(transcript, ways, use):
    """Run one cell for each way, edit all of them, and run them twice again."""
    names = [way.replace(" ", "_") for way in ways]
    before = [f"{made}\n{name} = {use}" for name, (made, *_) in zip(names, ways.values(), strict=True)]
    after = [
        text.replace(old, new) for text, (_, old, new) in zip(before, ways.values(), strict=True)
    ]
    _, warm = run_one_then_other(transcript, before, after)
    for row in warm.rows(): print(row)
    expect(warm, dict.fromkeys(names, "miss"))
    expect(transcript.run(after), dict.fromkeys(names, "hit"))
