"""The only orchestrator: one cell from its request to its report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fpcache.dependencies import local_modules, random_states
from fpcache.errors import HalfRestoredError
from fpcache.events import CellFinished, ComponentStarted, carry
from fpcache.graph import FingerprintStatus, Outcome, run_in_order, watch_graphs
from fpcache.session.cell_run import CellRun
from fpcache.session.dry_run import forecast
from fpcache.session.evidence import note_outputs
from fpcache.session.faults import FaultLog
from fpcache.session.governor import Governor
from fpcache.session.noting import note_cell
from fpcache.session.report import CellReport, ComponentReport, Stats
from fpcache.session.requests import CellUsageError, HelpRequested, parse_cell_options
from fpcache.session.services import Services
from fpcache.session.settings import CellOptions, Settings
from fpcache.session.steps import ComponentStep
from fpcache.session.telling import finished, planned
from fpcache.session.warning import check_options
from fpcache.shell import CellRequest, ShellAdapter
from fpcache.store.protocol import Store

if TYPE_CHECKING:
    from fpcache.graph import GraphWatcher
    from fpcache.graph.node_steps import GraphRun

__all__ = ["NOT_HERE", "Session"]

_REPORTS_KEPT = 100
NOT_HERE = "fpcache: %%fpcache has no effect here; it has to be the cell's first line"


@dataclass(slots=True)
class Session:
    """What stands between one IPython shell and the cache."""

    services: Services
    reports: list[CellReport] = field(default_factory=list)
    graph_reports: list[CellReport] = field(default_factory=list)
    last_run: CellRun | None = None
    stats: Stats = field(default_factory=Stats)
    ran: int = 0  # cells that were cached, and graphs, so far
    _running: bool = False
    _reported: int = 0  # how many of the faults are in reports, and in a cell's output
    _shown: int = 0
    _leaving: tuple[Callable[[], None], ...] = ()

    @classmethod
    def begin(
        cls, shell: ShellAdapter, store: Store, settings: Settings, faults: FaultLog, *, fresh: bool
    ) -> Session:
        """Start a session; `fresh` says that no user code ran in this process before."""
        random_states.begin(fresh=fresh)
        session = cls(Services(shell, store, settings, faults.bus, faults, Governor(store)))
        session._leaving = (watch_graphs(partial(_telling, session)), carry(faults.bus))
        return session

    def close(self) -> None:
        """Let go of the store, and of what watches graphs and the process's random states."""
        for leave in self._leaving:
            leave()
        self._leaving = ()
        random_states.end()
        self.services.store.close()

    def totals(self) -> Stats:
        """Return the session's totals, with the store's size as it is now, as far as that can be read."""
        with self.services.faults.guarded("reading the store's size"):
            self.stats.size_bytes = self.services.store.size_bytes()
        return replace(self.stats)

    def next_number(self) -> int:
        """Count one more cell or graph, and return its number."""
        self.ran += 1
        return self.ran

    def add_graph(self, report: CellReport) -> None:
        """Keep what became of a hand-written graph."""
        self.graph_reports = [*self.graph_reports[1 - _REPORTS_KEPT :], report]
        self.stats.add(report)

    def report_of(self, number: int) -> CellReport | None:
        """Return the report of the cell or graph of this number, where it is kept."""
        return next((one for one in (*self.reports, *self.graph_reports) if one.number == number), None)

    async def run_cell(self, request: CellRequest) -> bool:
        """Run one cell, replaying what is known; True when it failed, as IPython has it."""
        try:
            options = self._options(request)
        except HelpRequested as text:
            print(text)
            return False
        except CellUsageError as error:
            self.services.shell.show_usage_error(error, request.result)
            return True
        if options is None or self._running:
            failed = await self._plainly(request)
            if self.is_enabled and not self._running:
                with self.services.faults.guarded("noting a cell's effect on libraries"):
                    note_cell(self.services, request)
            return failed
        self._running = True
        try:
            return await self._run_cached(request, options)
        finally:
            self._running = False

    def _options(self, request: CellRequest) -> CellOptions | None:
        """Return the cell's options; None where the cell is not to be cached."""
        settings = self.services.settings
        if request.magic_line is not None:
            options = parse_cell_options(request.magic_line)
            return options if self.is_enabled else None
        if request.is_below_magic:
            print(NOT_HERE)
        return CellOptions() if self.is_enabled and settings.auto else None

    @property
    def is_enabled(self) -> bool:
        """Whether anything is cached now."""
        switched_off = os.environ.get("FPCACHE_DISABLE", "") not in ("", "0")
        return self.services.settings.enabled and not switched_off

    async def _plainly(self, request: CellRequest) -> bool:
        return await self.services.shell.run_nodes(
            request.nodes, request.cell_name, request.interactivity, request.compiler, request.result
        )

    async def _run_cached(self, request: CellRequest, options: CellOptions) -> bool:
        started = time.perf_counter()
        with self.services.faults.guarded("noting loaded modules"):
            local_modules.note_modules()
        try:
            run = CellRun.parse(self.services, request, options)
            warnings = check_options(run)
        except Exception as error:
            self.services.faults.report(error, "analysing a cell")
            return await self._plainly(request)
        for warning in warnings:
            print(f"fpcache: {warning}")
        if options.dry_run:
            self._foretell(run)
            return False
        return await self._run_steps(run, started)

    def _foretell(self, run: CellRun) -> None:
        """Say what the cell would do."""
        try:
            report = forecast(run)
        except Exception as error:
            print(f"fpcache: no forecast ({self.services.faults.report(error, 'a dry run')})")
            return
        self.reports = [*self.reports[1 - _REPORTS_KEPT :], report]
        self.last_run = run
        print(report.forecast())

    async def _run_steps(self, run: CellRun, started: float) -> bool:
        run.report.number = self.next_number()
        with self.services.faults.guarded("announcing a cell"):
            run.report.planned = planned(run)
            if not run.asks_the_cache:
                self.services.bus.publish(run.report.planned)
        failed, outcomes = True, []
        try:
            outcomes = await run_in_order(_steps(run), [_RowHook(run)])
            failed = any(outcome.failed for outcome in outcomes)
        except (KeyboardInterrupt, HalfRestoredError) as error:  # in the cache's own work
            self.services.shell.show_failure(error, run.request.result)
        finally:
            self._close(run, failed, started)
        return failed

    def _close(self, run: CellRun, failed: bool, started: float) -> None:
        report = run.report
        elapsed_s = time.perf_counter() - started
        report.cell = run.label
        report.overhead_s = max(0.0, elapsed_s - sum(row.duration_s for row in report.rows))
        with self.services.faults.guarded("saving what was learnt"):
            local_modules.note_modules()
            self.services.governor.save()
        report.faults = self.services.faults.messages[self._reported :]
        self._reported += len(report.faults)
        if not run.asks_the_cache:  # `%fpcache why` is about the cell before it, also the second time
            self.reports = [*self.reports[1 - _REPORTS_KEPT :], report]
            self.last_run = run
        self.stats.add(report)
        self.services.bus.publish(CellFinished(report.number, failed, report.overhead_s))
        self._show_status(run, failed)

    def _show_status(self, run: CellRun, failed: bool) -> None:
        mode = self.services.settings.show_status
        wanted = mode == "always" or (mode == "explicit" and run.options.explicit)
        if not wanted or run.options.quiet or failed:
            return
        faults = self.services.faults.messages[self._shown :]
        self._shown += len(faults)
        self.services.shell.show_summary(*run.report.badge(faults))


