"""A session's state as plain data for the front end: only what it shows, in few bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fpcache.events import BatchProgress
from fpcache.panel.state import CellState, NodeState, SessionState

__all__ = ["overview", "shown_cell"]


def overview(
    state: SessionState, facts: Mapping[str, Any], devices: Sequence[Mapping[str, Any]], changes: int
) -> dict[str, Any]:
    """Return totals, settings, devices and one short line for each cell.

    Parameters
    ----------
    state : SessionState
        What was seen.
    facts : mapping
        Settings, and what the store holds.
    devices : sequence of mapping
        The processors at work.
    changes : int
        Counts what dashboards changed, so that listings are asked for again.
    """
    totals = state.totals
    return {
        "totals": {
            "hits": totals.hits,
            "misses": totals.misses,
            "uncacheable": totals.uncacheable,
            "plain": totals.plain,
            "hit_rate": totals.hit_rate,
            "saved_s": round(totals.saved_s, 3),
            "overhead_s": round(totals.overhead_s, 3),
            "stored_bytes": totals.stored_bytes,
            "restored_bytes": totals.restored_bytes,
        },
        "timeline": [_line(cell) for cell in state.cells],
        "faults": list(state.faults),
        "facts": dict(facts),
        "devices": [dict(device) for device in devices],
        "changes": changes,
    }


def _line(cell: CellState) -> dict[str, Any]:
    counts = Counter(node.status for node in cell.nodes)
    return {
        "number": cell.number,
        "execution": cell.execution,
        "kind": cell.kind,
        "cell": cell.cell,
        "phase": cell.phase,
        "title": _title(cell),
        "counts": dict(counts),
        "duration_s": round(sum(node.duration_s for node in cell.nodes), 4),
        "saved_s": round(sum(node.saved_s for node in cell.nodes), 4),
    }


def _title(cell: CellState) -> str:
    """Name a cell by its dearest component, else by its first."""
    dearest = max(cell.nodes, key=lambda node: node.duration_s + node.saved_s, default=None)
    return dearest.label if dearest is not None else ""


def shown_cell(cell: CellState) -> dict[str, Any]:
    """Return a cell with its components."""
    return {
        "number": cell.number,
        "execution": cell.execution,
        "kind": cell.kind,
        "cell": cell.cell,
        "phase": cell.phase,
        "started_s": cell.started_s,
        "overhead_s": round(cell.overhead_s, 4),
        "nodes": [_node(node) for node in cell.nodes],
    }


def _node(node: NodeState) -> dict[str, Any]:
    return {
        "label": node.label,
        "lines": [node.first_line, node.last_line],
        "needs": [list(need) for need in node.needs],
        "status": node.status,
        "reason": node.reason,
        "started_s": node.started_s,
        "duration_s": round(node.duration_s, 5),
        "saved_s": round(node.saved_s, 5),
        "size_bytes": node.size_bytes,
        "stored": node.was_stored,
        "device": node.device,
        "work": None if node.work is None else _told(node.work),
    }


def _told(work: BatchProgress) -> dict[str, Any]:
    return {name: value for name, value in asdict(work).items() if name != "is_over"}
