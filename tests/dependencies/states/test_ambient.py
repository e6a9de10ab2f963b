"""Options of libraries: which count for which component, and how they come back."""

from __future__ import annotations

import contextlib
import contextvars
import decimal
import logging
import subprocess
import sys
import warnings

import pytest

from fpcache.dependencies import ambient
from fpcache.dependencies.context import Context


@pytest.fixture
def ran(cells):
    return cells(ambient)


def recorded(found, name):
    return next((d for d in found.seen.dependencies if d.name == name), None)


class TestPandas:
    @pytest.fixture(autouse=True)
    def pd(self):
        pd = pytest.importorskip("pandas")
        yield pd
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pd.reset_option("^display")

    def test_a_changed_option_is_named(self, ran, pd):
        ran.live("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")
        found = ran.run("x = df.a.sum()")
        assert found.broken() is None
        pd.set_option("display.max_rows", 7)
        assert found.broken() == "pandas option `display.max_rows` changed"

    def test_an_option_set_back_is_no_change(self, ran, pd):
        ran.live("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")
        found = ran.run("x = df.a.sum()")
        pd.set_option("display.max_rows", 7)
        pd.set_option("display.max_rows", 60)
        assert found.broken() is None

    def test_options_do_not_matter_where_pandas_is_not_reached(self, ran, pd):
        np = pytest.importorskip("numpy")
        ran.namespace["np"] = np
        found = ran.run("x = np.arange(3)")
        pd.set_option("display.max_rows", 7)
        assert found.broken() is None
        assert recorded(found, "numpy") is not None

    def test_an_option_set_by_the_run_is_set_again(self, ran, pd):
        ran.live("import pandas as pd")
        found = ran.run("pd.set_option('display.precision', 3)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pd.reset_option("^display")
        found.apply()
        assert pd.get_option("display.precision") == 3

    def test_setting_back_to_the_default_is_an_effect(self, ran, pd):
        pd.set_option("display.precision", 3)
        ran.live("import pandas as pd")
        found = ran.run("pd.reset_option('display.precision')")
        pd.set_option("display.precision", 4)
        found.apply()
        assert pd.get_option("display.precision") == 6

    def test_an_option_that_is_a_function_counts_and_is_not_restored(self, ran, pd):
        ran.live("import pandas as pd\ndf = pd.DataFrame({'a': [1.0]})")
        found = ran.run("pd.set_option('display.float_format', lambda v: 'a')")
        assert "display.float_format" in found.reasons[0]
        after = ran.run("x = df.a.sum()")
        assert after.broken() is None
        pd.set_option("display.float_format", lambda v: "b")
        assert "display.float_format" in str(after.broken())


class TestMatplotlib:
    @pytest.fixture(autouse=True)
    def mpl(self):
        mpl = pytest.importorskip("matplotlib")
        with mpl.rc_context():
            yield mpl

    def test_rcparams_count_where_matplotlib_is_reached(self, ran, mpl):
        ran.live("import matplotlib\ndef f(): return matplotlib.rcParams['lines.linewidth']")
        found = ran.run("x = f()")
        assert found.broken() is None
        mpl.rcParams["lines.linewidth"] = 9
        assert found.broken() == "matplotlib's rcParam `lines.linewidth` changed"

    def test_backend_and_interactive_mode_do_not(self, ran, mpl):
        ran.live("import matplotlib")
        found = ran.run("x = matplotlib.rcParams")
        mpl.rcParams["interactive"] = not mpl.rcParams["interactive"]
        assert found.broken() is None

    def test_plotting_through_pandas_counts(self, ran, mpl):
        pytest.importorskip("pandas")
        ran.live("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")
        assert recorded(ran.run("x = df.plot"), "matplotlib") is not None
        assert recorded(ran.run("x = df.a.sum()"), "matplotlib") is None

    def test_a_list_changed_in_place_is_an_effect(self, ran, mpl):
        ran.live("import matplotlib")
        found = ran.run("matplotlib.rcParams['font.family'].append('serif')")
        mpl.rcParams["font.family"] = ["sans-serif"]
        found.apply()
        assert mpl.rcParams["font.family"][-1] == "serif"

    def test_colour_cycles_and_styles_come_back(self, ran, mpl):
        ran.live("import matplotlib.style")
        found = ran.run("matplotlib.style.use('ggplot')")
        wanted = dict.copy(mpl.rcParams)
        mpl.rcdefaults()
        found.apply()
        assert found.reasons == []
        assert {k for k, v in dict.items(mpl.rcParams) if v != wanted[k]} <= {
            "backend",
            "interactive",
            "toolbar",
        }


class TestNumpy:
    @pytest.fixture(autouse=True)
    def np(self):
        np = pytest.importorskip("numpy")
        with np.printoptions(), np.errstate():
            yield np

    def test_printing_and_errors_count_and_come_back(self, ran, np):
        ran.live("import numpy as np")
        before = ran.run("x = np.arange(2)")
        found = ran.run("np.set_printoptions(precision=3); np.seterr(divide='raise')")
        assert "`errors.divide`" in str(before.broken())
        np.set_printoptions(precision=8)
        np.seterr(divide="warn")
        assert before.broken() is None
        found.apply()
        assert np.get_printoptions()["precision"] == 3
        assert np.geterr()["divide"] == "raise"


class TestTorch:
    @pytest.fixture(autouse=True)
    def torch(self):
        torch = pytest.importorskip("torch")
        yield torch
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)

    @pytest.mark.parametrize(
        "change",
        [
            "torch.set_default_dtype(torch.float64)",
            "torch.set_default_device('meta')",
            "torch.use_deterministic_algorithms(True, warn_only=True)",
            "torch.set_grad_enabled(False)",
            "torch.set_float32_matmul_precision('high')",
        ],
    )
    def test_defaults_count_and_come_back(self, ran, torch, change):
        ran.live("import torch")
        before = ran.run("x = torch")
        found = ran.run(change)
        assert "torch setting" in str(before.broken())
        wanted = ambient._BY_NAME["torch"].read()
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)
        torch.set_float32_matmul_precision("highest")
        assert before.broken() is None
        found.apply()
        assert ambient._BY_NAME["torch"].read() == wanted
        torch.set_float32_matmul_precision("highest")


