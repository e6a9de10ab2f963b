"""Traps 47–50, 73, 74, 104, 127: what lies outside the names."""

from __future__ import annotations

from fpcache.testing.sessions.steps import Do

from .trap import Trap

__all__ = ["WORLD"]

READ = "def f(name):\n    with open(name) as file: return file.read()\n# %%\nout = f('data.txt')"
ENVIRON = "import os\ndef f(): return os.environ.get('SCALE', 'none') + '!'\n# %%\nout = f()"
CHDIR = "import os\ndef f(): return {}\n# %%\nos.chdir('one')\n# %%\nout = f()"
DIRECTORIES = {"one/data.txt": "first", "two/data.txt": "second"}


def package(version: str, factor: int) -> dict[str, str]:
    """Return the files of an installed package."""
    return {
        "site-packages/scaling.py": f"def scale(x):\n    return x * {factor}\n",
        f"site-packages/scaling-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: scaling\nVersion: {version}\n",
        f"site-packages/scaling-{version}.dist-info/RECORD": "scaling.py,,\n",
        f"site-packages/scaling-{version}.dist-info/top_level.txt": "scaling\n",
    }


def volatile(title, setting, out, reason, **more):
    """Return a trap of something that no two runs see alike: told, and not cached silently."""
    given = {"auto": "uncacheable", "explicit": "hit", "reason": reason, "ignore": ("out",), "again": ""}
    return Trap(73, title, "R", f"{setting}\n# %%\nout = {out}", **{**given, **more})


FILES = (
    Trap(47, "file contents changed", "R", READ, files={"data.txt": "old"}, changed_files={"data.txt": "new"},
         reason="`data.txt` changed on disk"),
    Trap(47, "file contents changed, of equal size, read by the statement", "R",
         "import pathlib\n# %%\nout = pathlib.Path('data.txt').read_text()", files={"data.txt": "old"},
         changed_files={"data.txt": "new"}, reason="`data.txt` changed on disk"),
    Trap(47, "file written again with equal contents", "H", READ, files={"data.txt": "old"}),
    Trap(47, "table read by a library changed", "R", "import pandas as pd\n# %%\nout = pd.read_csv('data.csv')",
         files={"data.csv": "a,b\n1,2\n"}, changed_files={"data.csv": "a,b\n1,3\n"}, reason="`data.csv` changed on disk", needs=("pandas", "numpy")),
    Trap(47, "array read by a library changed", "R", "import numpy as np\n# %%\nout = np.loadtxt('data.txt')",
         files={"data.txt": "1 2"}, changed_files={"data.txt": "1 3"}, reason="`data.txt` changed on disk", needs=("numpy",)),
)  # fmt: skip

PROCESS = (
    Trap(48, "environment variable changed outside", "R", ENVIRON, environment={"SCALE": "1"}, changed_environment={"SCALE": "2"}, reason="environment variable `SCALE`"),
    Trap(48, "environment variable set by a line above", "R",
         "import os\ndef f(): return os.environ['SCALE'] + '!'\n# %%\nos.environ['SCALE'] = '1'\n# %%\nout = f()", [("= '1'", "= '2'")], reason="environment variable `SCALE`"),
    Trap(48, "absent environment variable appears", "R", ENVIRON, changed_environment={"SCALE": "2"}, reason="environment variable `SCALE`"),
    Trap(48, "environment variable that is not read changed", "H", ENVIRON, environment={"OTHER_SCALE": "1"}, changed_environment={"OTHER_SCALE": "2"}),
    Trap(49, "working directory changed, asked for", "R", CHDIR.format("os.path.basename(os.getcwd())"), [("'one'", "'two'")],
         files=DIRECTORIES, reason="the working directory is"),
    Trap(49, "working directory changed, file read by a relative path", "R", CHDIR.format("open('data.txt').read()"), [("'one'", "'two'")],
         files=DIRECTORIES, reason="`data.txt` changed"),
    Trap(49, "working directory changed, not used", "H", CHDIR.format("len('any text')"), [("'one'", "'two'")], files=DIRECTORIES),
    Trap(50, "pd.set_option that changes a repr", "R",
         "import pandas as pd\ndef f(v): return repr(v)\nx = pd.DataFrame({'a': [1.23456789]})\n# %%\npd.set_option('display.precision', 2)\n# %%\nout = f(x)",
         [("'display.precision', 2", "'display.precision', 4")], reason="pandas option `display.precision` changed", needs=("numpy", "pandas")),
    Trap(50, "pd.set_option that changes what is shown", "R",
         "import pandas as pd\nx = pd.DataFrame({'a': [1.23456789]})\n# %%\npd.set_option('display.precision', 2)\n# %%\nx + 1",
         [("'display.precision', 2", "'display.precision', 4")], call="x + 1", reason="pandas option `display.precision` changed", needs=("numpy", "pandas")),
    Trap(104, "package upgraded", "R", "import sys\nsys.path.insert(0, 'site-packages')\nimport scaling\n# %%\nout = scaling.scale(2)",
         files=package("1.0", 10), changed_files=package("2.0", 20), reason="package scaling 1.0 → 2.0"),
    Trap(104, "package upgraded that the code does not reach", "H",
         "import sys\nsys.path.insert(0, 'site-packages')\nimport scaling\ndef f(x): return x * 2\n# %%\nout = f(2)",
         files=package("1.0", 10), changed_files=package("2.0", 20)),
    Trap(127, "sklearn.set_config(transform_output)", "R",
         "import numpy as np, pandas, sklearn\nfrom sklearn.preprocessing import StandardScaler\nx = np.arange(6.0).reshape(3, 2)\n# %%\n"
         "sklearn.set_config(transform_output='default')\n# %%\nout = StandardScaler().fit_transform(x)",
         [("'default'", "'pandas'")], reason="scikit-learn option `transform_output` changed", needs=("sklearn",), states=False),
    Trap(127, "tqdm.pandas() as a statement", "R",
         "import pandas as pd\nfrom tqdm import tqdm\ndef f(v): return hasattr(v, 'progress_apply')\nx = pd.Series([1, 2])\n# %%\n0;\n# %%\nout = f(x)",
         [("0;", "tqdm.pandas()")], reason="`pandas.DataFrame.progress_apply` is new", needs=("pandas", "tqdm", "numpy")),
    Trap(127, "tqdm.pandas() inside another statement", "R",
         "import pandas as pd\nfrom tqdm import tqdm\ndef f(v): return hasattr(v, 'progress_apply')\nx = pd.Series([1, 2])\nhook = 0\n# %%\nout = f(x)",
         [("hook = 0", "hook = tqdm.pandas()")], reason="`pandas.DataFrame.progress_apply` is new", needs=("pandas", "tqdm", "numpy")),
    Trap(127, "%config InlineBackend.figure_format", "R",
         "import matplotlib.pyplot as plt\n# %%\n%config InlineBackend.figure_format = 'png'\n# %%\nline = plt.plot([1, 2])",
         [("'png'", "'svg'")], call="line = plt.plot([1, 2])", reason="`inline.figure_formats` changed", needs=("matplotlib", "matplotlib_inline"),
         mask=r"(?s)<svg.*</svg>"),
)  # fmt: skip

