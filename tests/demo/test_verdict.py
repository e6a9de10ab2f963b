from __future__ import annotations

from dataclasses import replace

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")

from fpcache.demo.running import CellRun, NotebookRun, Row  # noqa: E402
from fpcache.demo.verdict import judge, same_outputs  # noqa: E402

v4 = nbformat.v4
PICTURE = {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}


def row(status: str, duration_s: float = 5.0, lines: tuple[int, int] = (1, 1)) -> Row:
    reason = "found" if status == "hit" else "`X` changed"
    return Row("model = fit(X)", lines, status, reason, duration_s, 0.0)


def run(*rows: Row, source: str = "model = fit(X)", outputs=(), count: int = 1) -> NotebookRun:
    cell = v4.new_code_cell(source, outputs=list(outputs), execution_count=count)
    return NotebookRun(v4.new_notebook(cells=[cell]), (CellRun(0, sum(r.duration_s for r in rows), rows),))


def text(words: str, name: str = "stdout"):
    return v4.new_output("stream", name=name, text=words)


def picture(**data: str):
    return v4.new_output("display_data", data=PICTURE | data)


def test_a_replayed_run_with_equal_outputs_has_no_problems() -> None:
    verdict = judge(run(row("miss"), outputs=[picture()]), run(row("hit", 0.1), outputs=[picture()]))
    assert verdict.problems == ()
    assert "50.0 times as fast" in verdict.summary
    assert "1 of 1 cacheable components hit; the outputs are the same" in verdict.summary


@pytest.mark.parametrize("status", ["miss", "uncacheable", "plain"])
def test_an_expensive_component_that_was_not_replayed_is_a_problem_with_its_reason(status) -> None:
    verdict = judge(run(row("miss"), row("miss")), run(row("hit"), row(status)))
    assert len(verdict.problems) == 1
    assert "`model = fit(X)` took 5.0 s and was not replayed" in verdict.problems[0]
    assert "second: `X` changed" in verdict.problems[0]


def test_a_fault_of_the_cache_is_a_problem() -> None:
    first = run(row("miss"))
    faulty = NotebookRun(first.notebook, (replace(first.cells[0], faults=("disk full",)),))
    assert judge(faulty, run(row("hit"))).problems == ("cell 1: the cache had a fault: disk full",)


def test_quick_components_may_run_again() -> None:
    assert judge(run(row("miss"), row("plain", 0.01)), run(row("hit"), row("plain", 0.01))).problems == ()


def test_slow_imports_may_run_again() -> None:
    source = "%time 1\nimport slow\nfrom slow import fast\nx = fit()"
    imports = row("plain", lines=(2, 3))
    first = run(imports, row("miss", lines=(4, 4)), source=source)
    second = run(imports, row("hit", lines=(4, 4)), source=source)
    assert judge(first, second).problems == ()


def test_a_second_run_without_any_hit_is_a_problem() -> None:
    verdict = judge(run(row("plain", 0.01)), run(row("plain", 0.01)))
    assert verdict.problems == ("the second run had no hit at all",)


@pytest.mark.parametrize(
    "other",
    [
        [text("a"), picture(**{"image/png": "b3RoZXI="})],
        [picture(), text("a")],
        [text("a")],
        [text("a", "stderr"), picture()],
    ],
    ids=["another picture", "another order", "one missing", "another stream"],
)
def test_different_outputs_are_a_problem(other) -> None:
    verdict = judge(run(row("miss"), outputs=[text("a"), picture()]), run(row("hit"), outputs=other))
    assert verdict.problems == ("cell 1: the second run shows something else than the first",)
    assert "the outputs differ" in verdict.summary


def test_how_a_stream_is_cut_up_does_not_count() -> None:
    one = v4.new_code_cell("", outputs=[text("a\n"), text("b\n"), text("!", "stderr")])
    two = v4.new_code_cell("", outputs=[text("a\nb\n"), text("!", "stderr")])
    assert same_outputs(one, two)


def test_the_execution_count_counts() -> None:
    assert not same_outputs(v4.new_code_cell("", execution_count=1), v4.new_code_cell("", execution_count=2))


def test_a_component_that_is_gone_in_the_second_run_is_told() -> None:
    verdict = judge(run(row("miss"), row("miss")), run(row("hit")))
    assert "second: gone)" in verdict.problems[0]
