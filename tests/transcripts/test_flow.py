"""Cells that fail, wait, stop, or are no plain code: as without a cache, and nothing half-done is stored."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Interrupt, assert_same, expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


@BOTH
def test_what_was_bound_before_an_error_stays_and_the_error_is_raised_again(transcript, mode):
    cells = """
        def load(n): return [n]
        def fail(x):
            x.append("touched")
            raise ValueError(f"bad {len(x)}")
        # %%
        a = load(1)
        b = fail(a)
        c = load(3)
        # %%
        a, "b" in dir(), "c" in dir()
        # %%
        try:
            fail(a)
        except ValueError as error:
            told = str(error)
        # %%
        (a, told)
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    assert [cell.error for cell in warm.cells] == ["", "ValueError", "", "", ""]
    assert "ValueError: bad 2" in "".join(warm[1].outputs[-1]["traceback"])
    expect(warm, {"a = load(1)": "hit", "b = fail(a)": "miss: it raised", "try:": "hit"})
    assert "c = load(3)" not in warm.statuses()
    _, warm = run_edit_run(transcript, cells, ("b = fail(a)", "b = len(a)"), mode=mode)
    expect(warm, {"a = load(1)": "hit", "b = len(a)": "miss", "c = load(3)": "miss"})


@BOTH
def test_an_interrupt_leaves_nothing_half_stored(transcript, mode):
    cells = [
        "import time\ndone = []",
        Interrupt("a = [1]\ndone.append('a')\ntime.sleep(20)\ndone.append('b')", after_s=1.0),
        "done",
    ]
    cold, warm = run_twice(transcript, cells, mode=mode)
    for run in (cold, warm):
        assert [cell.error for cell in run.cells] == ["", "KeyboardInterrupt", ""]
        assert run[2].result() == "['a']"
    expect(warm, {"a = [1]": "hit", "done.append": "hit", "time.sleep(20)": "miss"})