VOLATILE = (
    Trap(73, "input()", "R",
         [Do("import builtins; builtins.input = lambda prompt='': 'typed'"), "def f(): return input('name? ')", "out = f()"],
         auto="uncacheable", reason="asks a person (`input` in `f`)", slow=False),
    volatile("the calendar", "import datetime\ndef f(): return datetime.datetime.now()", "f()", "reads the calendar"),
    volatile("the calendar, in the statement", "import datetime", "datetime.date.today()", "reads the calendar (`datetime.date.today`", ignore=()),
    volatile("an absolute time", "import time\ndef f(): return time.time()", "f()", "reads the calendar"),
    volatile("formatted time", "import time", "time.strftime('%S')", "reads the calendar"),
    volatile("pandas' clock", "import pandas as pd", "pd.Timestamp.now()", "reads the calendar", needs=("numpy", "pandas")),
    volatile("a uuid", "import uuid\ndef f(): return uuid.uuid4().hex", "f()", "reads entropy (`uuid.uuid4` in `f`)"),
    volatile("entropy", "import os\ndef f(): return os.urandom(8)", "f()", "reads entropy (`os.urandom` in `f`)"),
    volatile("secrets", "import secrets", "secrets.token_hex()", "reads entropy (`secrets.token_hex`, line"),
    volatile("an unseeded generator", "import numpy as np", "np.random.default_rng().random()", "`default_rng`, line", needs=("numpy",)),
    volatile("random.SystemRandom", "import random", "random.SystemRandom().random()", "reads entropy (`secrets.SystemRandom`, line"),
    Trap(73, "a measured duration", "H", "import time\ndef f():\n    start = time.perf_counter()\n    return time.perf_counter() - start >= 0\n# %%\nout = f()"),
    Trap(74, "open file handle as input", "R", "handle = open('data.txt')\n# %%\nout = handle.read(1)\n# %%\nhandle.close()",
         files={"data.txt": "abc"}, changed_files={"data.txt": "xyz"}, auto="uncacheable", reason="handle: a _io.TextIOWrapper can't be fingerprinted"),
    Trap(74, "open file handle in an input", "R", "held = [open('data.txt')]\ndef f(v): return v[0].read(1)\n# %%\nout = f(held)\n# %%\nheld[0].close()",
         files={"data.txt": "abc"}, changed_files={"data.txt": "xyz"}, auto="uncacheable", reason="held[0]: a _io.TextIOWrapper can't be fingerprinted"),
    Trap(74, "database connection as input", "R",
         "import sqlite3\nbase = sqlite3.connect('base.db')\nbase.execute('create table t (n)'); base.execute('insert into t values (1)');\n"
         "def f(b): return b.execute('select n from t').fetchall()\n# %%\nout = f(base)\n# %%\nbase.close()",
         [("values (1)", "values (2)")], auto="uncacheable", reason="base: a sqlite3.Connection can't be fingerprinted", mask=r"<sqlite3\.Cursor[^>]*>"),
)  # fmt: skip

WORLD = (*FILES, *PROCESS, *VOLATILE)
