"""What a run sets to what it was already: in another session it may not be so, and a hit has to set it."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_one_then_other

# By name: before, statements that set something, what shows it.
SETTINGS = {
    "a variable": ("import os", "os.environ['A_B'] = '3'", "os.environ.get('A_B')"),
    "a variable, removed": ("import os", "os.environ['A_B'] = '3'; os.environ.pop('A_B')", "os.environ.get('A_B')"),
    "the working directory": ("import os; here = os.getcwd(); os.makedirs('sub', exist_ok=True)", "os.chdir(here + '/sub')", "os.path.basename(os.getcwd())"),
    "the import path": ("import sys", "sys.path[:] = [*[p for p in sys.path if p != 'zz'], 'zz']", "'zz' in sys.path"),
    "a filter of warnings": ("import warnings", "warnings.simplefilter('ignore')", "warnings.filters[0][0]"),
    "the deepest recursion": ("import sys", "sys.setrecursionlimit(4321)", "sys.getrecursionlimit()"),
    "a logger's level": ("import logging", "logging.getLogger('mine').setLevel(7)", "logging.getLogger('mine').level"),
    "the root logger's level": ("import logging", "logging.getLogger().setLevel(7)", "logging.getLogger().level"),
    "a precision": ("import decimal", "decimal.getcontext().prec = 5", "decimal.getcontext().prec"),
    "an option of NumPy": ("import numpy as np", "np.set_printoptions(precision=3)", "np.get_printoptions()['precision']"),
    "an option of pandas": ("import pandas as pd", "pd.set_option('display.max_rows', 7)", "pd.get_option('display.max_rows')"),
    "a parameter of matplotlib": ("import matplotlib as mpl", "mpl.rcParams['lines.linewidth'] = 4", "mpl.rcParams['lines.linewidth']"),
    "a seed": ("import random", "random.seed(3)", "random.random()"),
    "an installed module": ("import colorsys", "colorsys.ONE_THIRD = 7", "colorsys.ONE_THIRD"),
    "an installed class": ("import fractions", "fractions.Fraction.kind = 7", "getattr(fractions.Fraction, 'kind', 0)"),
    "an object of a module": ("import reprlib", "reprlib.aRepr.maxlist = 2", "reprlib.repr([1, 2, 3])"),
    "a table": ("import mimetypes", "mimetypes.types_map['.zz'] = 'x/y'", "mimetypes.types_map.get('.zz')"),
    "a local module": ("import helper", "helper.k = 5", "helper.k"),
    "a local module's table": ("import helper", "helper.t['a'] = 5", "dict(helper.t)"),
    "a package's registry": ("import matplotlib as mpl", "mpl.color_sequences.register('zz', ['red'], force=True)", "'zz' in mpl.color_sequences"),
    "a setter in Python": ("import sympy", "sympy.init_printing(order='lex')", "sympy.StrPrinter._global_settings.get('order')"),
    "the garbage collector": ("import gc", "gc.disable()", "gc.isenabled()"),
    "a global of the notebook": ("g = 1", "global g; g = 5", "g"),
    "an attribute": ("class C: k = 1\nc = C()", "c.k = 5", "c.k"),
}  # fmt: skip


# Of the others it is an input what was so before, or they are refused.
SET_BY_A_HIT = (
    "a variable",
    "a variable, removed",
    "the working directory",
    "a filter of warnings",
    "a seed",
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_was_so_already_is_set_by_a_hit(transcript, setting):
    before, body, shown = SETTINGS[setting]
    if before.startswith("import") and "helper" not in before:
        pytest.importorskip(before.split()[1].partition(";")[0])
    files = {"helper.py": "k = 1\nt = {}\n"}
    begin = f"{before}\ndef setup():\n    {body}\n    return 1"
    again = f"{begin}\n# %%\nsetup()\n# %%\nx = setup()"  # it is recorded where all is so already
    _, warm = run_one_then_other(
        transcript, again, f"{begin}\n# %%\nx = setup()\n# %%\ny = {shown}", files=files
    )
    (status,) = (row.status for row in warm.rows() if row.name == "x = setup()")
    assert status in (("hit",) if setting in SET_BY_A_HIT else ("miss", "uncacheable"))


def test_a_limit_that_is_set_under_another_name(transcript):
    begin = "import sys\ndef setup(m):\n    m.setrecursionlimit(4321)\n    return 1"
    again = f"{begin}\n# %%\nsetup(sys)\n# %%\nx = setup(sys)"
    last = f"{begin}\n# %%\nx = setup(sys)\n# %%\ny = sys.getrecursionlimit()"
    _, warm = run_one_then_other(transcript, again, last)
    expect(warm, {"x = setup": "miss"})
