"""Traps 59, 60, 67–72, 75–80, 105, 106, 128–130, 133, 137: what is shown, and how code flows."""

from __future__ import annotations

from fpcache.testing.sessions.steps import Interrupt

from .trap import Trap

__all__ = ["FLOW"]

PLOT = ("matplotlib",)
# The first line of an explicit cell moves all others.
WHERE = r"<ipython-input-[^>]*>:\d+"

SHOWN = (
    Trap(59, "stdout", "E", "def f():\n    print('one')\n    print('two', end='')\n    return 3\n# %%\nprint('before')\nout = f()\nprint('after')", auto="hit"),
    Trap(60, "stdout, displays and stderr in order", "E",
         "import sys\nfrom IPython.display import display, HTML\ndef f():\n    print('a')\n    print('b', file=sys.stderr)\n    display(HTML('<b>c</b>'))\n"
         "    print('d')\n    return 5\n# %%\nout = f()\nout", auto="hit"),
    Trap(72, "display(display_id=) and update_display", "E",
         "from IPython.display import display, update_display\ndef f():\n    display('one', display_id='d')\n    return 1\n# %%\nout = f()\n# %%\n"
         "update_display('two', display_id='d')", [("'two'", "'three'")], auto="hit"),
    Trap(72, "a handle's update in a cached statement", "E",
         "from IPython.display import display\nhandle = display('one', display_id=True)\n# %%\nhandle.update('two')\n# %%\nhandle.update('three')",
         call="handle.update('two')"),
    Trap(72, "clear_output", "E",
         "from IPython.display import clear_output\ndef f():\n    print('gone')\n    clear_output()\n    print('kept')\n    return 1\n# %%\nout = f()", auto="hit"),
    Trap(79, "warnings and logging appear as in a run", "E",
         "import logging, warnings\nlogging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')\ndef f(n):\n"
         "    warnings.warn('careful')\n    logging.info('working on %s', n)\n    return n\n# %%\nout = f(1)", auto="hit",
         mask=WHERE, ignore=("__warningregistry__",)),
    Trap(79, "logging after its level changed", "R",
         "import logging\nlogging.basicConfig(level=logging.INFO, format='%(message)s')\ndef f(n):\n    logging.info('working on %s', n)\n    return n\n# %%\nout = f(1)",
         [("level=logging.INFO", "level=logging.ERROR")], reason="root logger's `level` changed"),
    Trap(80, "once-only warnings", "E",
         "import warnings\ndef f():\n    warnings.warn('once only')\n    return 1\n# %%\nout = f()\n# %%\nout = f()\n# %%\nother = f()", mask=WHERE, ignore=("__warningregistry__",)),
    Trap(105, "_, Out and In as inputs", "E", "x = [3, 1]\nsorted(x)\n# %%\nout = _[-1]\n# %%\nlast = Out[1][0], len(In)", auto="hit"),
    Trap(105, "_ changed", "R", "x = [3, 1]\nsorted(x)\n# %%\nout = _[-1]", [("[3, 1]", "[5, 1]")], reason="`_` changed", slow=False),
    Trap(106, "obj? and autocall", "E", "x = [1, 2]\n# %%\nlen?\n# %%\n/len x\n# %%\nout = len(x)", auto="hit"),
)  # fmt: skip

