"""What a hit shows is what a run shows: the same outputs, in the same order, with the same history."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


@BOTH
def test_stdout_stderr_displays_and_results_keep_their_order(transcript, mode):
    _, warm = run_twice(
        transcript,
        """
        import sys
        from IPython.display import HTML, Markdown, display
        def show(n):
            print("one")
            print("two", file=sys.stderr)
            display(HTML("<b>three</b>"), Markdown("*four*"))
            print("five", end="")
            print(" still five")
            sys.stderr.write("six\\n")
            return n
        # %%
        a = show(1)
        b = show(2)
        show(3)
        # %%
        HTML("<i>a result</i>")
        """,
        mode=mode,
    )
    expect(warm, {"a = show(1)": "hit", "b = show(2)": "hit", "show(3)": "hit", "HTML(": "hit"})
    assert [output["kind"] for output in warm[1].outputs][-1] == "result"


@BOTH
def test_updates_of_a_display_reach_the_cell_that_showed_it(transcript, mode):
    _, warm = run_twice(
        transcript,
        """
        from IPython.display import clear_output, display, update_display
        _ = display("first", display_id="one")
        print("below")
        # %%
        update_display("second", display_id="one")
        for n in range(3):
            update_display(f"round {n}", display_id="one")
        # %%
        _ = display("own", display_id="two"); update_display("own, updated", display_id="two")
        # %%
        print("gone")
        for n in range(3):
            clear_output(wait=True)
            print("at", n)
        # %%
        print("gone as well"); clear_output()
        # %%
        print("goes when something follows")
        clear_output(wait=True)
        # %%
        print("before"); clear_output(wait=True); print("after"); clear_output(wait=True)
        print("the last")
        """,
        mode=mode,
    )
    assert {status for name, status in warm.statuses().items() if not name.startswith("from ")} == {"hit"}


@BOTH
def test_a_handle_kept_from_a_hit_updates_its_display(transcript, mode):
    _, warm = run_twice(
        transcript,
        """
        from IPython.display import display
        handle = display("first", display_id=True)
        # %%
        handle.update("second")
        """,
        mode=mode,
    )
    expect(warm, {"handle.update": "hit"})


def test_results_set_underscore_and_out_as_a_run_does(transcript):
    cells = """
        a = [1]
        a
        # %%
        b = _ + [2]
        b
        # %%
        c = [Out[1], Out[2], _, __]
        c;
        # %%
        d = (_1 is a, _2 is b, _ is c, ___ is a, sorted(Out), In[1], _i, _ih[2], Out[3] is c)
        d
        # %%
        _.count(True)
    """
    for mode in ("auto", "explicit"):
        transcript.mode = mode
        _, warm = run_twice(transcript, cells)
        expect(warm, {"b = _ + [2]": "hit", "b": "hit", "a": "hit"})
        assert list(map(len, (cell.outputs for cell in warm.cells))) == [1, 1, 0, 1, 1]


def test_a_result_is_shown_only_at_the_end_and_without_a_semicolon(transcript):
    cells = """
        1 + 1
        2 + 2
        # %%
        3 + 3;
        # %%
        None
        # %%
        x = 4; x  # ; a comment
    """
    _, warm = run_twice(transcript, cells)
    expect(
        warm,
        {
            "1 + 1": "plain: no effect",
            "2 + 2": "hit",
            "3 + 3": "plain: no effect",
            "x = 4": "hit",
            "x": "hit",
        },
    )
    _, warm = run_edit_run(transcript, cells, ("2 + 2", "2 + 2;"), ("3 + 3;", "3 + 3"))
    assert [len(cell.outputs) for cell in warm.cells] == [0, 1, 0, 1]


def test_every_expression_is_shown_where_the_shell_is_told_so(transcript):
    _, warm = run_twice(
        transcript,
        "1 + 1\nx = 5\nx * 2\n# %%\n3;\n4",
        config={"InteractiveShell": {"ast_node_interactivity": "all"}},
    )
    expect(warm, {"1 + 1": "hit", "x = 5": "hit", "x * 2": "hit"})
    _, warm = run_twice(
        transcript,
        "y = 1 + 1\n# %%\ny += 5",
        config={"InteractiveShell": {"ast_node_interactivity": "last_expr_or_assign"}},
    )
    expect(warm, {"y = 1 + 1": "hit", "y += 5": "hit"})
    assert warm[1].result() == "7"


RICH = """
    class Shown:
        def __init__(self, n): self.n = n
        def _repr_html_(self): return f"<b>{self.n}</b>"
        def _repr_png_(self): return bytes([137, 80, 78, 71]) * self.n
        def _repr_latex_(self): return f"${self.n}$"
        def __repr__(self): return f"Shown({self.n})"
    # %%
    s = Shown(3)
    s
    # %%
    s.n += 1; s
    # %%
    display(s, metadata={"text/html": {"isolated": True}})
