"""Warnings about a cell's options that don't keep the cell from running."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["check_options"]


def check_options(run: CellRun) -> list[str]:
    """Return what is odd about ``--ignore`` and ``--depends``, a sentence each."""
    return [*_unknown_ignored(run), *_missing_paths(run)]


def _unknown_ignored(run: CellRun) -> list[str]:
    used = {
        name
        for component in run.cell.components
        for name in component.names.reads | component.names.binds | component.names.maybe_binds
    }
    return [
        f"--ignore {name}: this cell does not use that name{_suggestion(name, used)}"
        for name in run.options.ignore
        if name not in used
    ]


def _suggestion(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""


def _missing_paths(run: CellRun) -> list[str]:
    return [
        f"--depends {path}: there is no such file in {Path.cwd()}; the cell re-runs once it exists"
        for path in run.options.depends
        if not Path(path).exists()
    ]
