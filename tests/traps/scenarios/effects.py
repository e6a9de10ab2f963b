"""Traps 51–69, 73–83: what a run leaves beside its result."""

from __future__ import annotations

from .trap import Trap

__all__ = ["EFFECTS"]

NUMPY = ("numpy",)

STATES = (
    Trap(51, "NumPy's random state after a hit", "E",
         "import numpy as np\nnp.random.seed(0)\n# %%\nout = np.random.rand(3)\n# %%\nafter = np.random.rand(2)",
         [("after = np.random.rand(2)", "after = np.random.rand(3)")], auto="hit", needs=NUMPY),
    Trap(51, "Python's random state after a hit", "E",
         "import random\nrandom.seed(0)\ndef f(): return [random.random() for _ in range(3)]\n# %%\nout = f()\n# %%\nafter = random.random()",
         [("after = random.random()", "after = random.gauss(0, 1)")], auto="hit"),
    Trap(51, "torch's random state after a hit", "E",
         "import torch\ntorch.manual_seed(0);\n# %%\nout = torch.rand(3)\n# %%\nafter = torch.rand(2)", [("after = torch.rand(2)", "after = torch.rand(3)")],
         auto="hit", needs=("torch",)),
    Trap(51, "another seed", "R", "import random\nrandom.seed(0)\n# %%\nout = random.random()", [("seed(0)", "seed(1)")], reason="random state"),
    Trap(52, "a second unseeded draw differs", "R",
         "import numpy as np\n# %%\nout = np.random.rand()\n# %%\nfirst = out\n# %%\nout = np.random.rand()\n# %%\nsame = first == out",
         auto="miss, miss", explicit="miss, miss", again="any", reason="NumPy's random state", needs=NUMPY, ignore=("out", "first"), states=False,
         before=('%config FPCache.unseeded = "run"',)),
    Trap(52, "a second unseeded draw differs in the session that replays the first", "E",
         "import numpy as np\n# %%\nout = np.random.rand()\n# %%\nfirst = out\n# %%\nout = np.random.rand()\n# %%\nsame = first == out",
         auto="hit, hit", needs=NUMPY, ignore=("out", "first"), states=False, before=('%config FPCache.unseeded = "replay"',)),
    Trap(126, "get_state live, a cached draw, set_state, a draw", "E",
         "import numpy as np\nnp.random.seed(3)\n# %%\nsaved = np.random.get_state()\n# %%\nout = np.random.rand(2).tolist()\n# %%\n"
         "np.random.set_state(saved)\n# %%\nagain = np.random.rand(2).tolist()\n# %%\nsame = out == again",
         auto="hit", needs=NUMPY),
)  # fmt: skip

IN_PLACE = (
    Trap(53, "the cell appends to its input", "E", "def f(v):\n    v.append(len(v))\n    return len(v)\n# %%\nx = [1]\nalias = x\n# %%\nout = f(x)\n# %%\nout = f(x)",
         auto="hit, hit"),
    Trap(54, "the user mutates an output, the next hit is clean", "E",
         "def f(n): return [n, [n]]\n# %%\nout = f(1)\n# %%\nout[1].append(9)\n# %%\nkept = out\n# %%\nout = f(1)", auto="hit, hit"),
    Trap(54, "the user changes an array of a hit, the next hit is clean", "E",
         "import numpy as np\ndef f(n): return np.arange(n)\n# %%\nout = f(50_000)\n# %%\nout[:] = -1\n# %%\nkept = out\n# %%\nout = f(50_000)",
         auto="hit, hit", needs=NUMPY),
    Trap(55, "two outputs that are one object", "E", "def f(): return [1]\n# %%\nfirst = second = f()\n# %%\nfirst.append(2)\n# %%\nsame = first is second",
         call="first = second = f()", auto="hit"),
    Trap(55, "an object inside two outputs", "E",
         "def f():\n    a = [1]\n    return {'a': a}, (a, a)\n# %%\nfirst, second = f()\n# %%\nfirst['a'].append(2)\n# %%\nsame = second[0] is second[1]",
         call="first, second = f()", auto="hit"),
    Trap(56, "out is x stays true", "E", "def f(v): return v\n# %%\nx = [1]\n# %%\nout = f(x)\n# %%\nx.append(2)\n# %%\nsame = out is x", auto="hit"),
    Trap(56, "an output holds an input", "E", "def f(v): return [v, list(v)]\n# %%\nx = [1]\n# %%\nout = f(x)\n# %%\nx.append(2)\n# %%\nsame = out[0] is x", auto="hit"),
    Trap(57, "a global is bumped by a function", "E",
         "n = 0\ndef f():\n    global n\n    n += 1\n    return n * 10\n# %%\nout = f()\n# %%\nout = f()\n# %%\nlast = n", auto="hit, hit"),
    Trap(57, "a global bumped by a function began with another value", "R",
         "n = 0\ndef f():\n    global n\n    n += 1\n    return n * 10\n# %%\nout = f()\n# %%\nlast = n", [("n = 0", "n = 5")], reason="`n` changed"),
    Trap(58, "a generator is advanced", "E", "g = (n * n for n in range(5))\n# %%\nout = next(g)\n# %%\nsecond = next(g)\n# %%\nrest = list(g)", auto="uncacheable"),
    Trap(58, "an iterator is advanced", "E", "it = iter([1, 2, 3, 4])\n# %%\nout = next(it)\n# %%\nsecond = next(it)\n# %%\nrest = list(it)"),
    Trap(65, "x += 1 run twice", "E", "x = 1\n# %%\nx += 1\n# %%\nx += 1\n# %%\nlast = x", call="x += 1", auto="hit, hit"),
    Trap(65, "a list augmented twice", "E", "x = [1]\nalias = x\n# %%\nx += [len(x)]\n# %%\nx += [len(x)]\n# %%\nlast = list(alias)", call="x += [len(x)]", auto="hit, hit"),
    Trap(66, "del x stays deleted", "E", "x = [1]\ny = 2\n# %%\nout = len(x)\ndel x\n# %%\nthere = 'x' in dir()", auto="hit"),
    Trap(66, "an item deleted stays deleted", "E", "d = {'a': 1, 'b': 2}\n# %%\ndel d['a']\n# %%\nlast = list(d)", call="del d['a']", auto="hit"),
    Trap(82, "writing through a view reaches its base", "E",
         "import numpy as np\nbase = np.zeros(6)\nview = base[2:4]\n# %%\nview[:] = 7\n# %%\nlast = base.tolist()", call="view[:] = 7", auto="hit", needs=NUMPY),
    Trap(82, "a view made by a hit writes to its base", "E",
         "import numpy as np\nbase = np.zeros(6)\n# %%\nview = base.reshape(2, 3)[1]\n# %%\nview[:] = 7\n# %%\nlast = base.tolist(), view.base is base",
         call="view = base", auto="hit", needs=NUMPY),
    Trap(83, "a slice of a DataFrame", "E",
         "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3], 'b': [4., 5., 6.]})\n# %%\nout = df[df['a'] > 1]\n# %%\ndf.loc[2, 'b'] = 0\n# %%\nlast = out['b'].tolist()",
         auto="hit", needs=("numpy", "pandas")),
    Trap(83, "a column of a DataFrame written in place", "E",
         "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nvalues = df['a'].to_numpy()\n# %%\ndf.loc[1, 'a'] = 9\n# %%\nlast = values.tolist(), df['a'].tolist()",
         call="df.loc[1, 'a'] = 9", auto="hit", needs=("numpy", "pandas")),
    Trap(134, "resize on a restored array", "E", "import numpy as np\n# %%\nout = np.arange(4) + 1\n# %%\nout.resize(6, refcheck=False)\n# %%\nlast = out.tolist()",
         auto="hit", needs=NUMPY),
)  # fmt: skip

