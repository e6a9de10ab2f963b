"""The harness sees what it has to see: a judge that misses nothing it is asked about."""

from __future__ import annotations

import functools
import io
import itertools
import operator
import subprocess
import sys
from dataclasses import replace

import pytest

from fpcache.testing.sessions import Do, Interrupt, Row, Run, assert_same, differences, expect, run_all
from fpcache.testing.sessions.forking import _Server
from fpcache.testing.sessions.processes import run_in_process
from fpcache.testing.sessions.steps import edited, steps_of, text_for


def describe(**roots):
    """Describe values with the harness's own description."""
    from fpcache.testing.sessions.processes import HARNESS

    sys.path.insert(0, str(HARNESS))
    try:
        from inside.describe import describe
    finally:
        sys.path.remove(str(HARNESS))
    return describe(roots)


def a_function(step=1):
    def inner(x):
        return x + step

    return inner


class Point:
    def __init__(self, x):
        self.x = x


class Slotted:
    __slots__ = ("__b", "a")

    def __init__(self, a, b):
        self.a = a
        self.__b = b


def advanced(iterator):
    next(iterator)
    return iterator


def called(limit, *arguments):
    table = functools.lru_cache(limit)(lambda n: [n])
    for argument in arguments:
        table(argument)
    return table


def written(text, place):
    file = io.StringIO()
    file.write(text)
    file.seek(place)
    return file


