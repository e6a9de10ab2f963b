# ruff: noqa: E501 (a template is one line)
"""What a notebook begins with: imports, definitions and first values, each in several variants.

Of these a notebook has what its statements need. Editing a definition takes another variant.
"""

from __future__ import annotations

from .class_definitions import CLASS_DEFINITIONS, LIBRARY_VALUES
from .themes import templates

__all__ = ["DEFINITIONS", "IMPORTS", "VALUES"]

IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "random": "import random",
    "copy": "import copy",
    "os": "import os",
    "re": "import re",
    "json": "import json",
    "Path": "from pathlib import Path",
    "display": "from IPython.display import display",
    "partial": "from functools import partial",
    "lru_cache": "from functools import lru_cache",
    "wraps": "from functools import wraps",
    "chain": "from itertools import chain",
    "deque": "from collections import deque",
    "defaultdict": "from collections import defaultdict",
    "Counter": "from collections import Counter",
    "dataclass": "from dataclasses import dataclass, field",
    "contextmanager": "from contextlib import contextmanager",
    "Enum": "from enum import Enum",
    "suppress": "from contextlib import suppress",
    "redirect_stdout": "from contextlib import redirect_stdout",
    "OrderedDict": "from collections import OrderedDict",
    "ChainMap": "from collections import ChainMap",
    "namedtuple": "from collections import namedtuple",
    "NamedTuple": "from typing import NamedTuple",
    "array": "from array import array",
    "Decimal": "from decimal import Decimal, getcontext",
    "getcontext": "from decimal import Decimal, getcontext",
    "Fraction": "from fractions import Fraction",
    "date": "from datetime import date, timedelta",
    "StringIO": "from io import StringIO",
    "SimpleNamespace": "from types import SimpleNamespace",
    "reduce": "from functools import reduce",
    "cached_property": "from functools import cached_property",
    "singledispatch": "from functools import singledispatch",
    "ABCMeta": "from abc import ABCMeta",
    "IntEnum": "from enum import Flag, IntEnum, auto",
    "Flag": "from enum import Flag, IntEnum, auto",
    "clear_output": "from IPython.display import HTML, clear_output, update_display",
    "update_display": "from IPython.display import HTML, clear_output, update_display",
    "HTML": "from IPython.display import HTML, clear_output, update_display",
    **{
        name: f"import {name}"
        for name in (
            "bisect",
            "builtins",
            "dataclasses",
            "functools",
            "heapq",
            "importlib",
            "itertools",
            "logging",
            "math",
            "mod1",
            "operator",
            "pickle",
            "statistics",
            "string",
            "struct",
            "sys",
            "warnings",
            "weakref",
        )
    },
}

