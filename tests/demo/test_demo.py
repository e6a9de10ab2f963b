"""The demo on small notebooks of its own, in real kernels."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("nbconvert")

from fpcache.cli import main  # noqa: E402

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ON = "%load_ext fpcache\n%fpcache auto on"


def demo(tmp_path: Path, *sources: str) -> int:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return main(["demo", str(path), "--out", str(tmp_path / "out")])


def test_a_notebook_whose_slow_cell_hits_passes_and_leaves_notebooks_and_html(tmp_path, capsys) -> None:
    function = "def work(count):\n    print('at work')\n    return sum(n * n for n in range(count))"
    code = demo(tmp_path, ON, function, "total = work(8_000_000)", "total")
    printed = capsys.readouterr().out
    assert code == 0, printed
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"run-1.ipynb", "run-1.html", "run-2.ipynb", "run-2.html"}
    assert all(str(tmp_path / "out" / name) in printed for name in written)
    assert "total = work(8_000_000)" in printed
    assert "times as fast" in printed


def test_a_slow_cell_that_cannot_hit_fails_with_its_reason(tmp_path, capsys) -> None:
    function = "import time, uuid\ndef name():\n    time.sleep(0.7)\n    return str(uuid.uuid4())"
    code = demo(tmp_path, ON, function, "given = name()")
    assert code == 1
    assert "was not replayed" in capsys.readouterr().out


def test_a_second_run_that_shows_something_else_fails(tmp_path, capsys) -> None:
    code = demo(tmp_path, ON, "total = sum(n * n for n in range(8_000_000))", "import os\nos.getpid()")
    assert code == 1
    assert "cell 3: the second run shows something else" in capsys.readouterr().out


def test_a_notebook_that_raises_is_told_with_its_traceback(tmp_path, capsys) -> None:
    assert demo(tmp_path, ON, "1 / 0") == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_an_output_directory_that_cannot_be_made_is_told(tmp_path, capsys) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file" / "out")]) == 2
    assert "choose another --out" in capsys.readouterr().err
