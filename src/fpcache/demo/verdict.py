"""Compares two runs of a notebook: what was saved, and whether anything came out otherwise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from fpcache.demo.running import NotebookRun, Row

__all__ = ["Verdict", "judge", "same_outputs"]

EXPENSIVE_S = 0.5
NAME_WIDTH, REASON_WIDTH = 40, 46


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person is told at the end; ``problems`` is empty where all is well."""

    table: str
    summary: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    cell: int
    source: str
    first: Row | None
    second: Row | None

    @property
    def row(self) -> Row:
        row = self.first or self.second
        assert row is not None
        return row

    def missed(self) -> bool:
        """Whether an expensive component was not replayed though it should be."""
        expensive = self.row.duration_s >= EXPENSIVE_S and not _only_imports(self.source, self.row.lines)
        return expensive and (self.second is None or self.second.status != "hit")


def judge(first: NotebookRun, second: NotebookRun) -> Verdict:
    """Compare the second run with the first."""
    pairs = list(_pairs(first, second))
    problems = [
        f"cell {pair.cell}: `{pair.row.name}` took {pair.row.duration_s:.1f} s and was not replayed"
        f" (first run: {pair.first.reason if pair.first else 'not there'};"
        f" second: {pair.second.reason if pair.second else 'gone'})"
        for pair in pairs
        if pair.missed()
    ]
    problems += _different_outputs(first, second)
    problems += [
        f"cell {number}: the cache had a fault: {fault}"
        for run in (first, second)
        for number, cell in enumerate(run.cells, 1)
        for fault in cell.faults
    ]
    if not any(pair.second and pair.second.status == "hit" for pair in pairs):
        problems.append("the second run had no hit at all")
    return Verdict(_table(pairs), _summary(first, second, pairs, problems), tuple(problems))


def _pairs(first: NotebookRun, second: NotebookRun) -> Iterator[_Pair]:
    for number, (one, two) in enumerate(zip(first.cells, second.cells, strict=True), 1):
        source = first.notebook.cells[one.index].source
        for rows in zip_longest(one.rows, two.rows):
            yield _Pair(number, source, *rows)


def _only_imports(source: str, lines: tuple[int, int]) -> bool:
    try:
        # Magics become comments of one line, so that line numbers stay.
        tree = ast.parse("\n".join("#" + line if line[:1] in "%!" else line for line in source.splitlines()))
    except SyntaxError:
        return False
    inside = [node for node in tree.body if lines[0] <= node.lineno <= lines[1]]
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in inside)


def _different_outputs(first: NotebookRun, second: NotebookRun) -> list[str]:
    return [
        f"cell {number}: the second run shows something else than the first"
        for number, (one, two) in enumerate(zip(first.cells, second.cells, strict=True), 1)
        if not same_outputs(first.notebook.cells[one.index], second.notebook.cells[two.index])
    ]


def same_outputs(one: Any, two: Any) -> bool:
    """Whether two executed cells show the same: streams, displays with their pictures, results, counts."""
    return one.execution_count == two.execution_count and _joined(one.outputs) == _joined(two.outputs)


def _joined(outputs: list[Any]) -> list[dict[str, Any]]:
    """Return outputs with neighbouring pieces of one stream joined: how text is cut up can't be seen."""
    joined: list[dict[str, Any]] = []
    for output in map(dict, outputs):
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def _table(pairs: list[_Pair]) -> str:
    head = (
        f"{'cell':>4}  {'component':<{NAME_WIDTH}}  {'first':<11}  {'second':<11}"
        f"  {'first s':>8}  {'second s':>8}  reason"
    )
    return "\n".join([head, "-" * len(head), *map(_line, pairs)])


def _line(pair: _Pair) -> str:
    def status(row: Row | None) -> str:
        return f"{row.status if row else '':<11}"

    def seconds(row: Row | None) -> str:
        return f"{row.duration_s:8.2f}" if row else " " * 8

    name = _cut(pair.row.name, NAME_WIDTH)
    reason = _cut((pair.second or pair.row).reason, REASON_WIDTH)
    return (
        f"{pair.cell:>4}  {name:<{NAME_WIDTH}}  {status(pair.first)}  {status(pair.second)}"
        f"  {seconds(pair.first)}  {seconds(pair.second)}  {reason}"
    )


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _summary(first: NotebookRun, second: NotebookRun, pairs: list[_Pair], problems: list[str]) -> str:
    counted = [p for p in pairs if {row.status for row in (p.first, p.second) if row} != {"plain"}]
    hits = sum(pair.second is not None and pair.second.status == "hit" for pair in counted)
    speed_up = first.duration_s / max(second.duration_s, 1e-9)
    outputs = "differ" if any("shows something else" in problem for problem in problems) else "are the same"
    return (
        f"first run {first.duration_s:.1f} s, second run {second.duration_s:.1f} s: {speed_up:.1f} times as"
        f" fast; {hits} of {len(counted)} cacheable components hit; the outputs {outputs}"
    )
