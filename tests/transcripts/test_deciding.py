"""What is cached, what runs by rule, and how each decision is told."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice
from fpcache.testing.sessions.steps import steps_of

# Ten times the default, so that a busy machine doesn't make a quick statement dear.
GOVERNED = {"environment": {"FPCACHE_MIN_SECONDS": "0.1"}}
MIXED = """
    import time
    def slow(n):
        time.sleep(0.4)
        return n * 2
    # %%
    small = 1 + 1
    result = slow(small)
    label = f"got {result}"
    label
"""


def learn_durations(transcript, cells):
    """Have each statement's duration known, so that fingerprinting may take its time on a busy machine."""
    transcript.run(cells, mode="explicit", options="--quiet --no-store", **GOVERNED)


def test_the_default_is_ten_milliseconds(transcript):
    told = transcript.run(["%fpcache config"], environment={"FPCACHE_MIN_SECONDS": ""})[0].stream()
    assert "%config FPCache.min_seconds = 0.01 " in told


def test_only_what_takes_a_while_is_stored(transcript):
    learn_durations(transcript, MIXED)
    cold, warm = run_twice(transcript, MIXED, **GOVERNED)
    expect(
        cold,
        {"import time": "plain: an import", "def slow": "plain: a definition", "small": "plain: took",
         "result": "miss: never seen", "label": "plain: cheaper to run than to store"},
    )  # fmt: skip
    expect(warm, {"small": "plain: cheaper to run than to store", "result": "hit", "label": "plain"})
    assert warm[1].rows[1].facts["saved_s"] > 0.1


def test_an_edited_cheap_line_below_a_dear_one_leaves_it_a_hit(transcript):
    learn_durations(transcript, MIXED)
    _, warm = run_edit_run(transcript, MIXED, ("got {result}", "gives {result}"), **GOVERNED)
    expect(warm, {"result": "hit", "label": "plain"})
    assert warm[1].result() == "'gives 4'"


def test_code_that_became_dear_is_cached_from_then_on(transcript):
    cells = """
        import time
        def work(n): return n
        # %%
        x = work(1)
    """
    slower = ("return n", "time.sleep(0.4); return n")
    first = transcript.run(cells, **GOVERNED)
    expect(first, {"x": "plain"})
    for status in ("plain", "miss", "hit"):
        run = transcript.run(cells, slower, **GOVERNED)
        expect(run, {"x": status})
        assert run.value("x") == 1


QUICK_LOOKING = """
    import time
    class Table:
        @property
        def total(self):
            time.sleep(0.4)
            return 7
    table = Table()
    # %%
    out = table.total
"""


def test_what_only_picks_is_watched_from_its_second_run_on(transcript):
    statuses = ["plain: looks too quick", "miss: never seen", "hit"]
    for status in statuses:
        run = transcript.run(QUICK_LOOKING, **GOVERNED)
        expect(run, {"out =": status})
        assert run.value("out") == 7


def test_in_an_explicit_cell_what_only_picks_is_watched_at_once(transcript):
    cold, warm = run_twice(transcript, QUICK_LOOKING, mode="explicit", **GOVERNED)
    expect(cold, {"out =": "miss: never seen"})
    expect(warm, {"out =": "hit"})


def test_a_result_that_was_dear_to_refuse_is_not_looked_at_each_time(transcript):
    cells = """
        import threading, time
        def work(n):
            time.sleep(0.2)
            return n, threading.Lock()
        # %%
        out = work(4)
    """
    dear = Do("import fpcache.session.governor as g; g.SHARE_OF_RUN_TIME = 0.0")
    unused = Do("import fpcache.session.capturing as c; c._capture = None")
    for before in (dear, unused):
        run = transcript.run([before, *steps_of(cells)], **GOVERNED)
        expect(run, {"out =": "uncacheable: lock"})
        assert run.faults == ()


def test_with_min_seconds_zero_nothing_is_plain_for_being_cheap(transcript):
    cold, warm = run_twice(transcript, MIXED)
    expect(cold, {"small": "miss", "result": "miss", "label = ": "miss", "label": "miss"})
    expect(warm, {"small": "hit", "result": "hit", "label = ": "hit", "label": "hit"}, all_counted=True)