def test_sklearn_config_counts_and_comes_back(ran):
    sklearn = pytest.importorskip("sklearn")
    ran.live("import sklearn")
    before = ran.run("x = sklearn")
    with sklearn.config_context():
        found = ran.run("sklearn.set_config(transform_output='pandas')")
        assert before.broken() == "scikit-learn option `transform_output` changed"
        sklearn.set_config(transform_output="default")
        found.apply()
        assert sklearn.get_config()["transform_output"] == "pandas"


def test_polars_config_counts_and_comes_back(ran):
    pl = pytest.importorskip("polars")
    ran.live("import polars as pl")
    with pl.Config():
        before = ran.run("x = pl.DataFrame()")
        found = ran.run("pl.Config.set_tbl_rows(3); pl.Config.set_fmt_float('full')")
        assert "polars option" in str(before.broken())
        wanted = pl.Config.state()
        pl.Config.restore_defaults()
        assert before.broken() is None
        found.apply()
        assert pl.Config.state() == wanted


def test_decimal_precision_counts_and_comes_back(ran):
    with decimal.localcontext():
        before = ran.run("x = 1")
        ran.live("import decimal")
        found = ran.run("decimal.getcontext().prec = 5")
        assert before.broken() == "decimal context's `prec` changed"
        decimal.getcontext().prec = 28
        found.apply()
        assert decimal.getcontext().prec == 5


def test_logging_level_comes_back_and_a_new_handler_is_refused(ran):
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    ran.live("import logging")
    try:
        found = ran.run("logging.getLogger().setLevel(7)")
        root.setLevel(level)
        found.apply()
        assert root.level == 7
        assert "handlers" in ran.run("logging.getLogger().addHandler(logging.NullHandler())").reasons[0]
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def test_a_context_variable_of_the_notebook_counts_and_setting_it_is_refused(ran):
    ran.live("import contextvars\nv = contextvars.ContextVar('v')")
    with contextlib.suppress(TypeError):
        found = contextvars.copy_context().run(ran.run, "v.set(3)")
        assert found.reasons == ["set the context variable `v`"]


LATE = """
from fpcache.dependencies import ambient
from fpcache.dependencies.context import Context
probe = ambient.probe(Context()); probe.start()
{run}
probe.stop()
seen = probe.observation()
late = [d for d in seen.dependencies if d.name == "{name}"]
holds = [ambient.check(d, Context()) for d in late]
print(holds, [e.name for e in seen.effects], [r.reason for r in seen.refusals])
"""


@pytest.mark.parametrize(
    ("library", "name"),
    [("numpy", "numpy"), ("pandas", "pandas"), ("matplotlib", "matplotlib"), ("sklearn", "sklearn")],
)
def test_a_library_imported_by_the_run_itself_counts_with_its_defaults(library, name):
    pytest.importorskip(library)
    code = LATE.format(run=f"import {library}", name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[None] [] []"


def test_a_recording_from_before_an_import_holds_where_the_library_is_not_loaded_and_has_defaults():
    code = """
from fpcache.dependencies import ambient
from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency
d = Dependency("ambient", "pandas", "{}")
e = Dependency("ambient", "pandas", '{"display.max_rows":7}')
import sys
import warnings
print(ambient.check(d, Context()), ambient.check(e, Context()), "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None pandas option `display.max_rows` changed False"


def test_an_effect_on_a_library_that_is_not_installed_is_not_ready():
    from fpcache.dependencies.records import Effect

    assert "can't set" in str(ambient.ready(Effect("ambient", "nonesuch", b"{}"), Context()))


IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from fpcache.dependencies import ambient
from fpcache.dependencies.context import Context
probe = ambient.probe(Context()); probe.start(); probe.stop()
d = [d for d in probe.observation().dependencies if d.name == "ipython"][0]
print(d.expected)
{change}
print(ambient.check(d, Context()))
"""


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("shell.display_formatter.formatters['text/plain'].float_precision = 2", "text.float_format"),
        ("shell.display_formatter.formatters['text/html'].for_type(int, lambda v: 'a')", "printer text/html"),
        ("shell.ast_node_interactivity = 'all'", "ast_node_interactivity"),
        (
            "from matplotlib_inline.config import InlineBackend as B\n"
            "B.instance(parent=shell).figure_formats = {'svg'}",
            "inline.figure_formats",
        ),
    ],
)
def test_how_ipython_displays_counts(change, part):
    pytest.importorskip("IPython")
    done = subprocess.run(
        [sys.executable, "-c", IPYTHON.format(change=change)], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.strip().splitlines()[-2:]
    assert first == "{}"
    assert part in second


def test_drawing_for_the_first_time_does_not_change_how_ipython_displays():
    pytest.importorskip("matplotlib_inline")
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from fpcache.dependencies import ambient
from fpcache.dependencies.context import Context
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
probe = ambient.probe(Context()); probe.start()
import matplotlib.pyplot as plt
plt.close(plt.subplots()[0])
probe.stop()
print([r.reason for r in probe.observation().refusals])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
