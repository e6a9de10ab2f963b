"""What a run reads and changes beyond names and files: environment, settings, versions, durations."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, Transcript, assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice
from fpcache.testing.sessions.steps import steps_of

pytestmark = pytest.mark.usefixtures("libraries_loaded")

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


@BOTH
def test_an_environment_variable_is_an_input_where_it_is_read(transcript, mode):
    cells = """
        import os
        level = os.environ.get("LEVEL", "none")
        home = os.getenv("HOME")
        both = (os.environ["LEVEL"] if "LEVEL" in os.environ else "-") + "!"
        # %%
        shout = level.upper()
    """
    run_twice(transcript, cells, mode=mode, environment={"LEVEL": "low", "OTHER": "1"})
    same = transcript.run(cells, mode=mode, environment={"LEVEL": "low", "OTHER": "2"})
    expect(same, {"level": "hit", "home": "hit", "both": "hit", "shout": "hit"})
    warm = transcript.run(cells, mode=mode, environment={"LEVEL": "high"})
    expect(warm, {"level": "miss: `LEVEL`", "home": "hit", "both": "miss", "shout": "miss: `level` changed"})
    assert_same(transcript.plain(cells, environment={"LEVEL": "high"}), warm)
    unset = transcript.run(cells, mode=mode)
    expect(unset, {"level": "miss", "both": "miss"})
    assert unset.value("both") == "-!"


@BOTH
def test_the_working_directory_is_an_input_where_it_is_read(transcript, mode):
    cells = """
        import os
        os.chdir("one")
        # %%
        here = os.path.basename(os.getcwd())
        text = open("f.txt").read()
        total = 1 + 1
    """
    files = {"one/f.txt": "1", "two/f.txt": "2"}
    cold, warm = run_edit_run(transcript, cells, ('"one"', '"two"'), mode=mode, files=files)
    expect(warm, {"here": "miss", "text": "miss: `f.txt` changed on disk", "total": "hit"})
    again = transcript.run(cells, mode=mode, files=files)
    expect(again, {"here": "hit", "text": "hit", "total": "hit"})
    assert again.surroundings == cold.surroundings


def test_what_a_cell_sets_in_the_process_is_set_after_a_hit(transcript):
    cells = """
        import os, sys
        def set_up(n):
            os.environ["SCALE"] = str(n)
            sys.path.append("/nowhere/lib")
            os.chdir("deep")
            return n * 2
        # %%
        n = set_up(3)
        # %%
        scale = os.environ["SCALE"]; here = os.path.basename(os.getcwd()); last = sys.path[-1]
    """
    files = {"deep/f.txt": "1"}
    _, warm = run_edit_run(transcript, cells, files=files)
    expect(warm, {"n = set_up(3)": "hit", "scale": "hit", "here": "hit", "last": "hit"})
    warm = transcript.run(cells, ("set_up(3)", "set_up(4)"), files=files)
    expect(warm, {"n = set_up(4)": "miss", "scale": "miss: `SCALE`", "here": "hit"})


PANDAS_REPR = """
    import pandas as pd
    frame = pd.DataFrame({"a": [1.23456789, 2.0]})
    # %%
    pd.set_option("display.precision", 2)
    # %%
    frame
    # %%
    text = frame.to_string()