def test_what_shows_and_binds_nothing_always_runs(transcript):
    cells = """
        import time
        def warm_up(): time.sleep(0.4)
        # %%
        warm_up()
    """
    learn_durations(transcript, cells)
    for run in run_twice(transcript, cells, **GOVERNED):
        assert run[1].rows[0].status in ("uncacheable", "plain")
        assert "no effect that could be replayed" in run[1].rows[0].reason
        assert run[1].rows[0].facts["duration_s"] >= 0.4


def test_definitions_imports_and_magics_run_for_real(transcript):
    cells = """
        import os.path
        from math import sqrt as root
        try:
            import numpy
        except ImportError:
            numpy = None
        def f(x): return root(x)
        class C(dict): pass
        square = lambda x: x * x
        # %%
        %precision 3
        # %%
        "only a text"
        # %%
        y = f(4.0) + square(2)
    """
    _, warm = run_twice(transcript, cells)
    expect(
        warm,
        {"import os.path": "plain: an import", "from math": "plain: an import", "try": "plain: an import",
         "def f": "plain: a definition", "class C": "plain: a definition", "square": "plain: a definition",
         "y = ": "hit"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("a = 1\nb = eval('a + 1')", "calls `eval`, line 2"),
        ("exec('b = 2')", "calls `exec`, line 1"),
        ("b = globals()['__name__']", "calls `globals`, line 1"),
        ("b = sorted(k for k in vars() if k == 'k')", "calls `vars()`, line 1"),
        ("b = type(get_ipython()).__name__", "calls `get_ipython`, line 1"),
    ],
    ids=["eval", "exec", "globals", "vars", "get_ipython"],
)
def test_dynamic_code_is_refused_with_its_line(transcript, code, reason):
    for mode in ("auto", "explicit"):
        run = transcript.run([code], mode=mode)
        assert_same(transcript.plain([code]), run)
        assert run[0].rows[-1].status == "uncacheable"
        # `%%fpcache` takes a line of the cell
        line = f"line {int(reason[-1]) + (mode == 'explicit')}"
        assert run[0].rows[-1].reason.startswith(reason[:-6] + line)


def test_each_reason_names_its_cause(transcript):
    cells = """
        import json
        import numpy as np
        RATE = 2
        def scale(x): return x * RATE
        # %%
        rows = [1, 2]
        table = {"a": [1]}
        # %%
        a = len(rows)
        b = scale(3)
        c = len(table["a"])
        d = np.sqrt(4.0)
        e = 1 + 2
    """
    _, warm = run_edit_run(
        transcript,
        cells,
        ("rows = [1, 2]", "rows = [1, 2, 3]"),
        ("RATE = 2", "RATE = 3"),
        ('{"a": [1]}', '{"a": [2]}'),
        ("e = 1 + 2", "e = 1 + 3"),
    )
    expect(
        warm,
        {
            "a =": "miss: `rows` changed (list of 2 → list of 3)",
            "b =": "miss: `RATE` changed (int 2 → int 3) (through `scale` → `RATE`)",
            "c =": "miss: `table` changed (dict of 1)",
            "d =": "hit",
            "e =": "miss: this code was edited",
        },
    )


def test_code_below_code_of_its_own_kind_was_never_seen(transcript):
    run = transcript.run(["x = [1]\nx = x + [2]\nprint(len(x))\nprint(len(x) + 1)"])
    assert {row.reason for row in run.rows()} == {"never seen"}


def test_an_upgraded_package_counts(transcript):
    library = {
        "site-packages/tinylib/__init__.py": "def f(x): return x + 1\n",
        "site-packages/tinylib-1.0.dist-info/METADATA": "Name: tinylib\nVersion: 1.0\n",
        "site-packages/tinylib-1.0.dist-info/top_level.txt": "tinylib\n",
        "site-packages/tinylib-1.0.dist-info/RECORD": "tinylib/__init__.py,,\n",
    }
    upgraded = {name.replace("-1.0.", "-2.0."): text.replace("1.0", "2.0") for name, text in library.items()}
    environment = {"PYTHONPATH": f"{transcript.directory}/site-packages{_more_paths()}"}
    cells = "import tinylib\n# %%\na = tinylib.f(1)\nb = 1 + 1"
    transcript.run(cells, files=library, environment=environment)
    warm = transcript.run(cells, files=upgraded, environment=environment)
    expect(warm, {"a": "miss: package tinylib 1.0 → 2.0", "b": "hit"})
    expect(transcript.run(cells, files=library, environment=environment), {"a": "hit"})


