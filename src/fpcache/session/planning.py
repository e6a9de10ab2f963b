"""What a cell is about to run, as an event: its components and who needs whom."""

from __future__ import annotations

import time

from fpcache.events import CellStarted, PlannedComponent
from fpcache.session.cell_run import CellRun

__all__ = ["planned"]


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