RUNNING = (
    Trap(67, "star import", "E", "x = [1, 2]\n# %%\nfrom tools import *\n# %%\nout = double(len(x)) + sum(x)",
         files={"tools.py": "def double(x): return x * 2\nsum = lambda x: 7\n"}, auto="hit"),
    Trap(67, "star import of an edited module", "R", "x = [1, 2]\n# %%\nfrom tools import *\n# %%\nout = double(len(x))",
         files={"tools.py": "def double(x): return x * 2\n"}, changed_files={"tools.py": "def double(x): return x * 3\n"},
         reason="function `double` was edited"),
    Trap(68, "a shell line inside", "E", "x = 5\n# %%\nout = x + 1\n!echo \"the shell has $x\"\nlines = !echo one\n# %%\nlast = len(lines)", auto="hit"),
    Trap(68, "a shell line that writes a file", "E", "!echo one >> log.txt\n# %%\nout = open('log.txt').read()"),
    Trap(68, "a line magic inside", "E", "%precision 3\n# %%\nout = 3.14159265 / 1\nout", auto="hit"),
    Trap(68, "%%time inside", "E", "def f(n):\n    print('running', n)\n    return n * 2\n# %%\n%%time\nout = f(1)", call="%%time", auto="hit",
         mask=r"(?m)^(CPU times|Wall time).*$"),
    Trap(68, "%%capture inside", "E", "def f(n):\n    print('running', n)\n    return n * 2\n# %%\n%%capture said\nout = f(1)\n# %%\ntext = said.stdout",
         call="%%capture said", auto="hit"),
    Trap(69, "top-level await", "E", "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n * 2\n# %%\nout = await f(1)", auto="hit"),
    Trap(69, "a coroutine function edited", "R", "async def f(n): return n * 2\n# %%\nout = await f(1)", [("n * 2", "n * 3")], reason="function `f` was edited", slow=False),
    Trap(70, "an exception midway", "E", "log = []\ndef f(n):\n    log.append(n)\n    return 1 / n\n# %%\nfirst = 5\nout = f(0)\nlast = 6\n# %%\nseen = list(log)",
         auto="miss", again="miss"),
    Trap(71, "an interrupt", "E",
         ["import time\ndone = []", Interrupt("first = [1]\ndone.append('a'); time.sleep(20); done.append('b')\nlast = 2", after_s=0.5), "seen = list(done)"],
         call="time.sleep(20)", auto="miss", again="miss"),
    Trap(78, "a thread started and left at work", "E",
         "import threading, time\ndone = []\ndef work():\n    time.sleep(0.1)\n    done.append(1)\ndef f():\n    thread = threading.Thread(target=work)\n    thread.start()\n"
         "    return 1\n# %%\nout = f()\n# %%\ntime.sleep(0.4)\n# %%\nlast = len(done)", auto="uncacheable"),
    Trap(78, "a task started", "E",
         "import asyncio\nlog = []\nasync def later(): log.append('later')\n# %%\ntask = asyncio.ensure_future(later())\n# %%\nawait task\n# %%\nlast = list(log)",
         call="task =", auto="uncacheable", ignore=("task",), mask=r"<Task.*"),
    Trap(128, "a slow call that binds and shows nothing", "R", "def f(n): sum(range(n))\n# %%\nf(1000)", call="f(1000)", auto="plain", again="plain",
         reason="no effect that could be replayed", slow=("sum(range(n))", "slow(n)")),
    Trap(133, "a tqdm.auto loop", "H", "from tqdm.auto import tqdm\n# %%\ntotal = 0\nfor n in tqdm(range(5)): total += n\n# %%\nlast = total", call="for n in tqdm",
         needs=("tqdm",), mask=r"\S*(it/s|s/it)\S*|\d\d:\d\d\S*|\[.*\]", slow=False),
    Trap(137, "a tracer stops in a cell that was cached", "E",
         "import sys\nstops = []\ndef f(x):\n    return x + 1\ndef tracer(frame, event, arg):\n    stops.append(frame.f_code.co_name)\n# %%\nout = f(1)",
         changed="import sys\nstops = []\ndef f(x):\n    return x + 1\ndef tracer(frame, event, arg):\n    stops.append(frame.f_code.co_name)\n# %%\nsys.settrace(tracer)\n# %%\n"
         "out = f(1)\n# %%\nsys.settrace(None)\n# %%\nlast = 'f' in stops", auto="plain", again="plain", ignore=("stops",)),
    Trap(137, "breakpoint() added to a function", "E",
         "import sys\nstops = []\nsys.breakpointhook = lambda: stops.append(1)\ndef f(x):\n    return x + 1\n# %%\nout = f(1)\n# %%\nlast = len(stops)",
         [("    return x + 1", "    breakpoint()\n    return x + 1")]),
)  # fmt: skip

