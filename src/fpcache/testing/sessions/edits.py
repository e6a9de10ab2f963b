"""The shape of most transcripts: run, edit, run, and each time as without a cache."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .comparing import assert_same
from .results import Run
from .steps import Cells, Edit, edited, steps_of
from .transcript import Transcript

__all__ = ["run_edit_run", "run_one_then_other", "run_twice"]


def run_edit_run(transcript: Transcript, cells: Cells, *edits: Edit, **settings: Any) -> tuple[Run, Run]:
    """Run cells, then run them edited in a new process; both have to be as plain runs are.

    Returns
    -------
    cold, warm : Run
        The cached sessions before and after the edits.
    """
    steps = steps_of(cells)
    return run_one_then_other(transcript, steps, edited(steps, edits), **settings)


def run_one_then_other(
    transcript: Transcript, one: Cells, other: Cells, ignore: Collection[str] = (), **settings: Any
) -> tuple[Run, Run]:
    """Run some cells, then others in a new process; both have to be as plain runs are."""
    cold = transcript.run(one, **settings)
    assert_same(transcript.plain(one, **settings), cold, ignore=ignore)
    warm = transcript.run(other, **settings)
    assert_same(transcript.plain(other, **settings), warm, ignore=ignore)
    return cold, warm


def run_twice(
    transcript: Transcript, cells: Cells, ignore: Collection[str] = (), **settings: Any
) -> tuple[Run, Run]:
    """Run the same cells in two processes, the second with the first one's recordings."""
    plain = transcript.plain(cells, **settings)
    runs = transcript.run(cells, **settings), transcript.run(cells, **settings)
    for run in runs:
        assert_same(plain, run, ignore=ignore)
    return runs