shared = [1]
np = pytest.importorskip("numpy")
base = np.arange(6)
DIFFERENT = [
    (1, True),
    (1, 1.0),
    (0.0, -0.0),
    ("a", b"a"),
    ((1,), [1]),
    ({1: 2, 3: 4}, {3: 4, 1: 2}),
    ([shared, shared], [[1], [1]]),
    ({1}, {2}),
    ({1}, frozenset({1})),
    (Point(1), Point(2)),
    (Slotted(1, 2), Slotted(1, 3)),
    (a_function(1), a_function(2)),
    (a_function, lambda: 0),
    (2**70, 2**70 + 1),
    ("x" * 1000 + "a", "x" * 1000 + "b"),
    (base, base.astype("float64")),
    (base.reshape(2, 3), base.reshape(3, 2)),
    (base.reshape(2, 3), base.reshape(2, 3, order="F")),
    (base[1], 1),
    ([base, base[:3]], [base, base[:3].copy()]),
    (base[:3], base[:3].copy()),
    (base[::2], base[::2].copy()),
    (base[:3], np.arange(9)[:3]),
    (iter([1, 2]), advanced(iter([1, 2]))),
    (zip([1, 2], "ab", strict=True), advanced(zip([1, 2], "ab", strict=True))),
    (map(str, [1, 2]), advanced(map(str, [1, 2]))),
    (itertools.count(), advanced(itertools.count())),
    (itertools.chain([1, 2]), advanced(itertools.chain([1, 2]))),
    ((x for x in (1, 2)), advanced(x for x in (1, 2))),
    (called(None, 1), called(None)),
    (called(2, 1), called(2, 1, 2)),
    ([shared, {1: shared}.values()], [shared, {1: [1]}.values()]),
    (ValueError(1), ValueError(2)),
    (written("ab", 1), written("ab", 2)),
    (operator.itemgetter(1), operator.itemgetter(2)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=map(str, range(len(DIFFERENT))))
def test_different_values_have_different_descriptions(one, other):
    assert describe(x=one) != describe(x=other)


def test_equal_values_have_equal_descriptions():
    def make():
        numpy = sys.modules["numpy"]
        cyclic = [1, {"a": {1, 2}}, Point((1, 2.5)), a_function(3), numpy.arange(5), Slotted(1, "b")]
        cyclic.append(cyclic)
        cyclic += [called(None, 1), advanced(iter([1, 2])), ValueError(1), written("a", 0), {1: 2}.items()]
        return cyclic

    assert describe(x=make()) == describe(x=make())


def test_an_alias_between_names_is_seen():
    a = [1]
    assert describe(a=a, b=a) != describe(a=a, b=[1])


def test_frames_are_described_by_all_that_shows():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    changed = [
        frame.rename(columns={"a": "c"}),
        frame.astype({"a": "float64"}),
        frame.set_index(pandas.Index([1, 2])),
        frame.assign(a=[1, 3]),
        frame.astype({"b": "category"}),
        frame[["b", "a"]],
    ]
    assert describe(x=frame) == describe(x=frame.copy())
    for other in changed:
        assert describe(x=frame) != describe(x=other)
    asked = frame.astype({"b": "str"})
    fresh = asked.copy()
    fresh["b"] = fresh["b"].astype("str")
    vars(asked["b"].dtype).setdefault("_cache", {})["index_class"] = pandas.Index  # as pandas does when asked
    assert describe(x=asked) == describe(x=fresh)
    marked = frame.copy()
    marked.attrs["k"] = 1
    assert describe(x=frame) != describe(x=marked)


def test_tensors_are_described_by_all_that_shows():
    torch = pytest.importorskip("torch")
    a = torch.arange(4.0)
    assert describe(x=a) == describe(x=a.clone())
    for other in (a.clone().requires_grad_(), a.double(), a.reshape(2, 2), a + 1):
        assert describe(x=a) != describe(x=other)
    assert describe(x=[a, a[:2]]) != describe(x=[a, a[:2].clone()])


def test_outputs_keep_their_order(transcript):
    run = transcript.plain("""
        import sys
        from IPython.display import display
        print("one"); print("two", file=sys.stderr); print("three", end=""); print(" four")
        display("five")
        "six"
    """)
    kinds = [output["kind"] for output in run[0].outputs]
    assert kinds == ["stream", "stream", "stream", "display", "result"]
    assert run[0].outputs[2]["text"] == "three four\n"
    assert run[0].stream("stderr") == "two\n"
    assert run[0].result() == "'six'"


def test_updates_and_clearing_are_folded_into_the_view(transcript):
    run = transcript.plain("""
        from IPython.display import clear_output, display
        handle = display("old", display_id=True)
        # %%
        print("gone")
        clear_output()
        print("stays")
        handle.update("new")
    """)
    first, second = run.view()
    assert [output["data"]["text/plain"] for output in first] == ["'new'"]
    assert [output["text"] for output in second] == ["stays\n"]


def test_an_error_ends_its_cell_only(transcript):
    run = transcript.plain(["a = 1\n1/0\na = 2", "b = a", "def f(:", "await __import__('asyncio').sleep(0)"])
    assert [cell.error for cell in run.cells] == ["ZeroDivisionError", "", "SyntaxError", ""]
    assert run.value("b") == 1
    assert [cell.count for cell in run.cells] == [2, 3, 4, 5]


def test_results_of_cells_are_in_the_namespace(transcript):
    run = transcript.plain(["a = [1]; a"])
    assert run.value("a") == ["list", 1]
    assert run.value("Out")[1] == [1, ["again", "a"]]
    assert run.value("_") == ["again", "a"]


def test_an_interrupt_arrives_in_the_cell(transcript):
    run = transcript.plain(["import time", Interrupt("a = 1\ntime.sleep(30)\na = 2"), "b = a"])
    assert run[1].error == "KeyboardInterrupt"
    assert run.value("b") == 1
    assert run.duration_s < 25


def test_files_and_the_directory_are_the_transcripts(transcript):
    transcript.files = {"in.txt": "abc", "deep/m.py": "x = 5"}
    run = transcript.plain("""
        from deep.m import x
        open("out.txt", "w").write(open("in.txt").read() * 2)
    """)
    assert run.files == {"in.txt": b"abc", "deep/m.py": b"x = 5", "out.txt": b"abcabc"}
    assert "out.txt" not in transcript.plain("1").files


def test_what_is_done_between_cells_is_unseen(transcript):
    run = transcript.plain(
        ["a = open('f').read()", Do("open('f', 'w').write('2')"), "b = open('f').read()"], files={"f": "1"}
    )
    assert (run.value("a"), run.value("b"), len(run.cells)) == ("1", "2", 2)
    assert run[1].count == 3


def test_random_states_are_told_apart_from_untouched_ones(transcript):
    runs = [
        transcript.plain(text)
        for text in ("1", "import random; random.seed(1)", "import random; random.seed(2)")
    ]
    states = [run.states["random"] for run in runs]
    assert states[0] == "untouched"
    assert len(set(states)) == 3


def test_the_hash_seed_is_the_tests_choice(transcript):
    runs = [transcript.plain("x = hash('a')", seed=seed) for seed in (1, 1, 2)]
    assert runs[0].value("x") == runs[1].value("x") != runs[2].value("x")


def test_sessions_do_not_see_the_callers_settings(transcript, monkeypatch):
    monkeypatch.setenv("FPCACHE_DISABLE", "1")
    run = transcript.plain("import os; x = os.environ.get('FPCACHE_DISABLE'), os.environ['FPCACHE_DIR']")
    assert run.value("x") == ["tuple", None, str(transcript.place / "cache")]


def test_a_figure_is_shown_at_the_end_of_its_cell(transcript):
    pytest.importorskip("matplotlib_inline")
    run = transcript.plain("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nprint('before')")
    assert [output["kind"] for output in run[0].outputs] == ["stream", "display"]
    assert "image/png" in run[0].outputs[1]["data"]


def test_a_process_that_dies_is_told(transcript):
    with pytest.raises(RuntimeError, match="last words"):
        transcript.plain("import os; os.write(2, b'last words'); os._exit(3)")


def test_a_process_that_hangs_is_ended(transcript):
    with pytest.raises(RuntimeError, match="more than"):
        transcript.plain("while True: pass", timeout_s=3)


def test_equal_sessions_are_the_same_and_different_ones_are_told_apart(transcript):
    pytest.importorskip("numpy")
    cells = """
        import numpy as np
        np.random.seed(0)
        a = np.random.rand(5); b = a[1:]; c = [a, b]
        # %%
        def f(x): return x + len(c)
        open("f.txt", "w").write("1")
        print(f(1))
        c
    """
    plain = transcript.plain(cells)
    assert_same(plain, transcript.plain(cells))
    edits = {
        "namespace `b`": ("a[1:]", "a[2:]"),
        "(shared memory)": ("a[1:]", "a[1:].copy()"),
        "namespace `f`": ("x + len(c)", "x + 0 + len(c)"),
        "cell 2's outputs": ("print(f(1))", "print(f(2))"),
        "file f.txt": ('write("1")', 'write("2")'),
        "random state `numpy`": ("rand(5)", "rand(6)[:5]"),
        "cell 2 `error`": ("print(f(1))\nc", "print(f(1))\nc; 1/0"),
    }
    for what, edit in edits.items():
        other = transcript.plain(cells, edit)
        assert any(what in line for line in differences(plain, other)), what
        with pytest.raises(AssertionError, match="differs from the plain one"):
            assert_same(plain, other)


def test_what_may_differ_can_be_left_out(transcript):
    runs = [transcript.plain(f"x = {n}; print('took {n} s')") for n in (1, 2)]
    assert differences(*runs, ignore=["x"], mask=r"took \d s") == []


def test_independent_sessions_run_at_once(transcript):
    transcript.files = {"n": "5"}
    jobs = [transcript.job(f"x = {n} * int(open('n').read())", mode="plain") for n in range(4)]
    assert [run.value("x") for run in run_all(jobs)] == [0, 5, 10, 15]


@pytest.mark.kernel
def test_a_real_kernel_gives_the_same_answers(transcript):
    pytest.importorskip("jupyter_client")
    cells = [
        "import sys\nfrom IPython.display import display\na = [1]; b = a\ndisplay('shown')",
        "h = display('old', display_id=True)\nh.update('new')\na",
        "1/0",
        Do("open('f', 'w').write('2')"),
        "c = open('f').read()",
    ]
    kernel, process = transcript.plain(cells, kernel=True), transcript.plain(cells)
    assert kernel.namespace == process.namespace
    assert kernel.view() == process.view()
    assert [cell.error for cell in kernel.cells] == [cell.error for cell in process.cells]
    assert kernel.files == process.files
    assert kernel.states == process.states


@pytest.mark.kernel
def test_an_interrupt_arrives_in_a_real_kernel(transcript):
    pytest.importorskip("jupyter_client")
    run = transcript.plain(["import time", Interrupt("time.sleep(30)", after_s=1.0), "b = 1"], kernel=True)
    assert [cell.error for cell in run.cells] == ["", "KeyboardInterrupt", ""]


def a_run(*rows):
    from fpcache.testing.sessions import CellResult

    rows = tuple(Row(name, (1, 1), status, reason) for name, status, reason in rows)
    return Run("auto", (CellResult("", [], "", rows, 2),), {}, {}, {}, {}, "", 0.0)


def test_a_table_is_checked_by_label_status_and_reason():
    run = a_run(("x = f()", "hit", ""), ("y = g(x)", "miss", "`x` changed"), ("import os", "plain", "import"))
    expect(run, {"x = f()": "hit", "y =": "miss: `x` changed"}, all_counted=True)
    expect(run, "x = f() | hit\ny = g(x) | miss")
    for wrong in ({"x =": "miss"}, {"z": "hit"}, {"y": "miss: edited"}):
        with pytest.raises(AssertionError, match="all components"):
            expect(run, wrong)
    with pytest.raises(AssertionError, match="not in the table"):
        expect(run, {"x =": "hit"}, all_counted=True)


def test_a_component_that_ran_twice_has_two_statuses():
    run = a_run(("x = f()", "miss", ""), ("x = f()", "hit", ""))
    expect(run, {"x = f()": "miss, hit"})
    for wrong in ("hit", "hit, miss"):
        with pytest.raises(AssertionError):
            expect(run, {"x = f()": wrong})


def test_cells_are_cut_at_their_separators():
    assert steps_of("\n    a = 1\n    # %% second\n    if a:\n        b\n    # %%\n") == (
        "a = 1",
        "if a:\n    b",
    )


def test_an_edit_has_to_be_clear():
    assert edited(("a = 1", "b = 2"), [("= 2", "= 3")]) == ("a = 1", "b = 3")
    for unclear in ("=", "c"):
        with pytest.raises(ValueError, match="occurs"):
            edited(("a = 1", "b = 2"), [(unclear, "")])


def test_the_modes_own_texts():
    assert text_for("explicit", "a", "--quiet") == "%%fpcache --quiet\na"
    assert text_for("explicit", "%%fpcache --pin\na", "--quiet") == "%%fpcache --pin\na"
    assert text_for("auto", "a", "") == "a"
    assert text_for("plain", "%%fpcache --pin\na\n%fpcache why", "") == "#%fpcache --pin\na\n#fpcache why"


def test_another_interpreter_can_be_asked_for(transcript):
    job = replace(transcript.job("import sys; x = sys.executable", mode="plain"), python=sys.executable)
    assert run_in_process(job).value("x") == sys.executable


def test_two_answers_of_a_waiting_process_that_arrive_at_once_are_both_heard():
    answering = "import sys; sys.stdout.write('started 7\\nended 0\\n'); sys.stdout.flush(); sys.stdin.read()"
    command = [sys.executable, "-c", answering]
    server = _Server(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    try:
        assert [server._hear(20), server._hear(20)] == [["started", "7"], ["ended", "0"]]
    finally:
        server.end()
