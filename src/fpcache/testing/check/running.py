"""One run of a notebook in a kernel of its own: what it showed and left, and how long it took."""

from __future__ import annotations

import ast
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from fpcache.session.settings import MIN_SECONDS
from fpcache.testing.sessions.kernels import KernelSession, run_from, running_kernel
from fpcache.testing.sessions.processes import Job
from fpcache.testing.sessions.results import Run

from .notebooks import NotebookCell
from .workplace import Workplace

__all__ = ["KernelSettings", "NotebookRun", "Statement", "by_stream", "run_cells"]

_TIMES = Path(__file__).with_name("kernel_times.py")
_SHELL = "__import__('IPython').get_ipython()"
_WATCH = "len(__import__('runpy').run_path({script!r}))"
_TAKEN = f"{_SHELL}.run_code.taken()"
_ACCOUNT = "(lambda report: (report.overhead_s, report.faults))(__import__('fpcache').report())"


@dataclass(frozen=True, slots=True)
class KernelSettings:
    """How kernels are started.

    Attributes
    ----------
    timeout_s : float
        How long a kernel may say nothing.
    arguments : tuple of str
        More arguments of the kernel's command.
    before : tuple of str
        Lines to run in cached kernels before the first cell.
    """

    timeout_s: float = 600.0
    arguments: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement of a plain run: its cell's number and its first line there."""

    cell: int
    line: int
    duration_s: float
    raised: bool


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """A run of cells up to the first that raised without being allowed to.

    Attributes
    ----------
    cells : tuple of NotebookCell
        Those that were run.
    statements : tuple of Statement
        Of a plain run; empty otherwise.
    stopped : str
        Which cell ended the run early, and by what; ``""`` if all ran.
    overhead_s : float
        What the cache says that it cost.
    faults : tuple of str
        What went wrong in the cache itself.
    picture : mapping
        All that counts of the run as plain data, place by place.
    """

    run: Run
    cells: tuple[NotebookCell, ...]
    statements: tuple[Statement, ...] = ()
    stopped: str = ""
    overhead_s: float = 0.0
    faults: tuple[str, ...] = ()
    picture: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def duration_s(self) -> float:
        """Seconds that the cells took by the kernel's clock, without its start."""
        return sum(cell.duration_s for cell in self.run.cells)


@dataclass(slots=True)
class _Progress:
    """What a run has collected so far."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    stopped: str = ""
    overhead_s: float = 0.0
    faults: list[str] = field(default_factory=list)


def run_cells(
    cells: Sequence[NotebookCell], workplace: Workplace, settings: KernelSettings, *, cached: bool
) -> NotebookRun:
    """Run cells in a new kernel, with fpcache in automatic mode or without it.

    Like Jupyter's "run all" it stops where a cell raises, unless that has the
    tag ``raises-exception``.

    Raises
    ------
    RuntimeError
        If the kernel dies, or says nothing for too long.
    """
    workplace.lay_out()
    job = Job(
        steps=tuple(cell.source for cell in cells),
        mode="auto" if cached else "plain",
        place=workplace.place,
        directory=workplace.directory,
        environment={"FPCACHE_MIN_SECONDS": str(MIN_SECONDS)},
        before=settings.before,
        timeout_s=settings.timeout_s,
    )
    started_s = time.perf_counter()
    with running_kernel(job, settings.arguments) as (manager, client):
        session = KernelSession(job, manager, client)
        session.load()
        if not cached:
            session.evaluate(_WATCH.format(script=str(_TIMES)))
        untouched = session.probe()["states"]
        told = _run_all(session, cells)
        left = session.probe()
    ran = tuple(cells[: len(told.answers)])
    job = replace(job, steps=tuple(cell.source for cell in ran))
    run = run_from(job, told.answers, left, untouched, time.perf_counter() - started_s)
    return NotebookRun(
        run=run,
        cells=ran,
        statements=tuple(told.statements),
        stopped=told.stopped,
        overhead_s=told.overhead_s,
        faults=tuple(dict.fromkeys(told.faults)),
        picture=_picture(run),
    )


def _run_all(session: KernelSession, cells: Sequence[NotebookCell]) -> _Progress:
    told = _Progress()
    for cell in cells:
        answer = session.run(cell.source)
        told.answers.append(answer)
        if session.job.mode == "plain":
            told.statements += _statements(session, cell)
        elif answer["rows"]:
            overhead_s, faults = ast.literal_eval(session.evaluate(_ACCOUNT))
            told.overhead_s += overhead_s
            told.faults += [f"cell {cell.number}: {fault}" for fault in faults]
        if answer["error"] and not cell.may_raise:
            told.stopped = f"cell {cell.number} raised {answer['error']}"
            break
    return told


def _statements(session: KernelSession, cell: NotebookCell) -> list[Statement]:
    taken = ast.literal_eval(session.evaluate(_TAKEN))
    return [Statement(cell.number, line, duration_s, raised) for line, duration_s, raised in taken]


def _picture(run: Run) -> dict[str, Any]:
    cells = {
        f"cell {place}": {"outputs": by_stream(outputs), "error": result.error, "count": result.count}
        for place, (outputs, result) in enumerate(zip(run.view(), run.cells, strict=True), 1)
    }
    states = {name: state for name, state in run.states.items() if state != "untouched"}
    return {
        **cells,
        "namespace": run.namespace,
        "random state": states,
        "file": run.files,
        "surroundings": run.surroundings,
    }


def by_stream(outputs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join each stream's texts between two displays: a kernel sends them in no order to each other."""
    joined: list[dict[str, Any]] = []
    for is_stream, group in groupby(outputs, lambda output: output["kind"] == "stream"):
        texts: dict[str, str] = {}
        for output in group:
            if is_stream:
                texts[output["name"]] = texts.get(output["name"], "") + output["text"]
            else:
                joined.append(output)
        joined += [{"kind": "stream", "name": name, "text": texts[name]} for name in sorted(texts)]
    return joined
