"""Settings and registries of installed packages, changed wherever code may stand: later code sees them."""

from __future__ import annotations

from collections import UserDict

import pytest
from daily import daily

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_one_then_other, run_twice

# By name: the import, the statement that sets something to VALUE, what then shows it, two values.
SETTINGS = {
    "an object of a module": ("import reprlib", "reprlib.aRepr.maxlist = VALUE", "reprlib.repr([1, 2, 3, 4])", "2", "3"),
    "a default context": ("import decimal", "decimal.DefaultContext.prec = VALUE", "decimal.Context().prec", "5", "6"),
    "a registered prefix": (
        "import xml.etree.ElementTree as ET", "ET.register_namespace(VALUE, 'http://z')",
        "ET.tostring(ET.Element('{http://z}a'))", "'zz'", "'yy'",
    ),
    "a property": ("import mpmath", "mpmath.mp.dps = VALUE", "str(mpmath.sqrt(2))", "20", "30"),
    "a property of what is imported": ("from mpmath import mp, sqrt", "mp.dps = VALUE", "str(sqrt(2))", "20", "30"),
    "a dataclass of settings": (
        "import networkx as nx", "nx.config.fallback_to_nx = VALUE", "nx.config.fallback_to_nx", "True", "False"
    ),
    "what a call returns": (
        "import h5py", "h5py.get_config().track_order = VALUE", "h5py.get_config().track_order", "True", "False"
    ),
    "an item of what a call returns": (
        "import sysconfig", "sysconfig.get_config_vars()['A_B'] = VALUE", "sysconfig.get_config_var('A_B')", "1", "2"
    ),
    "a compiled setter": ("import pyarrow as pa", "pa.set_cpu_count(VALUE)", "pa.cpu_count()", "1", "2"),
    "a registry's method": (
        "import matplotlib as mpl, matplotlib.colors", "mpl.color_sequences.register('zz', [VALUE])", "mpl.color_sequences['zz']",
        "'red'", "'blue'",
    ),
    "a table": (
        "import matplotlib.units as mu", "mu.registry[complex] = VALUE", "mu.registry[complex]", "1", "2"
    ),
    "a class attribute": (
        "from tqdm import tqdm", "tqdm.monitor_interval = VALUE", "tqdm.monitor_interval", "5", "6"
    ),
    "a setter in Python": (
        "import sympy", "sympy.init_printing(order=VALUE)", "sympy.StrPrinter._global_settings['order']", "'lex'", "'rev-lex'"
    ),
    "a configuration of one thread": (
        "import joblib", "joblib.parallel_config(n_jobs=VALUE)", "joblib.parallel.get_active_backend()[1]", "1", "2"
    ),
}  # fmt: skip
FORMS = {
    "alone": "STATEMENT",
    "in a function": "def setup(v):\n    BODY\n# %%\nsetup(VALUE)",
    "in a function that returns something": "def setup(v):\n    BODY\n    return 1\n# %%\nx = setup(VALUE)",
    "in a function of a function": "def setup(v):\n    BODY\ndef first(v):\n    setup(v)\n# %%\nfirst(VALUE)",
    "in a method": "class Setup:\n    def do(self, v):\n        BODY\n# %%\nSetup().do(VALUE)",
    "in a function of a list": "def setup(v):\n    BODY\nsteps = [setup]\n# %%\nfor step in steps: step(VALUE)",
    "in a function that an object holds": (
        "class Plan: pass\ndef setup(v):\n    BODY\nplan = Plan(); plan.first = setup\n# %%\nplan.first(VALUE)"
    ),
    "in a partial": "from functools import partial\ndef setup(v):\n    BODY\np = partial(setup, VALUE)\n# %%\np()",
    "in an if": "if True:\n    STATEMENT\n    x = 1",
    "in a loop": "for n in [1]:\n    STATEMENT",
    "beside another": "x = 1; STATEMENT",
}


_IN_ALL_FORMS = ("an object of a module", "a compiled setter")


def _cells(setting: str, form: str) -> tuple[str, str]:
    imports, statement, shown, *values = SETTINGS[setting]
    pytest.importorskip(imports.split()[1].partition(".")[0].rstrip(","))
    body = FORMS[form].replace("STATEMENT", statement).replace("BODY", statement.replace("VALUE", "v"))
    cells = f"{imports}\n# %%\n{body}\n# %%\ny = {shown}\n# %%\nz = y, {shown}"
    one, other = (cells.replace("VALUE", value) for value in values)
    return one, other


PAIRS = [
    pytest.param(
        setting,
        form,
        marks=[] if form == "in a method" or setting in _IN_ALL_FORMS else [pytest.mark.nightly],
    )
    for setting in SETTINGS
    for form in FORMS
]