DEFINITIONS: dict[str, tuple[str, ...]] = {
    "touch": templates(r"""
        def touch(l, k=1):\n    l.append(k)\n    return l
        def touch(l, k=2):\n    l.append(k)\n    return l
        def touch(l, k=1):\n    l = list(l)\n    l.append(k)\n    return l
        def touch(l, k=1):\n    l.insert(0, k)\n    return len(l)
    """),
    "bump": templates(r"""
        def bump():\n    global n0\n    n0 += 1
        def bump():\n    global n0\n    n0 += 2\n    return n0
        def bump():\n    global n1\n    n1 += 1\n    l0.append(n1)
    """),
    "grow": templates(r"""
        def grow(x, seen=[]):\n    seen.append(x)\n    return seen
        def grow(x, seen={}):\n    seen[str(x)] = len(seen)\n    return seen
        def grow(x, seen=[]):\n    seen.append(x)\n    return list(seen)
    """),
    "make": templates(r"""
        def make(l):\n    c = 0\n    def step(x=1):\n        nonlocal c\n        c += x\n        l.append(c)\n        return c\n    return step
        def make(l):\n    def step(x=1):\n        l.append(x)\n        return l\n    return step
        def make(l):\n    return lambda x=1: [x, l]
    """),
    "total": templates(r"""
        def total():\n    return len(l0) + n0
        def total():\n    return len(l1) + n1
        def total():\n    return after(n0)
    """),
    "after": templates(r"""
        def after(x):\n    return x + 1
        def after(x):\n    return x * 2
        def after(x):\n    d0['h'] = x\n    return x
    """),
    "swap": templates(r"""
        def swap():\n    global l0, l1\n    l0, l1 = l1, l0
        def swap():\n    global l0\n    l0 = l1
        def swap():\n    global l2\n    l2 = l0 + [1]
    """),
    "each": templates(r"""
        def each(l):\n    for x in l:\n        yield x
        def each(l):\n    for x in l:\n        if len(l2) < 6:\n            l2.append(0)\n        yield x
        def each(l):\n    yield from reversed(l)
    """),
    "fact": templates(r"""
        def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)
        def fact(n):\n    return 1 if n < 2 else n + fact(n - 1)
        def fact(n):\n    l2.append(n)\n    return 1 if n < 2 else n * fact(n - 1)
    """),
    "even": templates(r"""
        def even(n):\n    return n == 0 or odd(n - 1)
        def even(n):\n    return odd(n)
    """),
    "odd": templates(r"""
        def odd(n):\n    return n > 0 and even(n - 1)
        def odd(n):\n    return n == 1
    """),
    "memo": templates(r"""
        @lru_cache(None)\ndef memo(n):\n    return n + 100
        @lru_cache(None)\ndef memo(n):\n    return [n]
        KNOWN = {}\ndef memo(n):\n    if n not in KNOWN:\n        KNOWN[n] = [n]\n    return KNOWN[n]
    """),
    "logged": templates(r"""
        def logged(f):\n    @wraps(f)\n    def inner(*a, **k):\n        l2.append(f.__name__)\n        return f(*a, **k)\n    return inner
        def logged(f):\n    @wraps(f)\n    def inner(*a, **k):\n        inner.calls = getattr(inner, 'calls', 0) + 1\n        return f(*a, **k)\n    return inner
        def logged(f):\n    return f
    """),
    "plus": templates(r"""
        @logged\ndef plus(x, y=1):\n    return x + y
        @logged\ndef plus(x, y=2):\n    print(x)\n    return x + y
    """),
    "apply": templates(r"""
        def apply(f, *a):\n    return f(*a)
        def apply(f, *a):\n    return [f(*a), l1]
    """),
    "held": templates(r"""
        @contextmanager\ndef held(l):\n    l.append('in')\n    yield l\n    l.append('out')
        @contextmanager\ndef held(l):\n    try:\n        yield list(l)\n    finally:\n        l.clear()
    """),
    "fill": templates(r"""
        def fill(a, v=3):\n    a[:1] = v\n    return a
        def fill(a, v=3):\n    a[-1:] = v\n    return a[:2]
        def fill(a, v=3):\n    a = a.copy()\n    a[...] = v\n    return a
    """),
    "widen": templates(r"""
        def widen(f):\n    f['z'] = 1\n    return f
        def widen(f):\n    return f.assign(z=2)
        def widen(f):\n    f.loc[0, 'x'] = 9\n    return f
    """),
    "draw": templates(r"""
        def draw(n=2):\n    return [random.random() for _ in range(n)]
        def draw(n=2):\n    random.shuffle(l0)\n    return random.randint(0, n)
        def draw(n=2):\n    return np.random.rand(n).tolist()
    """),
    "save": templates(r"""
        def save(x, name='out.txt'):\n    with open(name, 'w') as file:\n        file.write(str(x))
        def save(x, name='out.txt'):\n    with open(name, 'a') as file:\n        return file.write(repr(x))
        def save(x, name='out.txt'):\n    Path(name).write_text(str(x) * 2)\n    return name
    """),
    "load": templates(r"""
        def load(name='in.txt'):\n    with open(name) as file:\n        return file.read()
        def load(name='in.txt'):\n    return Path(name).read_text() if Path(name).exists() else ''
    """),
    "Node": templates(r"""
        class Node:\n    count = 0\n    def __init__(self, v):\n        self.v, self.kids = v, []\n    def add(self, k):\n        self.kids.append(k)\n        return self\n    def bump(self):\n        self.v = [self.v]\n        return self.v
        class Node:\n    count = 0\n    def __init__(self, v):\n        self.v, self.kids = v, []\n        Node.count += 1\n    def add(self, k):\n        self.kids.append(k)\n        return len(self.kids)\n    def bump(self):\n        self.v = 7\n        return self.kids
        class Node:\n    count, all = 0, []\n    def __init__(self, v):\n        self.v, self.kids = v, []\n        self.all.append(v)\n    def add(self, k):\n        self.kids = [*self.kids, k]\n        return self\n    def bump(self):\n        return len(self.all)
    """),
    "Sub": templates(r"""
        class Sub(Node):\n    def add(self, k):\n        super().add((k,))\n        return self.v
        class Sub(Node):\n    def bump(self):\n        return [super().bump(), self.count]
        class Sub(Node):\n    @property\n    def size(self):\n        return len(self.kids)\n    @size.setter\n    def size(self, n):\n        del self.kids[n:]
    """),
    "Slot": templates(r"""
        class Slot:\n    __slots__ = ('v', 'kids')\n    def __init__(self, v):\n        self.v, self.kids = v, [v]\n    def add(self, k):\n        self.kids += [k]\n        return self.kids\n    def bump(self):\n        self.v = (self.v, 1)
        class Slot:\n    __slots__ = ('v', 'kids', 'more')\n    def __init__(self, v):\n        self.v, self.kids = v, []\n    def add(self, k):\n        self.more = k\n        return self\n    def bump(self):\n        self.kids.append(self.v)
    """),
    "Point": templates(r"""
        @dataclass\nclass Point:\n    v: object\n    kids: list = field(default_factory=list)\n    def add(self, k):\n        self.kids.append(k)\n        return self\n    def bump(self):\n        self.v = [self.v]\n        return self.v
        @dataclass\nclass Point:\n    v: object\n    kids: list = field(default_factory=lambda: l2)\n    def add(self, k):\n        self.kids.append(k)\n        return k\n    def bump(self):\n        return self
        @dataclass(eq=False)\nclass Point:\n    v: object\n    kids: list = field(default_factory=list)\n    extra: int = 5\n    def add(self, k):\n        self.extra += 1\n        return self\n    def bump(self):\n        return self.extra
    """),
    "Bag": templates(r"""
        class Bag(dict):\n    def put(self, k, v):\n        self[k] = v\n        self.last = v\n        return self
        class Bag(dict):\n    log = []\n    def put(self, k, v):\n        self[k] = v\n        self.log.append(k)\n        return self
    """),
    **CLASS_DEFINITIONS,
    "Color": templates(r"""
        class Color(Enum):\n    RED = 1\n    BLUE = 2
        class Color(Enum):\n    BLUE = 1\n    RED = 2
    """),
}

