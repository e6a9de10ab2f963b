"""Traps 17–46, 64, 84–91, 107–111: what values are."""

from __future__ import annotations

from .trap import Trap

__all__ = ["VALUES"]

SHOW = "def f(v): return type(v).__name__, repr(v)"
ARRAY = "import numpy as np\ndef f(v): return str(v.dtype), v.shape, v.strides, v.tolist()"
TOTAL = "import numpy as np\ndef f(v): return v.sum()"
FRAME = "import pandas as pd\ndef f(v): return repr(v), str(getattr(v, 'dtypes', '')), v.attrs"
TORCH = "import torch\ndef f(v): return str(v.device), v.requires_grad, v.is_leaf, tuple(v.shape)"
NUMPY, PANDAS = ("numpy",), ("numpy", "pandas")


def pair(number, title, old, new, setting=SHOW, needs=(), verdict="R", reason="`x` changed", **more):
    """Return a trap of one input that has another value."""
    before, after = (f"{setting}\n# %%\nx = {value}\n# %%\nout = f(x)" for value in (old, new))
    return Trap(number, title, verdict, before, changed=after, reason=reason, needs=needs, **more)


def array(number, title, old, new, **more):
    """Return a trap of an array."""
    return pair(number, title, old, new, ARRAY, NUMPY, **more)


def frame(number, title, old, new, **more):
    """Return a trap of a frame or a column."""
    return pair(number, title, old, new, FRAME, PANDAS, **more)