def _steps(run: CellRun) -> Iterator[ComponentStep]:
    """Yield the components, until one takes in the rest of the cell."""
    for component in run.cell.components:
        if run.joined is not None:
            return
        row = ComponentReport(component.label, (component.first_line, component.last_line))
        row.evidence.source, row.evidence.code_digest = component.source, component.code_digest
        run.report.rows.append(row)
        yield ComponentStep(run, component, row)


@dataclass(slots=True)
class _RowHook:
    """Copies what the runner says into the report, and publishes it."""

    run: CellRun

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        row = step.row
        row.status, row.reason = status.verdict, status.reason
        row.evidence.against, row.evidence.broken = status.against, status.broken
        number, index = self.run.report.number, step.component.index
        started = ComponentStarted(number, index, row.status, row.reason, time.time())
        self.run.services.bus.publish(started)

    def on_start(self, step: Any) -> None:
        """Nothing to note: the status came just before."""

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        run, row, index = self.run, step.row, step.component.index
        row.evidence.failed = outcome.failed
        row.evidence.last_index = len(run.cell.components) - 1 if run.joined == index else index
        if not run.services.bus.is_heard:
            return
        with run.services.faults.guarded("describing what a component gave"):
            note_outputs(run, step.component, row)
        run.services.bus.publish(finished(run.report.number, index, row))


def _telling(session: Session, run: GraphRun) -> GraphWatcher:
    """Return what tells a session of a graph; most sessions run none, and don't load it."""
    from fpcache.session.graph_runs import GraphTelling

    return GraphTelling(session, run)
