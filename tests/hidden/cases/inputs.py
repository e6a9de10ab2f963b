"""What code reads beyond the names in it: texts, frames, modules, contexts, files."""

from __future__ import annotations

from scenarios.trap import Trap

__all__ = ["INPUTS"]

FRAME = "import pandas as pd\nd = pd.DataFrame({'a': [1, 5]})\nlimit = 2\n"
PANDAS = ("numpy", "pandas")
LIMIT = [("limit = 2", "limit = 0")]
HELPER = {
    "helper.py": "k = 1\ncache = {}\ndef g(n):\n    if n not in cache: cache[n] = n * k\n    return cache[n]\n"
}
K = [("helper.k = 1", "helper.k = 2")]
FILE = "def f(): return open('x.txt').read()\n"
SQLITE = "import sqlite3\nbase = sqlite3.connect('b.db'); base.execute('create table t (n)'); base.execute('insert into t values (1)'); base.commit(); base.close()\n"


def query(title, cells, reason="`limit` changed (int 2 → int 0)", **more):
    """Return a trap of a name in a text."""
    return Trap(
        2, title, "R", f"{FRAME}{cells}", LIMIT, reason=reason, **{"needs": PANDAS, "slow": False, **more}
    )


def module(title, cells, **more):
    """Return a trap of an attribute of a local module that a line above has set."""
    return Trap(
        2,
        title,
        "R",
        f"import helper\nhelper.k = 1\n{cells}",
        K,
        reason="`helper.k` changed (int 1 → int 2)",
        files=HELPER,
        **{"slow": False, **more},
    )


def refused(title, cells, reason, **more):
    """Return a trap of code that no reading sees through."""
    return Trap(
        2,
        title,
        "R",
        cells,
        [("x = 1", "x = 2")],
        auto="uncacheable",
        again="",
        reason=reason,
        **{"slow": False, **more},
    )


TEXTS = (
    query("a query", "# %%\nout = d.query('a > @limit')"),
    query("a query in a function", "def f(d): return d.query('a > @limit')\n# %%\nout = f(d)"),
    query("a query by getattr", "def f(d): return getattr(d, 'query')('a > @limit')\n# %%\nout = f(d)"),
    query("a query whose text is a variable", "text = 'a > @limit'\n# %%\nout = d.query(text)"),
    query("a query whose text is handed over", "def f(d, text): return d.query(text)\n# %%\nout = f(d, 'a > @limit')"),
    query("DataFrame.eval", "def f(d): return d.eval('b = a * @limit')\n# %%\nout = f(d)"),
    query("pd.eval", "def f(): return pd.eval('limit + 1')\n# %%\nout = f()"),
    query("a query whose text is computed", "def f(d, name): return d.query('a > @' + name)\n# %%\nout = f(d, 'limit')", auto="uncacheable", again="",
          reason="looks up variables by a computed text (`query` in `f`)"),
    Trap(2, "SQL over frames", "R", "import polars as pl\nt = pl.DataFrame({'a': [1, 5]})\ndef f(): return pl.sql('select sum(a) from t').collect().rows()\n# %%\nout = f()",
         [("[1, 5]", "[1, 6]")], reason="`t` changed", needs=("polars",), slow=False),
    refused("format with globals()", "x = 1\ndef f(): return '{x}'.format(**globals())\n# %%\nout = f()", "uses dynamic code (`globals` in `f`)"),
    refused("a template with globals()", "import string\nx = 1\ndef f(): return string.Template('$x').substitute(globals())\n# %%\nout = f()", "`globals` in `f`"),
)  # fmt: skip

