"""Traps 112–120 and 135: cached statements together with what is live."""

from __future__ import annotations

from fpcache.testing.sessions.steps import Do

from .trap import Trap

__all__ = ["LIVE"]

BUMP = (
    "import os\ndef bump():\n    n = int(open('n.txt').read()) if os.path.exists('n.txt') else 0\n    with open('n.txt', 'w') as file: file.write(str(n + 1))\n"
    "    return n + 1\n# %%\nout = bump()\n# %%\nout = bump()\n# %%\nlast = open('n.txt').read()"
)
SAVE = "def save(x):\n    with open('out.txt', 'w') as file: file.write(x * 3)\n    return len(x)\n# %%\nout = save('ab')\n# %%\nlast = open('out.txt').read()"
NUMPY = ("numpy",)

LIVE = (
    Trap(112, "b = a edited to b = copy(a) above a mutation", "R",
         "from copy import copy\na = [1]\n# %%\nb = a\n# %%\na.append(2); n = len(b)",
         changed="from copy import copy\na = [1]\n# %%\nb = copy(a)\n# %%\na.append(2); n = len(b)", call="n = len(b)", reason="`b` changed", slow=False),
    Trap(113, "v = x[:3] edited to x[:3].copy() above a write", "R",
         "import numpy as np\nx = np.arange(6)\n# %%\nv = x[:3]\n# %%\nx[0] = 9; t = v.sum()", [("x[:3]", "x[:3].copy()")], call="t = v.sum()", reason="`v` changed", needs=NUMPY),
    Trap(113, "v = x[:3] edited to x[:3].copy(), in one call", "R",
         "import numpy as np\ndef f(x, v):\n    x[0] = 9\n    return v.sum()\nx = np.arange(6)\n# %%\nv = x[:3]\n# %%\nout = f(x, v)", [("x[:3]", "x[:3].copy()")],
         reason="`v` and `x` no longer share", needs=NUMPY),
    Trap(114, "class re-defined, instance not rebuilt", "R",
         "class C: pass\no = C()\ndef f(): return type(o) is C\n# %%\n0\n# %%\nout = f()",
         changed="class C: pass\no = C()\ndef f(): return type(o) is C\n# %%\nclass C: pass\n# %%\nout = f()", reason="`C` and `o` no longer share"),
    Trap(114, "class re-defined, instance not rebuilt, asked in the statement", "R",
         "class C: pass\no = C()\n# %%\n0\n# %%\nout = type(o) is C", changed="class C: pass\no = C()\n# %%\nclass C: pass\n# %%\nout = type(o) is C", reason="`C` and `o` no longer share"),
    Trap(115, "a new line keep = a above a cell that mutates a", "E",
         "a = [1]\ndef f(v):\n    v.append(2)\n    return len(v)\n# %%\n0\n# %%\nout = f(a)\n# %%\nlast = list(a)",
         changed="a = [1]\ndef f(v):\n    v.append(2)\n    return len(v)\n# %%\nkeep = a\n# %%\nout = f(a)\n# %%\nlast = list(a), keep is a", auto="hit"),
    Trap(118, "a live start and an end inside a cached function", "E",
         "import time\ndef f(t): return time.time() - t\n# %%\nt0 = time.time()\n# %%\nout = f(t0)\n# %%\nfine = out >= 0", ignore=("t0", "out")),
    Trap(118, "a duration inside a cached function", "E",
         "import time\ndef f():\n    start = time.time()\n    return time.time() - start\n# %%\nout = f()\n# %%\nfine = out >= 0", ignore=("out",), auto="hit"),
    Trap(119, "a counter file read and written by one cell", "E", BUMP),
    Trap(119, "a counter file that stands elsewhere by now", "E", BUMP, files={"n.txt": "3"}, changed_files={"n.txt": "7"}, auto="miss, miss", again="miss, miss"),
    Trap(120, "a written file edited by hand since", "E", SAVE, changed_files={"out.txt": "by hand"}, auto="miss", again="miss"),
    Trap(120, "a written file edited by hand within the session", "E",
         ["def save(x):\n    with open('out.txt', 'w') as file: file.write(x * 3)\n    return len(x)", "out = save('ab')", Do("open('out.txt', 'w').write('by hand')"),
          "out = save('ab')", "last = open('out.txt').read()"]),
    Trap(120, "a written file that is gone is there after a hit", "E", SAVE, auto="hit"),
    Trap(135, "a restored array changed in place, read by joblib workers", "E",
         "import numpy as np\nfrom joblib import Parallel, delayed\ndef total(v): return int(v.sum())\n# %%\nbig = np.zeros(200_000)\n# %%\nbig[0] = 5\n# %%\n"
         "out = Parallel(n_jobs=2)(delayed(total)(big) for _ in range(2))\n# %%\nlast = sum(out)", [("big[0] = 5", "big[0] = 6")], call="big = np", auto="hit",
         needs=("joblib", "numpy")),
)  # fmt: skip
