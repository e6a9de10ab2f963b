"""Runs of hand-written graphs, told like cells: their nodes as rows of a report, and as events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fpcache.events import CellFinished, CellStarted, ComponentStarted, PlannedComponent
from fpcache.fingerprints.heads import head
from fpcache.fingerprints.records import MISSING
from fpcache.fingerprints.summaries import summary
from fpcache.graph import CachedOutput, FingerprintStatus, GraphSchema, Outcome
from fpcache.session.evidence import device_of
from fpcache.session.report import HIT, MISS, PRUNED, CellReport, ComponentReport
from fpcache.session.telling import finished

if TYPE_CHECKING:
    from fpcache.graph.node_steps import GraphRun
    from fpcache.session.session import Session

__all__ = ["GraphTelling"]

LOST = "its stored output was lost, so it ran again"


@dataclass(slots=True)
class GraphTelling:
    """Looks on at one run of a graph and tells the session of it; nothing that fails here reaches the run."""

    session: Session
    run: GraphRun
    report: CellReport = field(init=False)
    _rows: dict[str, ComponentReport] = field(init=False)
    _indexes: dict[str, int] = field(init=False)
    _started_s: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        order = self.run.schema.order()
        self._indexes = {name: index for index, name in enumerate(order)}
        self._rows = {name: ComponentReport(name, (0, 0)) for name in order}
        number = self.session.next_number()
        planned = _planned(number, self.run.schema, order)
        self.report = CellReport(planned.cell, list(self._rows.values()), number, planned)
        self.session.services.bus.publish(planned)

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        """Note what a node said when it was asked."""
        row = self._rows[step.name]
        row.status, row.reason, row.key = status.verdict, status.reason, status.key
        row.evidence.against = status.against
        self._publish(
            ComponentStarted(
                self.report.number, self._indexes[step.name], row.status, row.reason, time.time()
            )
        )

    def on_start(self, step: Any) -> None:
        """Nothing to note: the status came just before."""

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        """Note how a node ended."""
        row = self._rows[step.name]
        row.duration_s, row.evidence.failed = outcome.duration_s, outcome.failed
        row.evidence.where = outcome.where
        if outcome.was_restored and isinstance(outcome.status.found, CachedOutput):
            row.saved_s = max(0.0, outcome.status.found.duration_s - outcome.duration_s)
        elif row.status == HIT:
            row.status, row.reason = MISS, LOST
        note = self.run.notes.get(step.name)
        if note and not outcome.failed:
            row.reason = f"{row.reason}; {note}"
        self._describe(step.name, row)
        self._finish(step.name, row)

    def on_pruned(self, pruned: Mapping[str, FingerprintStatus]) -> None:
        """Note which nodes only known results would have needed."""
        for name, status in pruned.items():
            row = self._rows[name]
            row.status, row.key = PRUNED, status.key
            row.reason = "only nodes whose results are known need it"
            if isinstance(status.found, CachedOutput):
                row.saved_s = status.found.duration_s
            self._describe(name, row)
            self._finish(name, row)

    def on_end(self, failed: bool) -> None:
        """Note that the run is over, and which pruned nodes had to run after all."""
        for name in self.run.executed:
            row = self._rows[name]
            if row.status in (PRUNED, HIT):
                row.status, row.reason, row.saved_s = MISS, LOST, 0.0
                self._finish(name, row)
        for name, component in self.run.components.items():
            if component.failed:
                self._rows[name].status, self._rows[name].evidence.failed = MISS, True
                self._finish(name, self._rows[name])
        elapsed_s = time.perf_counter() - self._started_s
        self.report.overhead_s = max(0.0, elapsed_s - sum(row.duration_s for row in self.report.rows))
        self.session.add_graph(self.report)
        self._publish(CellFinished(self.report.number, failed, self.report.overhead_s, kind="graph"))

    def _publish(self, event: Any) -> None:
        self.session.services.bus.publish(event)

    def _finish(self, name: str, row: ComponentReport) -> None:
        self._publish(finished(self.report.number, self._indexes[name], row))

    def _describe(self, name: str, row: ComponentReport) -> None:
        """Keep what people ask of a node, in words, while a dashboard is open."""
        if not self.session.services.bus.is_heard:
            return
        with self.session.services.faults.guarded("describing a node of a graph"):
            evidence = row.evidence
            evidence.source = self.run.source(name)
            told = self.run.given(name)
            evidence.inputs = [record for record in told if record["kind"] != "package"]
            evidence.packages = {r["key"]: r["summary"] for r in told if r["kind"] == "package"}
            value = self.run.known_value(name)
            if value is not MISSING:
                evidence.outputs = [(name, summary(value), head(value))]
                evidence.device = device_of([value])
            row.key = row.key or self.run.keys.get(name, "")
            self._note_entry(row)

    def _note_entry(self, row: ComponentReport) -> None:
        stored = self.run.cache.look_up(row.key) if row.key else None
        if self.run.cache.store is not self.session.services.store:
            row.evidence.against = ""  # entries of another store can't be looked up in the session's
        elif stored is not None and stored.entry is not None:
            row.evidence.entry_id = stored.entry.entry_id
        if stored is not None and stored.entry is not None:
            row.size_bytes, row.stored = stored.entry.size_bytes, row.status == MISS


def _planned(number: int, schema: GraphSchema, order: tuple[str, ...]) -> CellStarted:
    """Return the event that announces a graph."""
    indexes = {name: index for index, name in enumerate(order)}
    nodes = tuple(
        PlannedComponent(name, 0, 0, tuple((indexes[need], need) for need in schema[name].needs.values()))
        for name in order
    )
    return CellStarted(number, "graph", nodes, started_s=time.time(), kind="graph")
