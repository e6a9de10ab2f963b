"""What a cell would do, said without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.session.report import CellReport, ComponentReport
from fpcache.session.steps import ComponentStep

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["forecast"]


def forecast(run: CellRun) -> CellReport:
    """Return the status each component would have; nothing runs and nothing is bound.

    A component below one that would run can't be known before: its inputs
    aren't there yet.
    """
    report = CellReport(cell=run.label)
    open_names: dict[str, str] = {}
    for component in run.cell.components:
        row = ComponentReport(component.label, (component.first_line, component.last_line))
        report.rows.append(row)
        names = component.names
        waits_for = sorted(open_names.keys() & names.reads)
        if waits_for:
            row.status = "unknown"
            row.reason = f"reads `{waits_for[0]}`, which line {open_names[waits_for[0]]} gives first"
        else:
            status = ComponentStep(run, component, row).ask()
            row.status, row.reason = status.verdict, status.reason
        for name in names.binds | names.maybe_binds | names.mutates | names.deletes:
            open_names[name] = str(component.first_line)
    run.report = report
    return report
