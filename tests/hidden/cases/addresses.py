"""Addresses, hashes and process numbers: another value in each process, or for each object."""

from __future__ import annotations

from scenarios.trap import Trap

__all__ = ["ADDRESSES"]

PLAIN = "class C: pass\nc = C()\n"
OWN = "class C:\n    def __init__(self, n): self.n = n\n    def __hash__(self): return hash(self.n)\n    def __eq__(self, other): return self.n == other.n\n"
LIVE = [("same = ", "same = 0 or ")]


def address(title, before, out, live, **more):
    """Return a trap whose result belongs to a live object, as a live statement then finds out."""
    given = {"auto": "uncacheable", "reason": "address of an object", "ignore": ("out",), "slow": False}
    return Trap(2, title, "R", f"{before}\n# %%\nout = {out}\n# %%\nsame = {live}", LIVE, **{**given, **more})


IDS = (
    address("the address of an object", "x = [1]", "id(x)", "out == id(x)"),
    address("the address of an object, in a function", "x = [1]\ndef f(v): return id(v) % 1000", "f(x)", "out == id(x) % 1000"),
    address("the addresses of objects, by map", "x = [[1], [2]]", "list(map(id, x))", "out == [id(v) for v in x]"),
    address("objects in the order of their addresses", "x = [[1], [2], [3]]", "sorted(x, key=id)", "out == sorted(x, key=id)",
            ignore=("out", "x")),
    address("a table by address that is the result", "x = [[1]]\ndef f(v):\n    table = {}\n    for item in v: table[id(item)] = len(item)\n    return table",
            "f(x)", "out[id(x[0])] == 1"),
    address("an address kept to be compared later", "x = [1]\nkept = {}", "kept.setdefault('x', id(x))", "out == id(x)", ignore=("out", "kept")),
    address("the address of an array's memory", "import numpy as np\nx = np.zeros(3)", "x.ctypes.data", "out == x.ctypes.data", needs=("numpy",)),
    address("the address of an array's memory, by its interface", "import numpy as np\nx = np.zeros(3)", "x.__array_interface__['data'][0]",
            "out == x.__array_interface__['data'][0]", needs=("numpy",)),
    address("the address of a tensor's memory", "import torch\nx = torch.zeros(3)\ndef f(v): return v.data_ptr()", "f(x)", "out == x.data_ptr()", needs=("torch",)),
    Trap(2, "two addresses compared", "H", "x = [1]\ny = x\n# %%\nout = id(x) == id(y)\n# %%\nsame = out == (x is y)", LIVE),
    Trap(2, "two addresses compared, of another object", "R", "x = [1]\ny = x\n# %%\nout = id(x) == id(y)", [("y = x", "y = [1]")], reason="`x` and `y` no longer share"),
    Trap(2, "the memory of two tensors compared", "H", "import torch\nx = torch.zeros(3)\ny = x[:]\n# %%\nout = x.data_ptr() == y.data_ptr()", needs=("torch",), slow=False),
    Trap(2, "objects met once, by address", "H",
         "x = [[1], [2]]\nx.append(x[0]);\ndef f(v):\n    seen = set()\n    for item in v:\n        if id(item) not in seen: seen.add(id(item))\n    return len(seen)\n# %%\nout = f(x)"),
)  # fmt: skip

HASHES = (
    address("the hash of an object", PLAIN, "hash(c)", "out == hash(c)", reason="address of an object (`hash` of a `C`)"),
    address("the hash of an object, one hash seed", PLAIN, "hash((1, c)) % 1000", "out == hash((1, c)) % 1000", seeds=(1, 1), reason="`hash` of a `C`"),
    address("the hash of an object, by its method", PLAIN, "c.__hash__()", "out == hash(c)", reason="(`__hash__`, line "),
    address("hashes by map", "", "list(map(hash, ['a']))", "out == [hash('a')]", reason="call `hash(...)` directly"),
    Trap(2, "the hash of text", "R", "def f(s): return hash(s) % 1000\n# %%\nout = f('abc')\n# %%\nsame = out == hash('abc') % 1000", LIVE, ignore=("out",),
         reason="uses hashes of text", seeds=(1, 2)),
    Trap(2, "the hash of text, one hash seed", "H", "def f(s): return hash(s) % 1000\n# %%\nout = f('abc')\n# %%\nsame = out == hash('abc') % 1000", LIVE, seeds=(1, 1)),
    Trap(2, "the hash of a class's own hash of text", "R", f"{OWN}# %%\nout = hash(C('a'))\n# %%\nsame = out == hash(C('a'))", LIVE, ignore=("out",),
         reason="uses hashes of text", seeds=(1, 2)),
    Trap(2, "the hash of numbers", "H", "def f(v): return hash(v)\n# %%\nout = f((1, 2.5))\n# %%\nsame = out == hash((1, 2.5))", LIVE, seeds=(1, 2)),
    Trap(2, "a table by a class's own hash", "H", f"{OWN}# %%\nout = {{C('a'): 2}}\n# %%\nsame = out[C('a')]", LIVE, seeds=(1, 2)),
    Trap(2, "the order of a set by a class's own hash", "R", f"{OWN}# %%\nout = [c.n for c in {{C(a) for a in 'abcdefgh'}}]", ignore=("out",), reason="order of a set", seeds=(1, 2)),
)  # fmt: skip

TEXTS = (
    address("the repr of an object", PLAIN, "repr(c)", "out == repr(c)"),
    address("the repr of an object, formatted by a function", f"{PLAIN}def f(v): return [f'<{{v}}>']", "f(c)", "out == [f'<{c}>']"),
    Trap(2, "the repr of an object that is gone", "H", "class C: pass\ndef f(): return str(C())[:12]\n# %%\nout = f()"),
    Trap(2, "text that looks like an address", "H", "def f(n): return hex(n)\n# %%\nout = f(0xdeadbeef)"),
    Trap(2, "the printed repr of an object", "E", f"{PLAIN}# %%\nprint(c)\n# %%\nshown = c", call="print(c)", auto="hit"),
    Trap(2, "an object that the statement makes and prints", "E", "class C: pass\n# %%\nc = C(); print(c)\n# %%\nlast = c", call="c = C()", auto="hit"),
)  # fmt: skip

PROCESSES = (
    Trap(2, "the process's number", "R", "import os\ndef f(): return os.getpid()\n# %%\nout = f()\n# %%\nsame = out == os.getpid()", LIVE, ignore=("out",),
         reason="`os.getpid` gives another value here", again="any"),
    Trap(2, "the process's number, by multiprocessing", "R",
         "import os, multiprocessing\n# %%\nout = multiprocessing.current_process().pid\n# %%\nsame = out == os.getpid()", LIVE, ignore=("out",),
         reason="current_process` gives another value here", again="any"),
    Trap(2, "a thread's number", "R", "import threading\n# %%\nout = threading.main_thread().ident\n# %%\nsame = out == threading.get_ident()", LIVE, ignore=("out",),
         reason="`threading.main_thread` gives another value here", again="any"),
    Trap(2, "what a process uses", "R", "import sys\nx = []\n# %%\nout = sys.getrefcount(x)", auto="uncacheable", explicit="hit", again="",
         reason="reads the state of the machine (`sys.getrefcount`", ignore=("out",), slow=False),
)  # fmt: skip

ADDRESSES = {
    "object addresses in values": IDS,
    "object addresses in texts and outputs": TEXTS,
    "hash(str) and other hashes in values": HASHES,
    "pids": PROCESSES,
}