@pytest.mark.parametrize(("setting", "form"), PAIRS)
def test_what_reads_a_setting_runs_again_when_it_was_set_to_something_else(transcript, setting, form):
    _, warm = run_one_then_other(transcript, *_cells(setting, form), ignore=("mp",))
    expect(warm, {"y = ": "miss"})


@pytest.mark.parametrize("form", ["in a function that returns something"])
@pytest.mark.parametrize("setting", daily(list(SETTINGS), 6))
def test_a_setting_is_set_again_and_what_reads_it_hits(transcript, setting, form):
    _, warm = run_twice(transcript, _cells(setting, form)[0], ignore=("mp",))
    expect(warm, {"y = ": "hit"})


@pytest.mark.parametrize("setting", daily(list(SETTINGS), 4))
def test_a_setting_of_a_cell_that_is_not_cached(transcript, setting):
    imports, statement, shown, *values = SETTINGS[setting]
    pytest.importorskip(imports.split()[1].partition(".")[0].rstrip(","))
    setup = f"{imports}\ndef setup(v):\n    {statement.replace('VALUE', 'v')}"
    cells = f"%fpcache auto off\n# %%\n{setup}\n# %%\nsetup(VALUE)\n# %%\n%%fpcache\ny = {shown}"
    one, other = (cells.replace("VALUE", value) for value in values)
    _, warm = run_one_then_other(transcript, one, other, ignore=("mp",))
    expect(warm, {"y = ": "miss"})


@pytest.mark.parametrize("setting", ["a compiled setter", "a property", "a registered prefix"])
def test_a_setting_that_a_local_module_sets_as_it_is_imported(transcript, setting):
    imports, statement, shown, one, other = SETTINGS[setting]
    pytest.importorskip(imports.split()[1])
    cells = f"{imports}\nimport house\n# %%\ny = {shown}"
    for value, status in ((one, "miss"), (one, "hit"), (other, "miss")):
        files = {"house.py": f"{imports}\n{statement.replace('VALUE', value)}\n"}
        run = transcript.run(cells, files=files)
        assert_same(transcript.plain(cells, files=files), run)
        expect(run, {"y = ": status})


def test_a_function_named_like_a_setter_that_changes_its_argument_alone(transcript):
    pytest.importorskip("networkx")
    cells = """
        import networkx as nx
        def f():
            g = nx.path_graph(4)
            nx.set_node_attributes(g, 3, "weight")
            return sorted(g.nodes(data="weight"))
        # %%
        out = f()
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"out": "hit"})


def test_a_module_that_is_handed_to_a_function_which_sets_something_in_it(transcript):
    pytest.importorskip("pyarrow")
    cells = "import pyarrow as pa\ndef setup(m, v):\n    m.set_cpu_count(v)\n# %%\nsetup(pa, VALUE)\n# %%\ny = pa.cpu_count()"
    _, warm = run_one_then_other(transcript, cells.replace("VALUE", "1"), cells.replace("VALUE", "2"))
    expect(warm, {"y = ": "miss"})


def test_an_object_that_raises_when_it_is_asked_anything_hides_no_setting(transcript):
    pytest.importorskip("pyarrow")
    odd = (
        "class Odd:\n    def __getattr__(self, name): raise RuntimeError(name)\n    def __call__(self): pass"
    )
    begin = f"import pyarrow as pa\n{odd}\ndef setup(o, v): pa.set_cpu_count(v)\nodd = Odd()"
    cells = f"{begin}\n# %%\nif True: setup(odd, VALUE)\n# %%\ny = pa.cpu_count()"
    for value in "12":
        assert transcript.run(cells.replace("VALUE", value))[2].rows[0].status == "miss"


def test_mappings_and_what_lies_deeper_in_a_package():
    """Told by the code alone, on a module that counts as installed."""
    import sys
    from types import ModuleType, SimpleNamespace

    from fpcache.dependencies.package_uses import package_uses

    class Table(UserDict):
        pass

    package = ModuleType("wave")  # a name of the standard library's: it counts as installed
    package.table, package.settings = Table(), SimpleNamespace(plot=SimpleNamespace(dpi=1))
    for text, path in {
        "w.table['a'] = 2": "wave.table",
        "w.settings.plot.dpi = 2": "wave.settings.plot.dpi",
        "w.settings.plot.update(2)": "wave.settings.plot.update",
        "w.setup_all(); w.settled; w.configuration(1)": None,
    }.items():
        found = [use.path for use in package_uses(compile(text, "", "exec"), {"w": package})]
        assert found == ([] if path is None else [path]), text
    assert "wave" not in sys.modules or sys.modules["wave"] is not package