BUILTINS = (
    pair(17, "list appended", "[1, 2]", "[1, 2, 3]"),
    Trap(17, "list appended to by a line above", "R", f"{SHOW}\n# %%\nx = [1, 2]\n# %%\n0\n# %%\nout = f(x)",
         changed=f"{SHOW}\n# %%\nx = [1, 2]\n# %%\nx.append(3)\n# %%\nout = f(x)", reason="`x` changed"),
    pair(18, "a change eight levels deep", "[[[[[[[[1]]]]]]]]", "[[[[[[[[2]]]]]]]]"),
    pair(18, "a change eight levels deep in dicts and instances", "[{'a': (N(b=[{'c': (1, [N(d=1)])}]),)}]",
         "[{'a': (N(b=[{'c': (1, [N(d=2)])}]),)}]", f"from types import SimpleNamespace as N\n{SHOW}"),
    pair(24, "1.0 vs np.float64(1)", "1.0", "np.float64(1)", f"import numpy as np\n{SHOW}", NUMPY),
    pair(25, "1 vs True", "1", "True"),
    pair(26, "1 vs 1.0", "1", "1.0"),
    pair(27, "0.0 vs -0.0", "0.0", "-0.0"),
    pair(28, "NaN rebuilt", "float('nan')", "float('inf') - float('inf')", "def f(v): return str(abs(v))", verdict="H"),
    pair(28, "NaN rebuilt in an array", "np.array([1, np.nan])", "np.array([1, float('nan')])",
         "import numpy as np\ndef f(v): return str(v)", NUMPY, verdict="H"),
    pair(29, "'a' vs b'a'", "'a'", "b'a'"),
    pair(30, "tuple vs list", "(1, 2)", "[1, 2]"),
    pair(31, "2**70 vs 2**70+1", "2**70", "2**70 + 1"),
    pair(32, "dict order", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    pair(33, "set rebuilt in another order, used order-blind", "set([0, 8])", "set([8, 0])",
         "def f(v): return len(v), 8 in v, sorted(v)", verdict="H"),
    Trap(33, "set rebuilt in another order, used order-blind by the statement", "H",
         "x = set([0, 8])\n# %%\nout = len(x), 8 in x, sorted(x)", [("[0, 8]", "[8, 0]")], slow=("out = len(x), 8 in x, sorted(x)", "out = slow((len(x), 8 in x, sorted(x)))")),
    pair(34, "unorderable set", "{1, 'a', None}", "{1, 'b', None}", "def f(v): return len(v), 'a' in v"),
    pair(34, "unorderable set rebuilt", "{1, 'a', None}", "{None, 1, 'a'}", "def f(v): return len(v), 'a' in v", verdict="H"),
    Trap(35, "cyclic list", "R", f"{SHOW}\n# %%\nx = [1]; x.append(x)\n# %%\nout = f(x)", [("x = [1]", "x = [2]")], reason="`x` changed"),
    Trap(35, "cyclic list rebuilt", "H", f"{SHOW}\n# %%\nx = [1]; x.append(x)\n# %%\nout = f(x)", [("x = [1]", "x = list((1,))")]),
    Trap(36, "[a, a] vs [[1], [1]], then one mutated", "R",
         "def f(v):\n    v[0].append(2)\n    return list(map(len, v))\n# %%\na = [1]\n# %%\nx = [a, a]\n# %%\nout = f(x)",
         [("[a, a]", "[[1], [1]]")], reason="`x` changed"),
    Trap(36, "two names of one list or of two, one mutated", "R",
         "def f(v, w):\n    v.append(2)\n    return len(w)\n# %%\na = [1]\nb = a\n# %%\nout = f(a, b)", [("b = a", "b = [1]")], reason="`a` and `b` no longer share"),
    Trap(64, "another hash seed, set used order-blind", "H",
         "def f(v): return len(v), 'b' in v, sorted(v), v | {'z'} == v\n# %%\nx = {'a', 'b', 'c', 'd'}\n# %%\nout = f(x)", seeds=(1, 2)),
    Trap(64, "another hash seed, the set's order in the result", "R",
         "def f(v): return list(v)\n# %%\nx = {'a', 'b', 'c', 'd'}\n# %%\nout = f(x)\n# %%\nsame = out == list(x)", seeds=(1, 2), reason="order of a set"),
    Trap(64, "another hash seed, the set's order in the statement's own result", "R",
         "x = {'a', 'b', 'c', 'd'}\n# %%\nout = list(x)\n# %%\nsame = out == list(x)", seeds=(1, 2), reason="order of a set (`list(x)`, line"),
    pair(110, "fields concatenated: items", "['ab', 'c']", "['a', 'bc']"),
    pair(110, "fields concatenated: brackets", "[[1], 2]", "[[1, 2]]"),
    pair(110, "fields concatenated: keys and values", "{'a': 'bc'}", "{'ab': 'c'}"),
    pair(110, "fields concatenated: attributes", "N(a='b', c='')", "N(a='', c='b')", f"from types import SimpleNamespace as N\n{SHOW}"),
    Trap(110, "fields concatenated: two inputs", "R", "def f(v, w): return v, w\n# %%\nx, y = 'ab', 'c'\n# %%\nout = f(x, y)",
         [("'ab', 'c'", "'a', 'bc'")], reason="`x` changed"),
)  # fmt: skip

LIAR = """class Liar:
    def __init__(self, n): self.n = n
    def __reduce__(self): return (Liar, (0,))
def f(v): return v.n"""
RAISING = """class Raising:
    def __init__(self, n): self.n = n
    def __eq__(self, other): raise ValueError('never compare')
    def __hash__(self): raise ValueError('never hash')
def f(v): return v.n"""
CARRIER = """import logging, uuid
class Tagged:
    def __init__(self): self.tag, self.n = uuid.uuid4(), 2
class Logged:
    def __init__(self): self.log, self.n = logging.getLogger('job'), 2
def f(v): return v.n"""
DEEP = "deep = [{}]\nfor _ in range({}):\n    deep = [deep]\n# %%\ndef f(v):\n    while isinstance(v, list): v = v[0]\n    return v\n# %%\nout = f(deep)\n# %%\ndel deep"

OBJECTS = (
    pair(107, "__reduce__ that lies", "Liar(1)", "Liar(2)", LIAR),
    pair(107, "__reduce__ that lies, rebuilt", "Liar(1)", "Liar(2 - 1)", LIAR, verdict="H"),
    pair(108, "__eq__ and __hash__ that raise", "Raising(1)", "Raising(2)", RAISING),
    pair(108, "__eq__ and __hash__ that raise, rebuilt", "Raising(1)", "Raising(2 - 1)", RAISING, verdict="H"),
    pair(109, "an object carrying a UUID", "Tagged()", "Tagged()", CARRIER, auto="uncacheable", explicit="hit",
         reason="`uuid.uuid4` in `x`", ignore=("x",)),
    pair(109, "an object carrying a logger", "Logged()", "Logged()", CARRIER, verdict="H"),
    Trap(111, "nested 60 levels deep", "R", DEEP.format(1, 60), changed=DEEP.format(2, 60), reason="`deep` changed"),
    Trap(111, "nested 3000 levels deep", "R", DEEP.format(1, 3000), changed=DEEP.format(2, 3000), reason="`deep` changed"),
)  # fmt: skip

SPARSE = "import numpy as np, scipy.sparse as sp\ndef f(v): return type(v).__name__, v.nnz"
MODEL = """import numpy as np
from sklearn.linear_model import LinearRegression
def f(m): return hasattr(m, 'coef_')
# %%
x = LinearRegression()
fit = {}
# %%
out = f(x)"""

ARRAYS = (
    array(19, "one array element", "np.arange(5)", "np.array([0, 1, 2, 3, 5])"),
    pair(20, "one of two million elements", "np.zeros(2_000_000)", "np.append(np.zeros(1_999_999), 1.0)", TOTAL, NUMPY),
    pair(20, "one of two million elements, in the middle", "np.zeros(2_000_000)",
         "np.concatenate([np.zeros(1_000_003), np.ones(1), np.zeros(999_996)])", TOTAL, NUMPY),
    array(21, "int64 zeros vs float64 zeros", "np.zeros(3, 'i8')", "np.zeros(3)"),
    array(22, "reshaped", "np.zeros((2, 3))", "np.zeros((3, 2))"),
    array(23, "a vs a.T", "np.arange(4).reshape(2, 2)", "np.arange(4).reshape(2, 2).T"),
    array(23, "a vs a.T, equal elements", "np.zeros((2, 3)).T", "np.zeros((3, 2))"),
    array(84, "non-contiguous", "np.arange(6)[::2]", "np.array([0, 2, 4])"),
    array(84, "non-contiguous, another element", "np.arange(6)[::2]", "np.array([0, 9, 2, 9, 5, 9])[::2]"),
    array(84, "byte-swapped", "np.arange(3, dtype='<i4')", "np.arange(3, dtype='>i4')"),
    array(85, "datetime64 unit", "np.array(['2020'], 'M8[s]')", "np.array(['2020'], 'M8[ms]')"),
    array(86, "object array, one element", "np.array([1, 'a', None], object)", "np.array([1, 'b', None], object)"),
    array(86, "object array, inside an element", "np.array([[1], 'a'], object)", "np.array([[2], 'a'], object)"),
    array(86, "object array, type of an element", "np.array([1], object)", "np.array([True], object)"),
    array(86, "object array rebuilt", "np.array([1, 'a', None], object)", "np.array([1, 'ab'[0], None], object)", verdict="H"),
    array(87, "masked array's mask", "np.ma.array([1, 2], mask=[0, 1])", "np.ma.array([1, 2], mask=[1, 0])"),
    array(88, "structured dtype's field names", "np.zeros(2, [('a', 'i4')])", "np.zeros(2, [('b', 'i4')])"),
    pair(89, "sparse layout with equal dense value", "sp.csr_matrix(np.eye(3))", "sp.csc_matrix(np.eye(3))", SPARSE, ("numpy", "scipy")),
    pair(89, "sparse with a stored zero", "sp.csr_matrix(([1., 0.], ([0, 1], [0, 1])))",
         "sp.csr_matrix(([1.], ([0], [0])), shape=(2, 2))", SPARSE, ("numpy", "scipy")),
    pair(90, "torch requires_grad", "torch.zeros(2)", "torch.zeros(2, requires_grad=True)", TORCH, ("torch",)),
    pair(90, "torch device", "torch.zeros(2)", "torch.zeros(2, device='meta')", TORCH, ("torch",)),
    pair(90, "torch leaf", "torch.ones(2)", "torch.zeros(2).exp()", TORCH, ("torch",), verdict="H"),
    Trap(91, "fitted vs unfitted estimator", "R", MODEL.format("0"), changed=MODEL.format("x.fit(np.eye(2), np.ones(2))"),
         needs=("sklearn",), reason="`x` changed"),
)  # fmt: skip

FRAMES = (
    frame(37, "column renamed", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'b': [1]})"),
    frame(38, "index changed", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}, index=[5])"),
    frame(38, "index name changed", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1]}).rename_axis('n')"),
    frame(39, "column dtype", "pd.DataFrame({'a': [1]})", "pd.DataFrame({'a': [1.0]})"),
    frame(40, "object to category", "pd.Series(['a', 'b'])", "pd.Series(['a', 'b'], dtype='category')"),
    frame(40, "order of categories", "pd.Series(pd.Categorical(['a'], ['a', 'b']))", "pd.Series(pd.Categorical(['a'], ['b', 'a']))"),
    pair(41, "one cell of 60k rows", "pd.DataFrame({'a': range(60_000)})",
         "pd.DataFrame({'a': [*range(43_210), -1, *range(43_211, 60_000)]})", "import pandas as pd\ndef f(v): return v['a'].sum()", PANDAS),
    pair(41, "one text of 60k rows", "pd.DataFrame({'a': ['ab'] * 60_000})",
         "pd.DataFrame({'a': ['ab'] * 43_210 + ['ba'] + ['ab'] * 16_789})",
         "import pandas as pd\ndef f(v): return (v['a'] == 'ab').sum()", PANDAS),
    Trap(42, "df.attrs", "R", f"{FRAME}\n# %%\nx = pd.DataFrame({{'a': [1]}})\nx.attrs['k'] = 1\n# %%\nout = f(x)",
         [("['k'] = 1", "['k'] = 2")], reason="`x` changed", needs=PANDAS),
    Trap(43, "list inside a column mutated", "R", f"{FRAME}\n# %%\nx = pd.DataFrame({{'a': [[1]]}})\nx['a'][0].append(2)\n# %%\nout = f(x)",
         [("append(2)", "append(3)")], reason="`x` changed", needs=PANDAS),
    frame(44, "Series name", "pd.Series([1], name='a')", "pd.Series([1], name='b')"),
    frame(45, "time zone", "pd.Series(pd.to_datetime(['2020']))", "pd.Series(pd.to_datetime(['2020'], utc=True))"),
    frame(46, "equal DataFrame rebuilt", "pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
          "pd.DataFrame([(1, 'x'), (2, 'y')], columns=['a', 'b'])", verdict="H"),
)  # fmt: skip

VALUES = (*BUILTINS, *OBJECTS, *ARRAYS, *FRAMES)
