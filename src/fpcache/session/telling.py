"""What happens to a cell, as events: while it runs, and afterwards from its report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from fpcache.events import CellFinished, CellStarted, ComponentFinished, Event, PlannedComponent
from fpcache.session.cell_run import CellRun
from fpcache.session.report import CellReport, ComponentReport

__all__ = ["finished", "past_events", "planned"]


def planned(run: CellRun) -> CellStarted:
    """Return the event that announces a cell.

    A component needs the last one before it that binds or changes a name it reads.
    """
    given_by: dict[str, int] = {}
    components = []
    for component in run.cell.components:
        names = component.names
        needs = tuple((given_by[name], name) for name in sorted(names.reads) if name in given_by)
        components.append(PlannedComponent(component.label, component.first_line, component.last_line, needs))
        given_by |= dict.fromkeys(names.binds | names.maybe_binds | names.mutates, component.index)
    execution = getattr(run.request.result, "execution_count", None) or 0
    return CellStarted(run.report.number, run.label, tuple(components), execution, time.time())


def finished(number: int, index: int, row: ComponentReport) -> ComponentFinished:
    """Return the event that says how a component ended."""
    return ComponentFinished(
        number=number,
        index=index,
        status=row.status,
        reason=row.reason,
        duration_s=row.duration_s,
        saved_s=row.saved_s,
        size_bytes=row.size_bytes,
        was_stored=row.stored,
        failed=row.evidence.failed,
        last_index=max(index, row.evidence.last_index),
        device=row.evidence.device,
    )


def past_events(reports: Iterable[CellReport]) -> Iterator[Event]:
    """Yield the events of cells that ended, for those who come late."""
    for report in reports:
        if report.planned is None:
            continue
        yield report.planned
        for index, row in enumerate(report.rows):
            if row.status:
                yield finished(report.number, index, row)
        failed = any(row.evidence.failed for row in report.rows)
        yield CellFinished(report.number, failed, report.overhead_s, kind=report.planned.kind)
