"""`fpcache check` on small notebooks, in real kernels: it finds what is wrong, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

from fpcache.cli import main  # noqa: E402
from fpcache.testing import check  # noqa: E402
from fpcache.testing.check.running import KernelSettings  # noqa: E402

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

FUNCTION = """
import time
def slowly(n, steps=300):
    time.sleep(0.001 * steps)
    return n + 4
"""
FORGETS_MUTATIONS = """
from dataclasses import replace
from fpcache.session import restoring
apply = restoring.apply
restoring.apply = lambda payload, nodes, names: apply(replace(payload, states=()), nodes, names)
"""


def notebook(directory: Path, *sources: str, raising: tuple[int, ...] = ()) -> Path:
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]} if n in raising else {})
        for n, source in enumerate(sources)
    ]
    path = directory / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def checked(capsys, path: Path, *arguments: str) -> tuple[int, dict]:
    code = main(["check", str(path), "--json", "--quiet", *arguments])
    (found,) = json.loads(capsys.readouterr().out)["notebooks"]
    return code, found


def run_named(found: dict, name: str) -> dict:
    return next(run for run in found["runs"] if run["run"].startswith(name))


def test_an_honest_notebook_is_the_same_in_every_run_and_hits(tmp_path, capsys):
    (tmp_path / "data.txt").write_text("3")
    path = notebook(
        tmp_path,
        FUNCTION,
        "start = 5 + int(open('data.txt').read())",
        "x = slowly(start)\nprint(x)\n_ = open('out.txt', 'w').write(str(x))",
        "items = []\nitems.append(slowly(7))\nitems",
    )
    code, found = checked(capsys, path)
    assert code == 0, found
    assert not found["is_wrong"]
    names = [run["run"] for run in found["runs"]]
    assert names[:4] == ["cold", "warm", "warm again", "comments and blank lines added"]
    assert any(name.startswith("a constant") for name in names)
    assert any(name.startswith("the body of `slowly`") for name in names)
    assert any(name.startswith("an earlier value: cell 2") for name in names)
    assert any(name.endswith("run twice") for name in names)
    assert run_named(found, "warm again")["counts"]["hit"] >= 2
    assert run_named(found, "comments")["counts"] == run_named(found, "warm again")["counts"]
    assert run_named(found, "the body of")["counts"]["miss"] > 0
    assert [(one["cell"], one["line"], one["excluded"]) for one in found["statements"]] == [
        (3, 1, ""),
        (4, 2, ""),
    ]
    assert sum(one["plain_s"] for one in found["statements"]) == pytest.approx(found["attainable_s"])
    assert found["spent_s"]["warm again"] < found["attainable_s"]
    assert [name.name for name in tmp_path.iterdir() if name.name == "out.txt"] == []


def test_what_plain_runs_differ_in_is_told_and_no_fault(tmp_path, capsys):
    path = notebook(tmp_path, "import time\nnow = time.time()\nprint('at', now)\nfixed = 5", "fixed")
    code, found = checked(capsys, path, "--edits", "none")
    assert code == 0
    assert found["not_deterministic"] == ["cell 1: outputs", "namespace `now`"]


def test_a_notebook_runs_with_the_parameters_that_are_given(tmp_path, capsys):
    path = notebook(tmp_path, "TIMES = 40", "assert TIMES == 2")
    document = nbformat.read(path, 4)
    document.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(document, path)
    code, found = checked(capsys, path, "--edits", "none", "-p", "TIMES", "2")
    assert code == 0
    assert found["parameters"] == {"TIMES": "2"}
    assert found["stopped"] == ""


def test_a_mutation_that_is_not_replayed_is_found_by_name(tmp_path, capsys, monkeypatch):
    path = notebook(
        tmp_path,
        "import time\nitems, other = [], [1]",
        "def grow(held):\n    time.sleep(0.2)\n    held.append(1)",
        "grow(items)",
        "other",
    )
    broken = KernelSettings(before=(f"exec({FORGETS_MUTATIONS!r}, {{}})",))
    monkeypatch.setattr(check, "KernelSettings", lambda *_: broken)
    assert main(["check", str(path), "--edits", "none"]) == 1
    told = capsys.readouterr()
    assert "DIFFERS from plain runs in 2 of 3 cached runs" in told.out
    assert "DIFFERENT, cold" not in told.out
    assert "DIFFERENT, warm\n    namespace `items`" in told.out
    assert "namespace `other`" not in told.out
    assert told.err.count("plain once more") == 1  # before it is said first


def test_a_cell_may_raise_where_its_tag_says_so_and_else_ends_the_run(tmp_path, capsys):
    path = notebook(tmp_path, "a = 1\n1/0", "b = 2", "b.nothing", "c = 3", raising=(0,))
    code, found = checked(capsys, path, "--edits", "none")
    assert code == 0
    assert found["stopped"] == "cell 3 raised AttributeError"


def test_what_is_refused_imported_or_raises_is_not_attainable(tmp_path, capsys):
    sources = (
        "import time, uuid, decimal, asyncio",
        "def named():\n    time.sleep(0.05)\n    return str(uuid.uuid4())\nname = named()",
        "%timeit -n1 -r1 time.sleep(0.02)",
        "%%time\nvalue = time.sleep(0.06)",
        "time.sleep(0.03)\n1/0",
    )
    code, found = checked(capsys, notebook(tmp_path, *sources, raising=(4,)), "--edits", "none")
    assert code == 0, found
    excluded = {(one["cell"], one["line"]): one["excluded"] for one in found["statements"]}
    assert excluded.pop((4, 1)) == ""
    assert "refused: " in excluded.pop((2, 4))
    assert excluded.pop((3, 1)) == "a magic"
    assert found["attainable_s"] == pytest.approx(0.06, abs=0.04)


def test_a_notebook_that_asks_the_cache_is_told_and_others_are_checked(tmp_path, capsys):
    path = notebook(tmp_path, "import fpcache\nfpcache.report().rows")
    other = path.with_name("other.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), other)
    assert main(["check", str(path), str(other), "--edits", "none", "--quiet"]) == 2
    told = capsys.readouterr()
    assert "asks fpcache about itself: cell 1 raised FpcacheError" in told.err
    assert "other.ipynb: the same" in told.out


def test_a_silent_kernel_ends_the_check(tmp_path, capsys):
    path = notebook(tmp_path, "import time\ntime.sleep(60)")
    assert main(["check", str(path), "--quiet", "--timeout", "3"]) == 2
    assert "can't be run without the cache: the kernel said nothing for 3 s" in capsys.readouterr().err


def test_a_dead_kernel_ends_the_check(tmp_path, capsys):
    path = notebook(tmp_path, "import os\nos._exit(3)")
    assert main(["check", str(path), "--quiet"]) == 2
    assert "the kernel has died" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="sends a Unix signal")
def test_ctrl_c_ends_the_kernel(tmp_path):
    told = tmp_path / "pid"
    path = notebook(
        tmp_path, f"import os, time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(90)"
    )
    command = [sys.executable, "-m", "fpcache.cli", "check", str(path)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # where the tests' own shell ignores it
    )
    try:
        pid = int(eventually(lambda: told.exists() and told.read_text()))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()
    assert eventually(lambda: not is_running(pid))


def eventually(ask):
    """Wait for an answer that is true."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
