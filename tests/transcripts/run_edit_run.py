"""The shape of most transcripts: run, edit, run, and each time as without a cache."""

from __future__ import annotations

from typing import Any

from harness import Run, Transcript, assert_same
from harness.steps import Cells, Edit

__all__ = ["run_edit_run", "run_twice"]


def run_edit_run(transcript: Transcript, cells: Cells, *edits: Edit, **settings: Any) -> tuple[Run, Run]:
    """Run cells, then run them edited in a new process; both have to be as plain runs are.

    Returns
    -------
    cold, warm : Run
        The cached sessions before and after the edits.
    """
    cold = transcript.run(cells, **settings)
    assert_same(transcript.plain(cells, **settings), cold)
    warm = transcript.run(cells, *edits, **settings)
    assert_same(transcript.plain(cells, *edits, **settings), warm)
    return cold, warm


def run_twice(transcript: Transcript, cells: Cells, **settings: Any) -> tuple[Run, Run]:
    """Run the same cells in two processes, the second with the first one's recordings."""
    plain = transcript.plain(cells, **settings)
    runs = transcript.run(cells, **settings), transcript.run(cells, **settings)
    for run in runs:
        assert_same(plain, run)
    return runs