VALUES: dict[str, tuple[str, ...]] = {
    "n0": ("1", "2", "0"),
    "n1": ("2", "1", "1.0", "True"),
    "n2": ("3", "5"),
    "l0": ("[1, 2]", "[2, 1]", "[1, 2, 3]", "[[1], [1]]"),
    "l1": ("[3]", "l0", "list(l0)", "[l0]"),
    "l2": ("[]", "l0[:]", "[0]"),
    "d0": ("{'a': 1}", "{'b': 1, 'a': 1}", "{'a': l0}"),
    "d1": ("{}", "d0", "{1: [2]}"),
    "s0": ("{1, 2, 3}", "{3, 2, 1}", "{8, 16, 1}"),
    "s1": ("{9}", "s0", "set()"),
    "z0": ("{'p', 'q', 'r'}", "{'r', 'p', 'q'}", "set('abcdef')"),
    "z1": ("{'one', 'two'}", "z0", "frozenset({'k', 'm', 'n'})"),
    "y0": ("{'p', 'q', 'r'}", "{'r', 'p', 'q'}", "set('abcdef')"),
    "y1": ("{'one', 'two'}", "y0", "set()"),
    "w0": ("'text'", "'other'", "'{x} %s'"),
    "w1": ("'a b'", "''"),
    "t0": ("(1, [2])", "(l0, l0)", "(1, (2, [3]))"),
    "q0": ("deque([1, 2], maxlen=4)", "deque([1, 2], maxlen=2)", "deque()"),
    "e0": ("defaultdict(list)", "defaultdict(list, a=l0)", "defaultdict(int)"),
    "o0": ("Node(1)", "Node([2])", "Sub(1)"),
    "o1": ("Slot(2)", "o0", "Point(l0)"),
    "o2": ("Point(3)", "Node(o0)", "copy.copy(o0)"),
    "c0": ("make(l0)", "lambda x=1: l0.append(x)", "partial(touch, l0)", "o0.add"),
    "c1": ("lambda *x: l1", "c0", "make([5])", "touch"),
    "i0": ("iter([1, 2, 3])", "each(l0)", "(x for x in l0)", "map(str, l0)"),
    "i1": ("enumerate(l1)", "i0", "zip(l0, l1)"),
    "a0": ("np.arange(6.)", "np.arange(6)", "np.ones(6)"),
    "a1": ("np.zeros((2, 3))", "a0.reshape(2, 3)", "a0[::2]"),
    "a2": ("np.array([1, 2, 3])", "a0[1:4]", "a0", "np.array([1, 2, 3], dtype='int8')"),
    "f0": (
        "pd.DataFrame({'x': [1, 2, 3], 'y': [4., 5., 6.]})",
        "pd.DataFrame({'x': [1, 2, 3], 'y': ['a', 'b', None]})",
        "pd.DataFrame({'y': [1., 2.], 'x': [1, 2]}, index=['i', 'j'])",
    ),
    "f1": ("pd.DataFrame({'x': [7]})", "f0", "f0[['x']]", "f0.head(2)"),
    "r0": ("pd.Series([1, 2, 3], name='q')", "f0['x']", "pd.Series(['a', 'b'], dtype='category')"),
    "r1": ("pd.Series([.5, 1.5], index=['p', 'q'])", "r0", "r0[:2]"),
    "g0": ("np.random.default_rng(1)", "np.random.default_rng(2)", "np.random.RandomState(1)"),
    "g1": ("random.Random(2)", "random.Random(3)", "random.Random(2)"),
    "u0": ("None", "0", "l0"),
    "u1": ("None", "l1"),
    "u2": ("None", "[]"),
    **LIBRARY_VALUES,
}
