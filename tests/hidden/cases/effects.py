"""What code changes beyond the names that it binds: as after a run, or refused with what it did."""

from __future__ import annotations

from scenarios.trap import Trap

__all__ = ["EFFECTS"]

LIVE = [("same = ", "same = 0 or ")]


def effect(title, before, statement, live, auto="hit", reason="", **more):
    """Return a trap of an effect that a live statement then sees."""
    given = {"again": "any", "slow": False, "call": statement, "auto": auto, "reason": reason}
    return Trap(
        3,
        title,
        "R" if reason else "E",
        f"{before}\n# %%\n{statement}\n# %%\nsame = {live}",
        LIVE,
        **{**given, **more},
    )


def process(title, before, body, live, reason, **more):
    """Return a trap of a function that changes something of the process."""
    return effect(
        title,
        f"{before}\ndef f():\n    {body}\n    return 1",
        "out = f()",
        live,
        "uncacheable",
        reason,
        **more,
    )


METHODS = (
    effect("a draw from a Generator", "import numpy as np\nr = np.random.default_rng(1)", "out = r.random()", "r.random()", needs=("numpy",)),
    effect("partial_fit", "import numpy as np\nfrom sklearn.linear_model import SGDRegressor\nm = SGDRegressor(random_state=0)\nx = np.arange(6.0).reshape(3, 2)", "m.partial_fit(x, x[:, 0]);",
           "m.coef_.tolist()", call="m.partial_fit(x, x[:, 0])", needs=("sklearn",), states=False),
    effect("__next__ of an iterator", "it = iter([1, 2, 3])", "out = it.__next__()", "next(it)", "uncacheable", "changes `it` in place"),
    effect("deque.rotate", "from collections import deque\nd = deque([1, 2, 3])", "d.rotate(1)", "list(d)"),
    effect("dict.setdefault", "d = {}", "d.setdefault('a', []).append(1)", "list(d.items())"),
    process("Logger.setLevel", "import logging\nlog = logging.getLogger('mine')", "log.setLevel(10)", "log.level", "changed logger `mine`"),
)  # fmt: skip

CLASSES = (
    process("a class attribute counted up", "class C: count = 1", "C.count += 1", "C.count", "changes class `C` in place"),
    effect("a class attribute of an instance's making", "class C:\n    made = []\n    def __init__(self): C.made.append(1)", "out = [C()]", "len(C.made)"),
    effect("a registry of subclasses", "class B:\n    subs = []\n    def __init_subclass__(cls): B.subs.append(cls.__name__)\ndef f():\n    class D(B): pass\n    return 1", "out = f()", "list(B.subs)"),
)  # fmt: skip

PROCESS = (
    process("a signal handler", "import signal\ndef handle(*a): pass", "signal.signal(signal.SIGUSR1, handle)", "signal.getsignal(signal.SIGUSR1) is handle", "`signal.signal` in `f`"),
    process("a function to run at exit", "import atexit\ndef last(): pass", "atexit.register(last)", "atexit._ncallbacks() > 0", "`atexit.register` in `f`"),
    process("a finalizer", "import weakref\nclass C: pass\nc = C(); box = []", "weakref.finalize(c, box.append, 1)", "1", "`weakref.finalize` in `f`"),
    process("an event loop", "import asyncio", "asyncio.set_event_loop(asyncio.new_event_loop())", "1", "`asyncio.set_event_loop` in `f`"),
    process("a thread", "import threading, time", "threading.Thread(target=time.sleep, args=(0.5,)).start()", "1", "started a thread that is still running"),
    process("a callback of the garbage collector", "import gc\ndef told(*a): pass", "gc.callbacks.append(told)", "told in gc.callbacks", "changed `gc.callbacks`"),
    effect("sys.path", "import sys\ndef f():\n    sys.path.append('here')\n    return 1", "out = f()", "'here' in sys.path"),
    effect("os.environ", "import os\ndef f():\n    os.environ['MINE'] = '1'\n    return 1", "out = f()", "os.environ['MINE']"),
    process("a child process", "import subprocess", "subprocess.call(['touch', 't.txt'])", "1", "ran other processes"),
    process("printing from C", "import ctypes", "ctypes.CDLL(None).puts(b'hello')", "1", "`ctypes.CDLL` in `f`", explicit="hit"),
    process("printing past Python's streams", "import os", "os.write(2, b'hello')", "1", "`os.write` in `f`", explicit="hit"),
)  # fmt: skip

FILES = (
    effect("a file written", "def f():\n    with open('o.txt', 'w') as file: file.write('x')\n    return 1", "out = f()", "open('o.txt').read()"),
    effect("a file appended to", "def f():\n    with open('o.txt', 'a') as file: file.write('x')\n    return 1", "out = f()", "open('o.txt').read()"),
    process("a file deleted", "import os\nwith open('o.txt', 'w') as file: file.write('x')", "os.remove('o.txt')", "not os.path.exists('o.txt')", "deleted or moved `o.txt`"),
)  # fmt: skip

EFFECTS = {
    "bound methods that mutate": METHODS,
    "class attributes and registries of classes": CLASSES,
    "the process: paths, handlers, exit, loops, threads, children, C output": PROCESS,
    "files written, appended, deleted": FILES,
}
