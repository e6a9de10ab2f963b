"""Traps 1–16 and 92–100: what the code is."""

from __future__ import annotations

from fpcache.testing.sessions.steps import Do

from .trap import Trap

__all__ = ["CODE"]

HELPERS = """
    K = 10
    def inner(x): return x + 1
    def helper(x): return inner(x) * K + 11 + 19
    def f(x): return helper(x)
    # %%
    x = [1, 2]
    # %%
    out = f(len(x))
"""
ONE = "{}\n# %%\nout = f(4)"
CLASS = "{}\n# %%\nout = o.get()"
TOOLS = {"tools.py": "def f(x): return x + 1\n"}
TOOLS_EDITED = {"tools.py": "def f(x): return x + 2\n"}
REWRITE = Do("open('tools.py', 'w').write('def f(x): return x + 2\\n')")


def one(number, title, code, old, new, reason, **more):
    """Return a trap of a function that is made otherwise."""
    return Trap(number, title, "R", ONE.format(code), [(old, new)], reason=reason, **more)


def instance(number, title, code, old, new, reason, **more):
    """Return a trap of an instance whose class is made otherwise."""
    return Trap(number, title, "R", CLASS.format(code), [(old, new)], reason=reason, **more)


FUNCTIONS = (
    Trap(1, "same inputs", "H", HELPERS),
    Trap(2, "helper function edited", "R", HELPERS, [("inner(x) * K", "inner(x) - K")], reason="function `helper` was edited"),
    Trap(3, "a helper's helper edited", "R", HELPERS, [("x + 1", "x + 2")], reason="function `inner` was edited"),
    Trap(4, "global read by a helper", "R", HELPERS, [("K = 10", "K = 20")], reason="`K` changed"),
    Trap(5, "global read directly", "R", "k = 2\nx = 3\n# %%\nout = x * k", [("k = 2", "k = 3")], reason="`k` changed"),
    Trap(6, "folded constants edited in a helper", "R", HELPERS, [("11 + 19", "5 + 3")], reason="function `helper` was edited"),
    Trap(7, "local module edited between sessions", "R", "import tools\n# %%\nout = tools.f(1)",
         files=TOOLS, changed_files=TOOLS_EDITED, reason="function `tools.f` was edited"),
    Trap(7, "local module edited and reloaded", "R",
         ["import importlib, tools", "out = tools.f(1)", "first = out", REWRITE, "importlib.reload(tools); 0", "0"],
         changed=["import importlib, tools", "first = tools.f(1)", REWRITE, "importlib.reload(tools); 0", "out = tools.f(1)"],
         files=TOOLS, reason="function `tools.f` was edited"),
    Trap(7, "local module edited and not reloaded, never stored under the new source", "R",
         ["import tools", REWRITE, "out = tools.f(1)"], changed=["import tools", "out = tools.f(1)"],
         files=TOOLS, changed_files=TOOLS_EDITED, reason="function `tools.f` was edited"),
    Trap(7, "local module edited and not reloaded: the loaded code counts", "H",
         ["import tools", "out = tools.f(1)"], changed=["import tools", REWRITE, "out = tools.f(1)"],
         files=TOOLS, told="differs from"),
    one(8, "closure variable", "def make(n):\n    def g(x): return x + n\n    return g\nf = make(1)", "make(1)", "make(2)", "function `f` holds other values"),
    one(9, "body of a lambda held in a variable", "f = lambda x: x + 1", "x + 1", "x + 2", "function `f` was edited"),
    one(10, "f.__defaults__ set", "def f(x, y=1): return x + y\nf.__defaults__ = (5,)", "(5,)", "(6,)", "function `f` holds other values"),
    one(11, "function attribute set", "def f(x): return x + f.step\nf.step = 1", "f.step = 1", "f.step = 2", "function `f` holds other values"),
    one(14, "decorator's wrapper edited",
        "import functools\ndef twice(g):\n    @functools.wraps(g)\n    def inner(x): return g(x) * 2\n    return inner\n@twice\ndef f(x): return x",
        "* 2", "* 3", "function `f` was edited"),
    one(15, "json.dumps monkeypatched, read through a function",
        "import json\ndef f(x): return json.dumps([x])\nhook = 0", "hook = 0", "json.dumps = lambda value: 'patched'", "function `json.dumps` is new"),
    Trap(15, "json.dumps monkeypatched, called directly", "R", "import json\nhook = 0\n# %%\nout = json.dumps([1])",
         [("hook = 0", "json.dumps = lambda value: 'patched'")], reason="function `json.dumps` is new"),
    one(15, "an attribute of an installed class monkeypatched",
        "import fractions\ndef f(x): return fractions.Fraction(x, 3).limit_denominator(2)\nhook = 0", "hook = 0",
        "fractions.Fraction.limit_denominator = lambda self, n: 'patched'", "Fraction.limit_denominator` is new"),
    Trap(15, "an input's installed class monkeypatched", "R",
         "import fractions\nx = fractions.Fraction(1, 3)\n# %%\nhook = 0\n# %%\nout = x.limit_denominator(2)",
         [("hook = 0", "fractions.Fraction.limit_denominator = lambda self, n: 'patched'")], reason="Fraction.limit_denominator` is new"),
    Trap(15, "an installed class extended by a function", "R",
         "import pandas as pd\ndef extend(): pd.Series.twice = lambda self: self.sum() * 2\ndef f(v): return hasattr(pd.Series([v]), 'twice')\n# %%\n0\n# %%\nout = f(2)",
         changed="import pandas as pd\ndef extend(): pd.Series.twice = lambda self: self.sum() * 2\ndef f(v): return hasattr(pd.Series([v]), 'twice')\n# %%\nextend()\n# %%\nout = f(2)",
         reason="Series.twice` is new", needs=("numpy", "pandas")),
    Trap(15, "an accessor registered for frames edited", "R",
         "import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('geo')\nclass Geo:\n    def __init__(self, df): self.df = df\n"
         "    def size(self): return 1\n# %%\nout = pd.DataFrame({'a': [1]}).geo.size()",
         [("return 1", "return 2")], reason="Geo.size` was edited", needs=("numpy", "pandas")),
    Trap(16, "a comment edited in a helper", "H", "def f(x):\n    return x + 1  # one\n# %%\nout = f(2)", [("# one", "# two")]),
    Trap(16, "blank lines and formatting changed in a helper", "H", "def f(x, y=1): return x+y\n# %%\nout = f(2)",
         [("def f(x, y=1): return x+y", "\n\ndef f(\n    x, y = 1\n):\n\n    return (x + y)")]),
    Trap(16, "a comment and formatting changed in the statement", "H", "def f(x): return x + 1\n# %%\nout = f(2)",
         [("out = f(2)", "# what follows\n\nout = f( 2 )  # two")], call="out = f(", slow=False),
    one(95, "a recursive function edited", "def f(n): return 1 if n < 1 else n * f(n - 1)", "else n *", "else n +", "function `f` was edited"),
    one(95, "one of two mutually recursive functions edited",
        "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)\ndef f(n): return even(n), odd(n)",
        "n == 0 or", "n <= 0 or", "function `even` was edited"),
    one(96, "helper wrapped in functools.partial edited",
        "import functools\ndef g(x, y): return x * y\nf = functools.partial(g, y=3)", "x * y", "x + y", "`g` was edited"),
    one(96, "argument of functools.partial edited",
        "import functools\ndef g(x, y): return x * y\nf = functools.partial(g, y=3)", "y=3", "y=4", "`f` changed"),
    one(96, "helper wrapped in lru_cache edited",
        "import functools\n@functools.lru_cache\ndef f(x): return x + 1", "x + 1", "x + 2", "`f` was edited"),
    one(124, "the method called in a helper edited",
        "import statistics\ndef f(x): return statistics.mean([x, 2, 2])", "statistics.mean", "statistics.median_low", "function `f` was edited"),
    Trap(124, "x.mean() edited to x.sum()", "R",
         "import numpy as np\ndef f(x): return x.mean()\n# %%\nx = np.arange(5.0)\n# %%\nout = f(x)",
         [("x.mean()", "x.sum()")], reason="function `f` was edited", needs=("numpy",)),
    one(124, "parameter names swapped", "def f(a, b=3): return a - b", "(a, b=3)", "(b, a=3)", "function `f` was edited"),
)  # fmt: skip

