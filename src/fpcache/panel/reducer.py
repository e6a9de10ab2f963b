"""Folding events into what a dashboard shows: a pure function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fpcache.events import (
    BatchProgress,
    CacheFault,
    CellFinished,
    CellStarted,
    ComponentFinished,
    ComponentStarted,
    Event,
)
from fpcache.panel.state import CELLS_KEPT, CellState, NodeState, SessionState, Totals

__all__ = ["reduce"]

_FAULTS_KEPT = 20
_RAISED = "it raised an error"
_OF_A_CELL = (ComponentStarted, ComponentFinished, CellFinished)
_ENDED = frozenset({"hit", "miss", "uncacheable", "plain", "pruned"})
_COUNTED = {"hit": "hits", "miss": "misses", "uncacheable": "uncacheable", "plain": "plain"}


def reduce(state: SessionState, event: Event) -> SessionState:
    """Return the state after an event; what doesn't fit, such as news of an unknown cell, changes nothing.

    Examples
    --------
    >>> from fpcache.events import CellStarted, PlannedComponent
    >>> state = reduce(SessionState(), CellStarted(1, "a", (PlannedComponent("x = 1", 1, 1),)))
    >>> state.cells[-1].nodes[0].status
    'waiting'
    """
    if isinstance(event, _OF_A_CELL) and not state.has_cell(event.number):
        return state
    match event:
        case CellStarted():
            return replace(state, cells=(*_kept(state.cells), _begun(event)))
        case ComponentStarted(number=number):
            return _with_cell(state, number, lambda cell: _started(cell, event))
        case ComponentFinished(number=number):
            totals = _counted(_uncounted(state, event), event)
            return _with_cell(replace(state, totals=totals), number, lambda cell: _ended(cell, event))
        case CellFinished(number=number):
            overhead_s = state.totals.overhead_s + event.overhead_s
            spent = replace(state, totals=replace(state.totals, overhead_s=overhead_s))
            return _with_cell(spent, number, lambda cell: _closed(cell, event))
        case BatchProgress():
            return _worked(state, event)
        case CacheFault(message):
            return replace(state, faults=(*state.faults[1 - _FAULTS_KEPT :], message))
    return state


def _kept(cells: tuple[CellState, ...]) -> tuple[CellState, ...]:
    """Make room for one more: the oldest that is over goes, as a cell may run hundreds of graphs."""
    if len(cells) < CELLS_KEPT:
        return cells
    oldest = next((place for place, cell in enumerate(cells) if cell.phase != "running"), 0)
    return (*cells[:oldest], *cells[oldest + 1 :])


def _begun(event: CellStarted) -> CellState:
    nodes = tuple(
        NodeState(planned.label, planned.first_line, planned.last_line, planned.needs)
        for planned in event.components
    )
    return CellState(
        event.number, event.cell, event.execution, nodes, kind=event.kind, started_s=event.started_s
    )


def _with_cell(state: SessionState, number: int, change: Callable[[CellState], CellState]) -> SessionState:
    """Change the cell of this number, which is the last one as a rule."""
    for place in range(len(state.cells) - 1, -1, -1):
        if state.cells[place].number == number:
            cells = (*state.cells[:place], change(state.cells[place]), *state.cells[place + 1 :])
            return replace(state, cells=cells)
    return state


def _with_nodes(cell: CellState, first: int, nodes: tuple[NodeState, ...]) -> CellState:
    return replace(cell, nodes=(*cell.nodes[:first], *nodes, *cell.nodes[first + len(nodes) :]))


def _started(cell: CellState, event: ComponentStarted) -> CellState:
    if not 0 <= event.index < len(cell.nodes):
        return cell
    status = "restoring" if event.status == "hit" else "running"
    node = replace(cell.nodes[event.index], status=status, reason=event.reason, started_s=event.at_s)
    return _with_nodes(cell, event.index, (node,))


def _ended(cell: CellState, event: ComponentFinished) -> CellState:
    if not 0 <= event.index < len(cell.nodes):
        return cell
    own = replace(
        cell.nodes[event.index],
        status="failed" if event.failed else event.status,
        reason=_RAISED if event.failed else event.reason,
        duration_s=event.duration_s,
        saved_s=event.saved_s,
        size_bytes=event.size_bytes,
        was_stored=event.was_stored,
        device=event.device,
        work=None,
    )
    taken = cell.nodes[event.index + 1 : event.last_index + 1]
    reason = f"ran together with line {own.first_line}"
    joined = tuple(replace(node, status="joined", reason=reason) for node in taken)
    return _with_nodes(cell, event.index, (own, *joined))


def _worked(state: SessionState, event: BatchProgress) -> SessionState:
    """Note a batch at the component that runs: a graph's node, where a cell's component runs a graph."""
    work = None if event.is_over else event
    for cell in reversed(state.cells):
        if cell.phase == "running" and any(node.status == "running" for node in cell.nodes):
            return _with_cell(state, cell.number, lambda cell: _with_work(cell, work))
    return state


def _with_work(cell: CellState, work: BatchProgress | None) -> CellState:
    index = next(n for n, node in enumerate(cell.nodes) if node.status == "running")
    return _with_nodes(cell, index, (replace(cell.nodes[index], work=work),))


def _uncounted(state: SessionState, event: ComponentFinished) -> Totals:
    """Return the totals without what was counted when this component ended before: a node may do so twice."""
    cell = next(cell for cell in reversed(state.cells) if cell.number == event.number)
    if not 0 <= event.index < len(cell.nodes) or cell.nodes[event.index].status not in _ENDED:
        return state.totals
    return _counted(state.totals, cell.nodes[event.index], -1)


def _counted(totals: Totals, ended: ComponentFinished | NodeState, times: int = 1) -> Totals:
    name = _COUNTED.get(ended.status)
    is_hit = ended.status == "hit"
    return replace(
        totals,
        **({name: getattr(totals, name) + times} if name is not None else {}),
        saved_s=totals.saved_s + times * ended.saved_s,
        stored_bytes=totals.stored_bytes + (times * ended.size_bytes if ended.was_stored else 0),
        restored_bytes=totals.restored_bytes + (times * ended.size_bytes if is_hit else 0),
    )


def _closed(cell: CellState, event: CellFinished) -> CellState:
    reason = "the cell ended before its turn"
    nodes = tuple(
        replace(node, status="skipped", reason=reason, work=None)
        if node.status in ("waiting", "running", "restoring")
        else node
        for node in cell.nodes
    )
    phase = "failed" if event.failed else "finished"
    return replace(cell, nodes=nodes, phase=phase, overhead_s=event.overhead_s)
