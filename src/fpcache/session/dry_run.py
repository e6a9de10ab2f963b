"""What a cell would do, said without doing it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fpcache.cells import Component, Kind
from fpcache.dependencies.file_effects import FILE, written_digest
from fpcache.dependencies.random_states import KIND as RANDOM
from fpcache.dependencies.random_states import digest
from fpcache.dependencies.records import Effect
from fpcache.dependencies.running_work import busy_threads
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import MISSING
from fpcache.replay.recording import Payload, apply
from fpcache.session.capturing import reference_nodes
from fpcache.session.harmless import is_harmless
from fpcache.session.looking_up import Found
from fpcache.session.report import MISS, CellReport, ComponentReport
from fpcache.session.restoring import load_payload
from fpcache.session.steps import ComponentStep

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["UNKNOWN", "forecast"]

UNKNOWN = "unknown"


def forecast(run: CellRun) -> CellReport:
    """Return the status each component would have; nothing runs, and nothing stays bound.

    What a hit would bind is bound while the components below it are asked. A
    component below one that would run can't be known before: its inputs
    aren't there yet.
    """
    ahead = _Ahead(run, is_alone())
    with ahead.lent():
        rows = [ahead.ask(component) for component in run.cell.components]
    run.report = CellReport(cell=run.label, rows=rows)
    return run.report


def is_alone() -> bool:
    """Whether no other thread is at work, which could see names that are bound for a moment."""
    own = frozenset({id(threading.main_thread()), id(threading.current_thread())})
    return next(busy_threads(own), None) is None


@dataclass(slots=True)
class _Ahead:
    """What will be otherwise once the components asked so far have had their turn.

    Attributes
    ----------
    given : dict
        Names whose values can't be known yet, with the line that gives them.
    changed : dict
        Objects that a hit would change in place, by identity, with the line.
    restored : set of int
        Identities of objects that were restored for this forecast only.
    effects_line : int
        The last line that would leave something beside names; 0 for none.
    """

    run: CellRun
    may_bind: bool
    given: dict[str, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    restored: set[int] = field(default_factory=set)
    effects_line: int = 0
    _kept: list[object] = field(default_factory=list)
    _saved: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Give the namespace back as it was in the end."""
        try:
            yield
        finally:
            self.run.ahead.clear()
            for name, value in self._saved.items():
                if value is MISSING:
                    self.run.namespace.pop(name, None)
                else:
                    self.run.namespace[name] = value

    def ask(self, component: Component) -> ComponentReport:
        """Ask one component, and take in what it would leave."""
        row = ComponentReport(component.label, (component.first_line, component.last_line))
        reason = self._waits_for(component.names.reads)
        if reason:
            row.status, row.reason = UNKNOWN, reason
            self._leave_open(component)
            return row
        step = ComponentStep(self.run, component, row)
        status = step.ask()
        row.status, row.reason = status.verdict, status.reason
        reason = self._unknown_inputs(step)
        if reason:
            row.status, row.reason = UNKNOWN, reason
            self._leave_open(component)
        elif isinstance(status.found, Found):
            self._take(step, status.found)
        elif self.may_bind and is_harmless(self.run.request.nodes[component.start : component.stop]):
            self._define(component)
        else:
            self._leave_open(component)
        return row

    def _waits_for(self, reads: frozenset[str]) -> str:
        name = min(self.given.keys() & reads, default="")
        return f"reads `{name}`, which line {self.given[name]} gives first" if name else ""

    def _unknown_inputs(self, step: ComponentStep) -> str:
        """Return why what was asked is not what will be there at the component's turn; or ``""``."""
        reading, row = step.reading, step.row
        if reading is None:
            return ""
        reason = self._waits_for(frozenset(root.key for root in reading.roots))
        lines = [self.changed[id(node)] for node in reading.nodes if id(node) in self.changed]
        if not reason and lines:
            reason = f"reads what line {max(lines)} changes first"
        is_known = row.status == MISS and self.run.services.store.look_up(row.key)
        if not reason and self.effects_line and is_known:
            reason = f"may depend on what line {self.effects_line} leaves first ({row.reason})"
        return reason

    def _leave_open(self, component: Component) -> None:
        names = component.names
        if component.kind is not Kind.EMPTY:
            self.effects_line = component.first_line
        for name in names.binds | names.maybe_binds | names.mutates | names.deletes:
            self.given[name] = component.first_line

    def _take(self, step: ComponentStep, found: Found) -> None:
        """Bind what a hit would bind, and note what it would change."""
        run, component, reading = self.run, step.component, step.reading
        assert reading is not None
        if not self.may_bind:
            self._leave_open(component)
            return
        try:
            self._apply(component, load_payload(run, found.entry, reading), reference_nodes(reading))
        except Exception as error:
            step.row.status, step.row.reason = MISS, f"the stored result could not be restored ({error})"
            self._leave_open(component)
            return
        for effect in found.effects:
            self._foresee(effect, component.first_line)

    def _apply(self, component: Component, payload: Payload, nodes: tuple[object, ...]) -> None:
        self._kept.append((nodes, payload))
        if all(id(nodes[rank]) in self.restored for rank, _ in payload.states):
            self._note_restored(payload, nodes)
        else:  # the user's objects are not touched
            self.changed.update((id(nodes[rank]), component.first_line) for rank, _ in payload.states)
            payload = replace(payload, states=())
        for name in (*payload.bound, *payload.deleted):
            self._save(name)
            self.given.pop(name, None)
        apply(payload, nodes, self.run.namespace)

    def _note_restored(self, payload: Payload, inputs: Sequence[object]) -> None:
        """Note which objects exist only for this forecast, so that later hits may change them."""
        try:
            held = [(state.content, state.attributes, state.slots) for _, state in payload.states]
            found = walk([payload.bound, held]).nodes
        except UnfingerprintableValueError:
            return
        known = {id(node) for node in inputs} - self.restored
        self.restored.update(id(node) for node in found if id(node) not in known)

    def _foresee(self, effect: Effect, line: int) -> None:
        self.effects_line = line
        if effect.kind == RANDOM:
            self.run.ahead[RANDOM, effect.name] = digest(effect.state)
        elif effect.kind == FILE:
            self.run.ahead["file", effect.name] = written_digest(effect)

    def _define(self, component: Component) -> None:
        """Define what the code below calls; the definition alone runs nothing of the user's."""
        code = self.run.compiled(component)
        for name in component.names.binds | component.names.maybe_binds:
            self._save(name)
        if code is not None:
            exec(code, self.run.namespace)

    def _save(self, name: str) -> None:
        self._saved.setdefault(name, self.run.namespace.get(name, MISSING))