@BOTH
def test_top_level_await(transcript, mode):
    cells = """
        import asyncio
        async def fetch(n):
            await asyncio.sleep(0)
            return n * 2
        # %%
        a = await fetch(1)
        b, c = await asyncio.gather(fetch(2), fetch(3))
        # %%
        [await fetch(n) for n in (1, 2)]
        # %%
        async def numbers():
            for n in range(3):
                yield n
        async for n in numbers(): a += n
        # %%
        a, b, c, n
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(
        warm, {"a = await fetch(1)": "hit", "b, c = await": "hit", "[await fetch": "hit", "async for": "hit"}
    )
    _, warm = run_edit_run(transcript, cells, ("return n * 2", "return n * 3"), mode=mode)
    expect(warm, {"a = await fetch(1)": "miss: function `fetch` was edited", "b, c = await": "miss"})


def test_a_task_that_goes_on_is_not_skipped(transcript):
    _, warm = run_twice(
        transcript,
        """
        import asyncio, threading
        log = []
        async def later(): log.append("later")
        # %%
        task = asyncio.ensure_future(later())
        # %%
        await task; log
        # %%
        t = threading.Thread(target=log.append, args=("thread",)); t.start(); t.join()
        # %%
        log
        """,
    )
    expect(warm, {"task =": "uncacheable", "t = threading": "uncacheable"})


@BOTH
def test_cells_under_time_and_capture_are_seen_through(transcript, mode):
    cells = """
        def slow(n):
            print("running", n)
            return n * 2
        # %%
        %%time
        a = slow(1)
        # %%
        %time b = slow(2)
        # %%
        c = %time slow(3)
        # %%
        %%capture caught
        print("caught")
        d = slow(4)
        d
        # %%
        caught.stdout, len(caught.outputs), a, b, c, d
        # %%
        %%capture --no-display
        print("hidden")
    """
    plain = transcript.plain(cells, mode="plain")
    _, warm = transcript.run(cells, mode=mode), transcript.run(cells, mode=mode)
    expect(warm, {"%%time": "hit", "%time b": "hit", "%%capture caught": "hit"})
    for name in "abcd":
        assert warm.value(name) == plain.value(name)
    for n, number in enumerate([1, 2, 3], 1):
        assert f"running {number}\n" in warm[n].stream()
        assert "Wall time" in warm[n].stream()
    assert warm[4].outputs == plain[4].outputs == []
    assert warm[5].result() == plain[5].result()


def test_shell_lines_and_magics_run(transcript):
    cells = """
        x = 5
        !echo "from the shell $x"
        y = x + 1
        # %%
        lines = !printf 'a\\nb\\n'
        # %%
        n = len(lines)
        # %%
        %precision 3
        3.14159265
        # %%
        len?
        # %%
        /len lines
    """
    transcript.settings["mode"] = "auto"
    _, warm = run_twice(transcript, cells)
    expect(warm, {"x = 5": "hit", "y = x + 1": "hit", "n = len(lines)": "hit", "%precision": "plain"})
    assert warm.value("lines") != []


def test_cells_without_code_and_cells_that_are_no_code(transcript):
    cells = [
        "# only a comment\n# and another",
        "",
        "'''a docstring'''\npass",
        "x = 1\nif x:\nprint(2)",
        "def f(:",
        "x",
        "...",
        "return 5",
        "z = 3; await = 2",
    ]
    _, warm = run_twice(transcript, cells)
    errors = ["", "", "", "IndentationError", "SyntaxError", "NameError", "", "SyntaxError", "SyntaxError"]
    assert [cell.error for cell in warm.cells] == errors
    explicit = transcript.run(cells, mode="explicit")
    assert [cell.error for cell in explicit.cells] == errors


@BOTH
def test_a_conditional_binding_leaves_no_stale_variable(transcript, mode):
    cells = """
        flag = True
        # %%
        if flag:
            only_then = 1
        else:
            otherwise = 2
        # %%
        "only_then" in dir(), "otherwise" in dir()
        # %%
        for n in range(3):
            if n == 1:
                found = n
                break
        while (m := n + 1) < 2: pass
        # %%
        (n, m, found)
    """
    _, warm = run_twice(transcript, cells, mode=mode)
    expect(warm, {"if flag:": "hit", "for n in": "hit", "while": "hit"})
    _, warm = run_edit_run(transcript, cells, ("flag = True", "flag = False"), mode=mode)
    expect(warm, {"if flag:": "miss: `flag` changed", "for n in": "hit"})
    assert warm[2].result() == "(False, True)"


def test_star_imports_and_shadowed_builtins(transcript):
    transcript.files = {"tools.py": "def double(x): return x * 2\nsum = lambda x: 'mine'\n_hidden = 1\n"}
    cells = """
        total = sum([1, 2])
        # %%
        from tools import *
        # %%
        again = sum([1, 2]); twice = double(4)
        # %%
        del sum
        last = sum([1, 2])
        # %%
        (total, again, twice, last)
    """
    _, warm = run_twice(transcript, cells)
    expect(warm, {"total =": "hit", "again =": "hit", "twice =": "hit", "last =": "hit"})
    edited = {"tools.py": "def double(x): return x * 3\nsum = lambda x: 'mine'\n"}
    warm = transcript.run(cells, files=edited)
    assert_same(transcript.plain(cells, files=edited), warm)
    expect(warm, {"total =": "hit", "again =": "hit", "twice =": "miss: function `double` was edited"})


def test_a_breakpoint_stops_in_a_cell_that_was_cached(transcript):
    cells = [
        "import sys\ndef work(x):\n    return x + 1\nstops = []",
        "a = work(1)",
        "def tracer(frame, event, arg):\n    stops.append(frame.f_code.co_name)\n    return None",
        "sys.settrace(tracer)",
        "a = work(1)",
        "sys.settrace(None)",
        "'work' in stops",
    ]
    _cold, warm = (transcript.run(cells) for _ in range(2))
    expect(warm, {"a = work(1)": "hit, plain: a debugger is tracing"})
    assert warm[6].result() == "True"


@pytest.mark.kernel
def test_an_error_stops_run_all_in_a_real_kernel_with_the_usual_traceback(transcript):
    pytest.importorskip("jupyter_client")
    cells = """
        def deep(x):
            return 1 / x
        # %%
        a = 5
        b = deep(0)
        c = 6
        # %%
        d = await = 3
        # %%
        (a, "c" in dir())
    """
    plain = transcript.plain(cells, kernel=True)
    _, warm = transcript.run(cells, kernel=True), transcript.run(cells, kernel=True)
    assert_same(plain, warm)
    assert [cell.error for cell in warm.cells] == ["", "ZeroDivisionError", "SyntaxError", ""]
    for n in (1, 2):
        assert warm[n].outputs[-1]["traceback"] == plain[n].outputs[-1]["traceback"]
    explicit = transcript.run(cells, kernel=True, mode="explicit")
    assert [cell.error for cell in explicit.cells] == ["", "ZeroDivisionError", "SyntaxError", ""]


@pytest.mark.kernel
def test_waiting_interrupts_and_errors_in_a_real_kernel(transcript):
    pytest.importorskip("jupyter_client")
    cells = [
        "import asyncio, time\nlog = []",
        "a = await asyncio.sleep(0, 'slept')",
        Interrupt("log.append(1)\ntime.sleep(30)", after_s=1.5),
        Interrupt("log.append(2)\nawait asyncio.sleep(3)", after_s=1),  # ipykernel raises it as the wait ends
        "log, a",
    ]
    _, warm = run_twice(transcript, cells, kernel=True)
    assert [bool(cell.error) for cell in warm.cells] == [False, False, True, True, False]
    expect(warm, {"a = await": "hit", "log.append(1)": "hit", "log.append(2)": "hit", "log, a": "hit"})