FRAMES = (
    refused("the caller's frame", "import sys\nx = 1\ndef f(): return sys._getframe(1).f_globals['x']\n# %%\nout = f()", "`sys._getframe` in `f`"),
    refused("inspect.stack", "import inspect\nx = 1\ndef f(): return inspect.stack()[1].frame.f_globals['x']\n# %%\nout = f()", "`inspect.stack` in `f`"),
    refused("inspect.currentframe by another name", "from inspect import currentframe as here\nx = 1\ndef f(): return here().f_back.f_globals['x']\n# %%\nout = f()", "`inspect.currentframe` in `f`"),
    refused("a traceback's frame", "x = 1\ndef f():\n    try: 1 / 0\n    except ZeroDivisionError as error: return error.__traceback__.tb_frame.f_globals['x']\n# %%\nout = f()", "`f_globals` in `f`"),
    Trap(2, "inspect.getsource", "R", "import inspect\ndef g(): return 1  # one\ndef f(): return inspect.getsource(g)\n# %%\nout = f()", [("# one", "# two")], reason="lines changed"),
    Trap(2, "inspect.signature", "R", "import inspect\ndef g(a): return 1\ndef f(): return str(inspect.signature(g))\n# %%\nout = f()", [("g(a)", "g(b)")], reason="function `g` was edited"),
)  # fmt: skip

IMPORTS = (
    Trap(2, "a local module imported by name", "E", "import importlib\ndef f(name): return importlib.import_module(name).k\n# %%\nout = f('only')",
         files={"only.py": "k = 1\n"}, changed_files={"only.py": "k = 2\n"}, auto="uncacheable", reason="was the first to import the local module `only`", slow=False),
    module("a loaded module imported by name", "import importlib\ndef f(name): return importlib.import_module(name).k\n# %%\nout = f('helper')"),
    module("a loaded module by __import__", "def f(name): return __import__(name).k\n# %%\nout = f('helper')"),
    module("a loaded module out of sys.modules", "import sys\ndef f(name): return sys.modules[name].k\n# %%\nout = f('helper')"),
    Trap(2, "a file run by runpy", "R", "import runpy\ndef f(path): return runpy.run_path(path)['k']\n# %%\nout = f('only.py')", files={"only.py": "k = 1\n"},
         changed_files={"only.py": "k = 2\n"}, reason="`only.py` changed on disk"),
    module("getattr on a module", "def f(name): return getattr(helper, name)\n# %%\nout = f('k')"),
    module("a module's __dict__", "def f(): return helper.__dict__['k']\n# %%\nout = f()"),
    module("vars of a module", "def f(): return vars(helper)['k']\n# %%\nout = f()"),
    module("a module in a list", "held = [helper]\ndef f(m): return m.k\n# %%\nout = f(held[0])"),
    module("module-level state", "# %%\nout = helper.g(3)"),
    Trap(2, "a memo table of a local module", "R", "import helper\nhelper.cache[3] = 1\n# %%\nout = helper.g(3)", [("[3] = 1", "[3] = 2")], files=HELPER, reason="`helper.cache` changed", slow=False),
)  # fmt: skip

MEMORY = (
    Trap(2, "a memo table in a default", "R", "def f(n, memo={}):\n    memo.setdefault(n, n)\n    return len(memo)\nf(7);\n# %%\nout = f(3)\n# %%\nlast = f(9)", [("f(7)", "f(3)")],
         reason="function `f` holds other values", slow=False),
    Trap(2, "a memo table in a closure", "E", "def make():\n    memo = {}\n    def g(n):\n        memo[n] = len(memo)\n        return memo[n]\n    return g\ng = make()\n# %%\nout = g(3)\n# %%\nlast = g(4)", auto="hit"),
    Trap(2, "a function's attribute", "E", "def f(n):\n    f.calls = getattr(f, 'calls', 0) + 1\n    return f.calls\n# %%\nout = f(3)\n# %%\nlast = f(9)", auto="hit"),
    Trap(2, "a thread local", "R", "import threading\nt = threading.local()\nt.v = 1\ndef f(): return t.v\n# %%\nout = f()", [("t.v = 1", "t.v = 2")], auto="uncacheable", again="",
         reason="_thread._local can't be fingerprinted", slow=False),
    Trap(2, "a context variable", "R", "import contextvars\nc = contextvars.ContextVar('c')\nc.set(1);\ndef f(): return c.get()\n# %%\nout = f()", [("c.set(1)", "c.set(2)")], auto="uncacheable", again="",
         reason="ContextVar", slow=False),
    Trap(2, "the decimal context", "R", "import decimal\ndecimal.getcontext().prec = 5\ndef f(): return decimal.Decimal(1) / 3\n# %%\nout = f()", [("prec = 5", "prec = 7")], reason="decimal context's `prec` changed"),
    Trap(2, "warnings filters", "R", "import warnings\nwarnings.simplefilter('ignore')\ndef f():\n    warnings.warn('now', stacklevel=2)\n    return 1\n# %%\nout = f()", [("'ignore'", "'always'")], reason="warnings", slow=False, mask=r"<ipython-input[^>]*>:\d+"),
    Trap(2, "torch's default dtype", "R", "import torch\ntorch.set_default_dtype(torch.float32)\ndef f(): return torch.ones(2)\n# %%\nout = f()", [("float32)", "float64)")], needs=("torch",), reason="dtype", slow=False),
)  # fmt: skip