OBJECTS = (
    Trap(61, "a lock as output", "E", "import threading\n# %%\nout = threading.Lock()\n# %%\nwith out: held = out.locked()", auto="uncacheable", mask=r"<.*lock.*>"),
    Trap(62, "instance of a notebook class", "E",
         "class C:\n    def __init__(self, n): self.n = n\ndef f(n): return [C(n)]\n# %%\nout = f(3)\n# %%\nsame = isinstance(out[0], C), type(out[0]) is C", auto="hit"),
    Trap(62, "instance of a notebook dataclass with slots", "E",
         "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass C:\n    n: int\n# %%\nout = {C(3): C(4)}\n# %%\nsame = isinstance(out[C(3)], C)", auto="hit"),
    Trap(63, "a lambda as output", "E", "k = 2\n# %%\nout = lambda x: x + k\n# %%\nlast = out(1)"),
    Trap(63, "a lambda made by a call", "E", "def make(n): return lambda x: x + n\n# %%\nout = make(3)\n# %%\nlast = out(1)", auto="hit"),
    Trap(81, "a weakref to an output", "E",
         "import weakref\nclass C: pass\ndef f(): return C()\n# %%\nout = f()\n# %%\nref = weakref.ref(out)\n# %%\nsame = ref() is out\n# %%\ndel out\n# %%\ngone = ref() is None",
         auto="hit"),
    Trap(81, "a weakref taken inside the statement", "E",
         "import weakref\nclass C: pass\ndef f():\n    c = C()\n    return c, weakref.ref(c)\n# %%\nout, ref = f()\n# %%\nsame = ref() is out", call="out, ref = f()"),
    Trap(131, "the best of a set of objects is the same object", "E",
         "class Item:\n    def __init__(self, n): self.n = n\n    def __lt__(self, other): return self.n < other.n\n# %%\nitems = {Item(n) for n in range(5)}\n# %%\n"
         "out = max(items)\n# %%\nsame = out in items, out.n"),
    Trap(136, "a function made by a cached cell sees later edits of globals", "E",
         "k = 2\ndef make(): return lambda x: x + k\n# %%\nout = make()\n# %%\nk = 5\n# %%\nlast = out(1)", [("k = 5", "k = 6")], auto="hit"),
    Trap(117, "labels listed from a set inside a cached statement and live agree", "E",
         "y = ['b', 'a', 'c', 'd']\ndef f(v): return list(set(v))\n# %%\nout = f(y)\n# %%\nlive = list(set(y))\n# %%\nsame = out == live",
         ignore=("out", "live"), auto="miss", seeds=(1, 2)),
)  # fmt: skip

EFFECTS = (*STATES, *IN_PLACE, *OBJECTS)
