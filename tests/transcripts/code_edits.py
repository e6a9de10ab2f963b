"""What functions and classes are made of: how to make one, and an edit of it (old text, new text)."""

from __future__ import annotations

# Each makes `f`, which is called with 4.
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

# Each makes `o`, whose `get` is called.
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