CLASSES = (
    instance(12, "class redefined and instance rebuilt", "class C:\n    def get(self): return 1\no = C()", "return 1", "return 2", "`C.get` was edited"),
    instance(13, "class attribute set", "class C:\n    k = 1\n    def get(self): return self.k\no = C()\nC.k = 5", "C.k = 5", "C.k = 6", "class `C` was edited"),
    instance(92, "enum redefined with other values",
             "import enum\nclass E(enum.Enum):\n    A = 1\nclass C:\n    def get(self): return E.A.value\no = C()", "A = 1", "A = 3", "class `E` was edited"),
    Trap(92, "enum member as input, redefined with another value", "R",
         "import enum\nclass E(enum.Enum):\n    A = 1\ndef f(e): return e.value\n# %%\nx = E.A\n# %%\nout = f(x)",
         [("A = 1", "A = 3")], reason="class `E` was edited"),
    instance(93, "dataclass field default edited",
             "import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int = 1\n    def get(self): return self.a\no = C()", "int = 1", "int = 2", "`C.__init__` was edited"),
    Trap(93, "dataclass field default edited, instance made in the statement", "R",
         "import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int = 1\n# %%\nout = C().a", [("int = 1", "int = 2")], reason="class `C` was edited"),
    instance(94, "property edited",
             "class C:\n    @property\n    def p(self): return 1\n    def get(self): return self.p\no = C()", "return 1", "return 2", "`C.p` was edited"),
    instance(94, "base-class method edited", "class B:\n    def get(self): return 1\nclass C(B): pass\no = C()", "return 1", "return 2", "`B.get` was edited"),
)  # fmt: skip