"""


@BOTH
def test_a_pandas_option_that_changes_what_is_shown_is_an_input(transcript, mode):
    pytest.importorskip("pandas")
    _, warm = run_edit_run(
        transcript, PANDAS_REPR, ('"display.precision", 2', '"display.precision", 4'), mode=mode
    )
    expect(warm, {"frame = pd": "hit", "frame": "miss", "text": "miss"})
    assert "1.2346" in warm.value("text")


def test_settings_that_a_cached_function_makes_hold_after_a_hit(transcript):
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    cells = """
        import decimal, locale
        import numpy as np, pandas as pd, matplotlib as mpl
        def set_up():
            pd.set_option("display.max_rows", 7)
            mpl.rcParams["lines.linewidth"] = 9.0
            np.seterr(divide="ignore")
            np.set_printoptions(precision=3)
            decimal.getcontext().prec = 5
            return "ready"
        # %%
        state = set_up()
        # %%
        rows = pd.get_option("display.max_rows")
        width = mpl.rcParams["lines.linewidth"]
        mode = np.geterr()["divide"]
        third = decimal.Decimal(1) / 3
        text = repr(np.array([1 / 3]))
        np.array([1.0]) / 0
    """
    _, warm = run_edit_run(transcript, cells)
    expect(warm, {"state": "hit", "rows": "hit", "third": "hit", "text": "hit"})
    assert warm.value("rows") == 7
    changed = transcript.run(
        cells, ("prec = 5", "prec = 7"), ('"display.max_rows", 7', '"display.max_rows", 8')
    )
    expect(changed, {"state": "miss", "rows": "miss", "third": "miss"})
    assert_same(
        transcript.plain(cells, ("prec = 5", "prec = 7"), ('"display.max_rows", 7', '"display.max_rows", 8')),
        changed,
    )


@pytest.mark.parametrize("cell", [0, 1, 2], ids=["first", "before a figure", "after a figure"])
def test_the_format_of_inline_figures_is_an_input(transcript, cell):
    pytest.importorskip("matplotlib_inline")
    cells = ["import matplotlib.pyplot as plt", "line = plt.plot([1, 2])", "line = plt.plot([1, 2])"]
    formats = {}
    for kind in ("png", "svg", "png", "svg"):
        run = transcript.run(
            [*cells[:cell], f"%config InlineBackend.figure_format = {kind!r}", *cells[cell:]]
        )
        formats[kind] = sorted(set(run[3].outputs[-1]["data"]) - {"text/plain"})
    assert formats == {"png": ["image/png"], "svg": ["image/svg+xml"]}
    assert run.statuses()["line = plt.plot([1, 2])"] == "hit"


def test_the_output_form_of_estimators_is_an_input(transcript):
    pytest.importorskip("sklearn")
    cells = """
        import numpy as np, sklearn
        from sklearn.preprocessing import StandardScaler
        sklearn.set_config(transform_output="default")
        # %%
        scaled = StandardScaler().fit_transform(np.arange(6.0).reshape(3, 2))
        total = np.arange(3).sum()
    """
    transcript.run(cells)
    warm = transcript.run(cells, ('"default"', '"pandas"'))
    expect(warm, {"scaled": "miss", "total": "hit"})
    # Importing scikit-learn draws from an unseeded state, in plain runs too.
    assert_same(transcript.plain(cells, ('"default"', '"pandas"')), warm, states=False)
    again = transcript.run(cells)
    expect(again, {"scaled": "hit", "total": "hit"})


@BOTH
def test_warnings_are_shown_as_in_a_run_also_the_once_only_ones(transcript, mode):
    cells = """
        import warnings
        def careful(x):
            warnings.warn("check x")
            return x
        # %%
        a = careful(1)
        b = careful(2)
        # %%
        warnings.simplefilter("ignore")
        c = careful(3)
        # %%
        warnings.simplefilter("always")
        d = careful(4)
        e = careful(5)
        # %%
        for n in range(2):
            warnings.warn("in the cell itself")
    """
    cells = [f"%%fpcache --quiet\n{cell}" if mode == "explicit" else cell for cell in steps_of(cells)]
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"a = ": "hit", "c = ": "hit", "d = ": "hit", "e = ": "hit", "for n": "hit"})
    edited = (("a = careful(1)", "a = 1"),)
    assert_same(transcript.plain(cells, *edited), transcript.run(cells, *edited, mode=mode))


def test_looking_at_matplotlibs_settings_loads_nothing_and_chooses_no_backend(tmp_path):
    pytest.importorskip("matplotlib")
    transcript = Transcript(tmp_path, settings={"environment": {"MPLBACKEND": ""}})
    _, warm = run_twice(
        transcript,
        """
        import matplotlib, sys, warnings
        def careful(x):
            warnings.warn("check x")
            return x + len(matplotlib.rcParams)
        # %%
        a = careful(1)
        # %%
        b = careful(2)
        # %%
        loaded = "matplotlib.pyplot" in sys.modules, matplotlib.rcParams._get_backend_or_none()
    """,
    )
    expect(warm, {"a =": "hit", "b =": "hit"})


def test_logged_lines_appear_as_in_a_run(transcript):
    cells = """
        import logging, sys
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
        def work(x):
            logging.info("working on %s", x)
            return x
        # %%
        a = work(1)
        # %%
        logging.getLogger().setLevel(logging.ERROR)
        b = work(2)
    """
    _, warm = run_edit_run(transcript, cells)
    assert warm[1].stream("stderr") == "INFO working on 1\n"
    quieter = ("level=logging.INFO", "level=logging.ERROR")
    warm = transcript.run(cells, quieter)
    assert_same(transcript.plain(cells, quieter), warm)
    assert warm[1].stream("stderr") == ""


def test_another_version_of_a_package_runs_what_reaches_it(transcript):
    package = "def scale(x):\n    return x * {}\n"
    metadata = "Metadata-Version: 2.1\nName: scaling\nVersion: {}\n"

    def site(version, factor):
        return {
            "site-packages/scaling.py": package.format(factor),
            f"site-packages/scaling-{version}.dist-info/METADATA": metadata.format(version),
            f"site-packages/scaling-{version}.dist-info/RECORD": "scaling.py,,\n",
            f"site-packages/scaling-{version}.dist-info/top_level.txt": "scaling\n",
        }

    cells = [
        Do("import sys; sys.path.insert(0, 'site-packages')"),
        "import scaling",
        "a = scaling.scale(2)\nb = 1 + 1",
    ]
    run_twice(transcript, cells, files=site("1.0", 10))
    newer = site("2.0", 20)
    warm = transcript.run(cells, files=newer)
    expect(warm, {"a": "miss: scaling", "b": "hit"})
    assert warm.value("a") == 40


@BOTH
def test_durations_are_cached_and_never_negative(transcript, mode):
    cells = """
        import time
        def work():
            start = time.perf_counter()
            n = sum(range(1000))
            return n, time.perf_counter() - start
        # %%
        n, took_s = work()
        # %%
        t0 = time.time()
        # %%
        def finished(): return time.time()
        t1 = finished()
        # %%
        elapsed_ok = t1 - t0 >= 0
    """
    for _ in range(2):
        run = transcript.run(cells, mode=mode)
        assert run.value("elapsed_ok") == ["bool", True]
    expect(run, {"n, took_s": "hit"})


def test_a_numpy_error_state_set_by_a_plain_line_is_an_input(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        np.seterr(all="raise")
        # %%
        def risky():
            try:
                return float(np.float64(1) / np.float64(0))
            except FloatingPointError:
                return -1.0
        x = risky()
    """
    _, warm = run_edit_run(transcript, cells, ('"raise"', '"ignore"'))
    expect(warm, {"x = risky()": "miss"})
    assert warm.value("x") != -1.0


def test_the_locale_is_an_input(transcript):
    cells = """
        import locale
        name = locale.setlocale(locale.LC_ALL, "C")
        # %%
        def shown(): return locale.format_string("%.1f", 1234.5, grouping=True), locale.getlocale()
        text = shown()
    """
    _, warm = run_edit_run(transcript, cells, ('"C"', '"C.UTF-8"'))
    expect(warm, {"text": "miss"})