READ_BASE = (
    f"{SQLITE}# %%\ndef f():\n    base = sqlite3.connect('b.db')\n"
    "    try: return base.execute('select n from t').fetchall()\n    finally: base.close()\n# %%\nout = f()"
)

FILES = (
    refused("a file read by a child process", "import subprocess, sys\nx = 1\ndef f(): return subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True).stdout\n# %%\nout = f()", "ran other processes"),
    Trap(2, "a database in a file", "R", READ_BASE, [("values (1)", "values (2)")], auto="uncacheable", explicit="skip", reason="database", again="any", slow=False, mask="<sqlite3[^>]*>"),
    Trap(2, "a database in a file, in a cell to be cached", "R", READ_BASE, [("values (1)", "values (2)")], auto="skip", explicit="miss", reason="`b.db` changed on disk", again="any", slow=False,
         mask="<sqlite3[^>]*>"),
    Trap(2, "a memory-mapped file", "R", "import mmap\ndef f():\n    with open('m.bin', 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m: return m[0]\n# %%\nout = f()",
         files={"m.bin": b"\1"}, changed_files={"m.bin": b"\2"}, reason="`m.bin` changed on disk"),
    Trap(2, "an absent file that appears", "R", "import os\ndef f(): return open('x.txt').read() if os.path.exists('x.txt') else 'none'\n# %%\nout = f()", changed_files={"x.txt": "a"}, reason="`x.txt` exists now"),
    Trap(2, "an absent file that appears, tried", "R", "def f():\n    try: return open('x.txt').read()\n    except FileNotFoundError: return 'none'\n# %%\nout = f()", changed_files={"x.txt": "a"}, reason="`x.txt` exists now"),
    Trap(2, "a symlink to another file", "R", f"import os\nif os.path.lexists('x.txt'): os.unlink('x.txt')\nos.symlink('a', 'x.txt')\n{FILE}# %%\nout = f()", [("'a', ", "'b', ")], files={"a": "1", "b": "2"}, reason="`x.txt` changed on disk", slow=False),
    Trap(2, "a directory's list", "R", "import os\ndef f(): return sorted(os.listdir('d'))\n# %%\nout = f()", files={"d/a": ""}, changed_files={"d/a": "", "d/b": ""}, reason="the files in `d` are others now"),
    Trap(2, "a directory's tree", "R", "import os\ndef f(): return sorted(n for _, _, names in os.walk('d') for n in names)\n# %%\nout = f()", files={"d/e/a": ""}, changed_files={"d/e/a": "", "d/e/b": ""}, reason="the files in `d/e` are others now"),
    Trap(2, "a file written twice within one tick", "E",
         f"import os\ndef w(text):\n    with open('x.txt', 'w') as file: file.write(text)\n    os.utime('x.txt', ns=(10**18, 10**18))\n{FILE}# %%\nw('a')\n# %%\nout = f()\n# %%\nw('b')\n# %%\nlast = f()"),
)  # fmt: skip

INPUTS = {
    "names inside strings (query, eval, formulas, SQL, format)": TEXTS,
    "frames": FRAMES,
    "dynamic imports, getattr on modules, module-level state": IMPORTS,
    "memo tables, thread locals, context variables, contexts and defaults": MEMORY,
    "files: child processes, databases, memory maps, absent, links, listings, ticks": FILES,
}
