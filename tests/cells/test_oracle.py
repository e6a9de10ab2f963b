"""What the analysis claims of odd programs is what running them shows."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import global_bytecode as bytecode
import pytest
import watched_runs as running

from fpcache.cells import Kind, compile_component, parse_cell, statements

SAMPLES = Path(__file__).parent / "samples"
SETTINGS = [(flag, items) for flag in (False, True) for items in ((), (1, 2, 3), (2,))]


def _is_readable(path: Path) -> bool:
    minor = path.stem.rpartition("_")[2]
    return not (minor.isdigit() and len(minor) == 3) or sys.version_info >= (3, int(minor[1:]))


def _is_plain_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list


PROGRAMS = sorted(path for path in SAMPLES.glob("*.py") if _is_readable(path))


def test_there_are_enough_odd_programs() -> None:
    assert len(PROGRAMS) > 90


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
@pytest.mark.parametrize("whole", [False, True], ids=["statements", "whole"])
def test_a_run_never_contradicts_the_analysis(path: Path, whole: bool) -> None:
    text = path.read_text(encoding="utf-8")
    for flag, items in SETTINGS:
        space = running.earlier_values(flag=flag, items=list(items))
        for outcome in running.outcomes(text, space, whole=whole):
            if "import *" in outcome.label:
                continue  # binds names that only the module knows
            assert list(outcome.problems()) == [], outcome.label


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_each_sample_runs_to_its_end_under_some_setting(path: Path) -> None:
    errors = []
    for flag, items in SETTINGS:
        space = running.earlier_values(flag=flag, items=list(items))
        *_, last = running.outcomes(path.read_text(encoding="utf-8"), space, whole=True)
        errors.append(last.error)
    assert None in errors, errors


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_reads_and_binds_agree_with_the_bytecode(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # bytecode alone can't tell that a loop over a display has an iteration
    monkeypatch.setattr(statements, "_surely_iterates", lambda node: False)
    text = path.read_text(encoding="utf-8")
    cell = parse_cell(ast.parse(text).body, text + "\n# as the bytecode sees it", whole=True)
    (component,) = cell.components
    use = bytecode.global_use(compile_component(cell, component, str(path)))
    own = {node.name for node in ast.walk(ast.Module(list(cell.body), [])) if _is_plain_function(node)}
    own |= {"__annotations__", *use.nested_stores}
    assert use.may_read - own <= component.names.reads
    assert component.names.binds - own <= (use.surely_bound or component.names.binds)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_top_level_await_is_seen_exactly(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    cell = parse_cell(ast.parse(text).body, text)
    for component in cell.components:
        code = compile_component(cell, component, str(path))
        assert component.is_async == bool(code.co_flags & 0x80), component.label


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_components_cover_the_body_in_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    cell = parse_cell(ast.parse(text).body, text)
    ends = [0, *(component.stop for component in cell.components)]
    assert ends[-1] == len(cell.body)
    assert [component.start for component in cell.components] == ends[:-1]
    assert all(len(component.label) <= 40 for component in cell.components)
    assert all(ast.parse(component.source) for component in cell.components)
    assert Kind.DYNAMIC not in {component.kind for component in cell.components}