def _more_paths():
    import os

    given = os.environ.get("PYTHONPATH", "")
    return "".join(f":{os.path.abspath(part)}" for part in given.split(":") if part)


def test_force_runs_and_refreshes(transcript):
    cells = ["%%fpcache --quiet\nx = 1 + 1", "%%fpcache --quiet --force\ny = x + 1"]
    transcript.run(cells, mode="explicit")
    expect(transcript.run(cells, mode="explicit"), {"x": "hit", "y": "miss: forced"})


def test_no_store_looks_up_and_stores_nothing(transcript):
    cells = ["%%fpcache --quiet --no-store\nx = 1 + 1"]
    for _ in range(2):
        expect(transcript.run(cells, mode="explicit"), {"x": "miss: never seen"})


def test_an_ignored_name_does_not_count(transcript):
    cells = ["verbose = 1\ndata = [1]", "%%fpcache --quiet --ignore verbose\nn = len(data) + 0 * verbose"]
    _, warm = run_edit_run(transcript, cells, ("verbose = 1", "verbose = 2"), mode="explicit")
    expect(warm, {"n": "hit"})
    _, warm = run_edit_run(transcript, cells, ("data = [1]", "data = [1, 2]"), mode="explicit")
    expect(warm, {"n": "miss: `data` changed"})


def test_a_dry_run_says_what_would_hit_and_runs_nothing(transcript):
    cells = ["a = [1]\nb = len(a)", "%%fpcache --dry-run\nc = b + 1\nd = c + 1", "print('c' in dir())"]
    run = transcript.run(cells)
    told = run[1].stream()
    assert "miss        c = b + 1" in told
    assert "reads `c`, which line 2 gives first" in told
    assert run[2].stream() == "False\n"


def test_a_debugger_makes_everything_run(transcript):
    cells = ["a = [1]\nb = len(a)"]
    transcript.run(cells)
    traced = transcript.run([Do("import sys; sys.settrace(lambda *event: None)"), *cells])
    expect(traced, {"a =": "plain: a debugger is tracing", "b =": "plain: a debugger is tracing"})
    expect(transcript.run(cells), {"a =": "hit", "b =": "hit"})


def test_switched_off_everything_runs_plainly(transcript):
    cells = ["a = [1]\nb = len(a)", "b + 1"]
    run = transcript.run(cells, environment={"FPCACHE_DISABLE": "1"})
    assert_same(transcript.plain(cells), run, ignore=())
    assert [*run.rows()] == []


def test_the_status_line_says_what_happened(transcript):
    cells = ["%%fpcache\na = [1]\nb = len(a)", "%%fpcache\nc = b + 1"]
    cold = transcript.run(cells, mode="explicit")
    assert cold[0].stream() == "fpcache: 0 hits, 2 misses (never seen)\n"
    warm = transcript.run(cells, ("b + 1", "b + 2"), mode="explicit")
    assert warm[0].stream().startswith("fpcache: 2 hits, saved ")
    assert warm[1].stream() == "fpcache: 0 hits, 1 miss (this code was edited)\n"
    assert (
        transcript.run(cells, mode="auto", before=("%config FPCache.show_status = 'never'",))[0].stream()
        == ""
    )


def test_report_stats_and_why_agree(transcript):
    cells = [
        "a = [1]\nb = len(a)",
        "%fpcache why",
        "%fpcache why 2",
        "import fpcache\nr = [(row.name, row.status) for row in fpcache.report()]",
        "s = fpcache.stats()\nprint(s.hits, s.misses, s.uncacheable)",
        "%fpcache",
    ]
    transcript.run(cells)
    warm = transcript.run(cells)
    why, second = warm[1].stream(), warm[2].stream()
    assert "1. a = [1] (line 1): hit: same code and inputs as before" in why
    assert "2. b = len(a) (line 2): hit" in why
    assert second.startswith("b = len(a) (line 2): hit: same code and inputs as before\n  key: ")
    assert warm.value("r") == ["list", ["tuple", "a = [1]", "hit"], ["tuple", "b = len(a)", "hit"]]
    expect(warm, {"r =": "uncacheable: tells of this very session"})
    assert warm[4].stream() == "2 0 1\n"
    assert "automatic mode on" in warm[5].stream()