SETTINGS = (
    Trap(76, "rcParams set by a cell", "E",
         "import matplotlib as mpl\ndef f():\n    mpl.rcParams['lines.linewidth'] = 9.0\n    return 1\n# %%\nout = f()\n# %%\nlast = mpl.rcParams['lines.linewidth']",
         auto="hit", needs=PLOT),
    Trap(76, "seterr set by a cell", "E",
         "import numpy as np\ndef f():\n    np.seterr(divide='ignore')\n    return 1\n# %%\nout = f()\n# %%\nlast = np.geterr()['divide']", auto="hit", needs=("numpy",)),
    Trap(76, "locale set by a cell", "E",
         "import locale\ndef f(): return locale.setlocale(locale.LC_CTYPE, 'C')\n# %%\nout = f()\n# %%\nlast = locale.setlocale(locale.LC_CTYPE)", auto="hit"),
    Trap(76, "the decimal context set by a cell", "E",
         "import decimal\ndef f():\n    decimal.getcontext().prec = 5\n    return 1\n# %%\nout = f()\n# %%\nlast = str(decimal.Decimal(1) / 3)", auto="hit"),
    Trap(77, "sys.path, os.chdir and os.environ changed by a cell", "E",
         "import os, sys\ndef f(n):\n    os.environ['SCALE'] = str(n)\n    sys.path.append('/nowhere/lib')\n    os.chdir('deep')\n    return n\n# %%\nout = f(3)\n# %%\n"
         "last = os.environ['SCALE'], os.path.basename(os.getcwd()), sys.path[-1]", files={"deep/a.txt": ""}, auto="hit"),
    Trap(77, "os.chdir as a statement", "E", "import os\n# %%\nos.chdir('deep')\n# %%\nout = open('a.txt').read()", files={"deep/a.txt": "1"}, auto="hit"),
)  # fmt: skip

FIGURES = (
    Trap(75, "plt.figure in one cell, plt.plot in the next", "E",
         "import matplotlib.pyplot as plt\n# %%\nfig = plt.figure(figsize=(1, 1))\n# %%\nplt.plot([1, 2])\nprint(plt.get_fignums())", call="fig = plt.figure", needs=PLOT),
    Trap(129, "df.plot, then an edited title", "R",
         "import pandas as pd, matplotlib.pyplot as plt\ndf = pd.DataFrame({'a': [1, 3, 2]})\n# %%\nax = df.plot(figsize=(1, 1))\nplt.title('one');",
         [("'one'", "'two'")], call="ax = df.plot(", reason="this code was edited", needs=("matplotlib", "pandas", "numpy"), slow=("ax = df.plot(", "ax = slow(df).plot(")),
    Trap(129, "df.plot and a title again", "H",
         "import pandas as pd, matplotlib.pyplot as plt\ndf = pd.DataFrame({'a': [1, 3, 2]})\n# %%\nax = df.plot(figsize=(1, 1))\nplt.title('one');",
         call="ax = df.plot(", needs=("matplotlib", "pandas", "numpy"), slow=("ax = df.plot(", "ax = slow(df).plot(")),
    Trap(130, "a restored figure is not shown a second time", "E",
         "import matplotlib.pyplot as plt\ndef f():\n    fig, ax = plt.subplots(figsize=(1, 1))\n    ax.plot([1, 2])\n    return fig\n# %%\nout = f()\n# %%\n"
         "n = plt.get_fignums()\nn", auto="hit", needs=PLOT),
)  # fmt: skip

FLOW = (*SHOWN, *RUNNING, *SETTINGS, *FIGURES)