"""


@BOTH
def test_rich_results_show_all_their_forms(transcript, mode):
    _, warm = run_twice(transcript, RICH, mode=mode)
    expect(warm, {"s = Shown(3)": "hit", "s": "hit", "s.n += 1": "hit", "display(s": "hit"})
    _, warm = run_edit_run(transcript, RICH, ("<b>{self.n}</b>", "<i>{self.n}</i>"), mode=mode)
    expect(warm, {"s = Shown(3)": "miss: class `Shown` was edited", "display(s": "miss: `s` changed"})


def test_an_object_that_shows_itself_is_shown(transcript):
    _, warm = run_twice(
        transcript,
        """
        class Own:
            def _ipython_display_(self): print("shows itself")
        o = Own()
        # %%
        o
        # %%
        _ is o
        """,
    )
    expect(warm, {"o": "hit"})


def test_frames_and_estimators_are_shown_as_they_are(transcript):
    pytest.importorskip("sklearn")
    _, warm = run_twice(
        transcript,
        """
        import random
        import pandas as pd
        from sklearn.linear_model import LinearRegression
        random.seed(0)
        df = pd.DataFrame({"a": [1.5, 2.0], "b": ["x", None]})
        df
        # %%
        df.style.format(precision=1).set_uuid("u")
        # %%
        df.describe()
        # %%
        LinearRegression().fit(df[["a"]], [1, 2]).coef_
        """,
    )
    expect(warm, {"df = pd": "hit", "df": "hit", "df.describe()": "hit", "LinearRegression": "hit"})


def test_warnings_and_log_records_appear_as_in_a_run(transcript):
    _, warm = run_twice(
        transcript,
        """
        import logging, sys, warnings
        logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level="INFO")
        # %%
        def careful(x):
            warnings.warn("careful", UserWarning)
            logging.info("got %s", x)
            return x + 1
        # %%
        a = careful(1)
        # %%
        b = careful(1)
        # %%
        warnings.warn("from the cell")
        c = 3
        """,
        mode="auto",
    )
    assert "careful" in warm[2].stream("stderr")


def test_a_once_only_warning_is_shown_once(transcript):
    cells = """
        import warnings
        def old(x):
            warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)
            return x
        # %%
        a = old(1)
        b = old(2)
        # %%
        def silently(): return [old(n) for n in range(3)]
        c = silently()
        # %%
        d = silently()
    """
    plain = transcript.plain(cells)
    for run in (transcript.run(cells), transcript.run(cells)):
        assert_same(plain, run)
    edited = ("a = old(1)", "a = 1")
    assert_same(transcript.plain(cells, edited), transcript.run(cells, edited))


WARNS = """
    import warnings
    def old(x):
        warnings.warn("old is deprecated", DeprecationWarning, stacklevel=2)
        return x
    # %%
    # a comment
    a = old(1)
    # %%
    import logging, sys
    logging.basicConfig(stream=sys.stderr, format="line %(lineno)d: %(message)s", level="INFO")
    def logs(x):
        logging.info("got %s", x)
        return x
    # %%
    b = logs(2)
"""


def test_lines_that_outputs_tell_are_those_of_the_code_as_it_stands(transcript):
    _, warm = run_twice(transcript, WARNS)
    expect(warm, {"a = old(1)": "hit", "b = logs(2)": "hit"})
    _, warm = run_edit_run(transcript, WARNS, ("# a comment", "c = 5"), ("def logs", "\ndef logs"))
    expect(warm, {"a = old(1)": "hit", "b = logs(2)": "miss: line numbers"})
    _, warm = run_edit_run(transcript, WARNS, ("# a comment", "# a comment\n"))
    expect(warm, {"a = old(1)": "miss: line numbers", "b = logs(2)": "hit"})


@pytest.mark.kernel
def test_a_warning_names_the_file_that_the_cell_has_in_this_kernel(transcript):
    pytest.importorskip("jupyter_client")
    cold, warm = (transcript.run(WARNS, kernel=True) for _ in range(2))
    expect(warm, {"a = old(1)": "hit", "b = logs(2)": "hit"})
    shown = [
        run[1].stream("stderr").partition(":2: DeprecationWarning: old is deprecated\n  a = old(1)")[0]
        for run in (cold, warm)
    ]
    assert shown[0] != shown[1]
    assert [path.rpartition("/")[2] for path in shown] == [shown[0].rpartition("/")[2]] * 2


@pytest.mark.kernel
def test_a_real_kernel_shows_the_same_from_the_cache(transcript):
    pytest.importorskip("jupyter_client")
    cells = """
        import sys
        from IPython.display import HTML, clear_output, display, update_display
        print("one"); print("two", file=sys.stderr); display(HTML("<b>3</b>"))
        # %%
        h = display("old", display_id="here")
        for n in range(3): update_display(n, display_id="here")
        # %%
        for n in range(3):
            clear_output(wait=True)
            print("at", n)
        # %%
        x = [1, 2]; x
        # %%
        y = [_, Out[4]]; y[0] is y[1] is x
        # %%
        x;
        # %%
        %%capture caught
        print("caught"); 5
        # %%
        caught.stdout
    """
    _, warm = run_twice(transcript, cells, kernel=True)
    expect(warm, {'print("one")': "hit", "x = [1, 2]": "hit", "x": "hit, plain: no effect"})
