"""Entropy that installed packages draw, and names of temporary files."""

from __future__ import annotations

from scenarios.trap import Trap

__all__ = ["ENTROPY"]

PANDAS = ("numpy", "pandas", "jinja2")
REPLAY = ('%config FPCache.unseeded = "replay"',)
RUN = ('%config FPCache.unseeded = "run"',)
STYLE = "import pandas as pd\nt = pd.DataFrame({'a': [1]})\ndef f(): return t.style.to_html()\n"
TEMPORARY = "import os, tempfile\ndef f():\n    with tempfile.TemporaryDirectory() as place:\n        path = os.path.join(place, 'x.txt')\n        with open(path, 'w') as file: file.write('abc')\n"

DRAWS = (
    Trap(2, "a package's own entropy, in a new session", "H", f"{STYLE}# %%\nout = f()\n# %%\nsame = len(out) > 9", [("same = ", "same = 0 or ")],
         ignore=("out",), needs=PANDAS, before=REPLAY, slow=False),
    Trap(2, "a package's own entropy, twice in one session", "E", f"{STYLE}# %%\nout = f()\n# %%\nfirst = out\n# %%\nout = f()\n# %%\nsame = out != first", [("same = ", "same = 0 or ")],
         auto="hit, hit", explicit="skip", ignore=("out", "first"), needs=PANDAS, before=REPLAY),
    Trap(2, "a package's own entropy, a third time in one session", "E",
         f"{STYLE}# %%\nout = f()\n# %%\nfirst = out\n# %%\n0;", changed=f"{STYLE}# %%\nout = f()\n# %%\nfirst = out\n# %%\nout = f()\n# %%\nsame = out != first",
         auto="hit, miss", explicit="skip", again="any", ignore=("out", "first"), needs=PANDAS, before=REPLAY),
    Trap(2, "a package's own entropy, where samples are new", "R", f"{STYLE}# %%\nout = f()", reason="`pandas` draws from the system's entropy", again="any",
         explicit="hit", ignore=("out",), needs=PANDAS, before=RUN, slow=False),
    Trap(2, "entropy that only a package's bookkeeping draws", "H",
         "import numpy as np\nfrom sklearn.linear_model import Ridge\nfrom sklearn.model_selection import GridSearchCV\nx = np.arange(20.0).reshape(10, 2)\n# %%\n"
         "out = GridSearchCV(Ridge(), {'alpha': [1, 2]}, cv=2).fit(x, x[:, 0]).best_params_", needs=("sklearn",), before=RUN, states=False, slow=False),
    Trap(2, "entropy by a name that is computed", "R", "import uuid\ndef f(name): return getattr(uuid, name)().hex\n# %%\nout = f('uuid' + str(4))", auto="uncacheable",
         explicit="hit", reason="reads entropy (`os.urandom`)", again="", ignore=("out",), slow=False),
)  # fmt: skip

NAMES = (
    Trap(2, "a temporary directory that is used", "H", f"{TEMPORARY}        return open(path).read()\n# %%\nout = f()", slow=False),
    Trap(2, "a temporary directory's name in the result", "R", f"{TEMPORARY}        return path\n# %%\nout = f()", auto="uncacheable",
         reason="its result holds the name of a temporary file", again="", ignore=("out",), slow=False),
    Trap(2, "a temporary file's name in the output", "R", "import tempfile\ndef f():\n    with tempfile.NamedTemporaryFile() as file: print(file.name)\n# %%\nf()",
         call="f()", auto="uncacheable", reason="its result holds the name of a temporary file", again="", mask=r"/\S+", slow=False),
)  # fmt: skip

POLARS = "import polars as pl\nd = pl.DataFrame({'a': range(50)})\n"
OWN_STATE = "draws a sample from Polars' own random state"


def drawn(title, cells, reason, **more):
    """Return a trap of a draw from a random state that can't be read."""
    given = {"auto": "uncacheable", "explicit": "hit", "again": "", "ignore": ("out",), "slow": False}
    return Trap(2, title, "R", cells, reason=reason, **{**given, **more})


STATES = (
    drawn("a sample from Polars without a seed", f"{POLARS}# %%\nout = d.sample(3)['a'].to_list()", f"{OWN_STATE} (line 1)", needs=("polars",)),
    drawn("a shuffle by Polars without a seed, in a function", f"{POLARS}def f(v): return v.select(pl.col('a').shuffle())['a'].to_list()\n# %%\nout = f(d)",
          f"{OWN_STATE} (in `f`)", needs=("polars",)),
    drawn("a sample from Polars whose seed may be None", f"{POLARS}def f(v, seed=None): return v.sample(3, seed=seed)['a'].to_list()\n# %%\nout = f(d)",
          f"{OWN_STATE} (in `f`)", needs=("polars",)),
    Trap(2, "a shuffle by Polars with a seed, beside another generator", "H",
         f"import numpy as np\n{POLARS}def f(v): rng = np.random.default_rng(1); rng.shuffle([1]); return v['a'].shuffle(42).to_list()\n# %%\nout = f(d)", needs=("polars",), slow=False),
    Trap(2, "a sample from Polars with a seed", "H", f"{POLARS}# %%\nout = d.sample(3, seed=4)['a'].to_list()", needs=("polars",), slow=False),
    drawn("a random prime", "import sympy\ndef f(): return sympy.randprime(10, 10**6)\n# %%\nout = f()", "reads entropy (`sympy.ntheory.generate.randprime` in `f`)",
          needs=("sympy",)),
    drawn("noise of an image", "from PIL import Image\n# %%\nout = Image.effect_noise((3, 3), 3).tobytes()", "reads entropy (`PIL.Image.effect_noise`, line 1)",
          needs=("PIL",)),
)  # fmt: skip

ENTROPY = {
    "entropy drawn by packages": DRAWS,
    "random states that can't be read": STATES,
    "names of temporary files": NAMES,
}