SCOPES = (
    Trap(97, "a walrus inside a comprehension binds outside", "R", "x, k = [1, 2], 3\n# %%\nout = [y := n * k for n in x]\n# %%\nlast = y",
         [("[1, 2], 3", "[1, 2], 4")], reason="`k` changed"),
    Trap(97, "a comprehension's own variable is no input", "H", "x, n = [1, 2], 3\n# %%\nout = [n * 2 for n in x]",
         [("[1, 2], 3", "[1, 2], 4")]),
    Trap(97, "a comprehension's first iterable is read outside", "R",
         "n = [1, 2]\n# %%\nout = [n * 2 for n in n]", [("[1, 2]", "[1, 3]")], reason="`n` changed"),
    Trap(97, "a class body's comprehension reads the global", "R",
         "k = 1\n# %%\nclass C:\n    k = 5\n    values = [k for _ in range(2)]\n# %%\nout = C.values + [0]",
         changed="k = 2\n# %%\nclass C:\n    k = 5\n    values = [k for _ in range(2)]\n# %%\nout = C.values + [0]", reason="class `C` was edited"),
    Trap(97, "a walrus in a condition is kept", "E", "x = [3, 4]\n# %%\nif (n := len(x)) > 1:\n    out = n\n# %%\nlast = n", call="if (n := len(x))", auto="hit"),
    Trap(98, "a conditional binding's branch flips", "E",
         "flag = True\n# %%\nif flag:\n    one = [1]\nelse:\n    two = [2]\n# %%\nseen = [name for name in ('one', 'two') if name in dir()]",
         [("flag = True", "flag = False")], call="if flag:", auto="miss"),
    Trap(98, "a branch flips within one session", "E",
         "flag = True\n# %%\nif flag: a = [1]\n# %%\na.append(2)\n# %%\nflag = False\n# %%\nif flag: a = [1]\n# %%\nlast = list(a)", call="if flag:"),
    Trap(98, "a try's other branch", "E",
         "d = {'k': 1}\n# %%\ntry:\n    got = d['k']\nexcept KeyError:\n    missing = True\n# %%\nend = 1",
         [("{'k': 1}", "{'j': 1}")], call="try:", auto="miss"),
    Trap(99, "name rebound to another function", "R", "g = len\nx = [1, 2]\n# %%\nout = g(x)", [("g = len", "g = sum")], reason="`g` changed"),
    Trap(99, "value rebound to a function", "R", "g = 3\ndef f(): return g if isinstance(g, int) else g()\n# %%\nout = f()",
         [("g = 3", "def g(): return 4")], reason="`g` changed"),
    Trap(99, "a name bound over a builtin", "R", "x = [1, 2]\n# %%\nout = sum(x)", [("x = [1, 2]", "x = [1, 2]\nsum = max")], reason="`sum` is new"),
    Trap(99, "a name bound over a builtin that a helper calls", "R", "def f(x): return sum(x)\n# %%\nout = f([1, 2])",
         [("def f(x)", "sum = max\ndef f(x)")], reason="`sum` is new"),
    Trap(100, "the main guard", "E", "def f(x): return x + 1\n# %%\nif __name__ == '__main__':\n    out = f(2)\n# %%\nlast = out",
         call="if __name__ ==", auto="hit"),
)  # fmt: skip

CODE = (*FUNCTIONS, *CLASSES, *SCOPES)
