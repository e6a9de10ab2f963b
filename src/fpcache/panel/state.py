"""What a dashboard shows of a session, as immutable values."""

from __future__ import annotations

from dataclasses import dataclass

from fpcache.events import BatchProgress

__all__ = ["CELLS_KEPT", "CellState", "NodeState", "SessionState", "Totals"]

CELLS_KEPT = 100
"""As many as the session keeps reports of."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """One component of a cell.

    Attributes
    ----------
    status : str
        ``waiting``, ``running``, ``restoring``, ``hit``, ``miss``, ``uncacheable``, ``plain``, ``failed``,
        ``joined`` (an earlier component took it in), ``pruned`` or ``skipped`` (the cell ended before).
    needs : tuple of (int, str)
        Indexes of the components whose names it reads, each with the name.
    started_s : float
        Seconds since the epoch; 0 where that was not told.
    work : BatchProgress or None
        The batch that it runs now, if it does.
    """

    label: str
    first_line: int
    last_line: int
    needs: tuple[tuple[int, str], ...] = ()
    status: str = "waiting"
    reason: str = ""
    started_s: float = 0.0
    duration_s: float = 0.0
    saved_s: float = 0.0
    size_bytes: int = 0
    was_stored: bool = False
    device: str = ""
    work: BatchProgress | None = None


@dataclass(frozen=True, slots=True)
class CellState:
    """One run of a cell, or of a hand-written graph.

    Attributes
    ----------
    number : int
        Its number in the session.
    execution : int
        The number in its prompt.
    kind : str
        ``cell`` or ``graph``.
    phase : str
        ``running``, ``finished`` or ``failed``.
    started_s : float
        Seconds since the epoch.
    """

    number: int
    cell: str
    execution: int = 0
    nodes: tuple[NodeState, ...] = ()
    phase: str = "running"
    kind: str = "cell"
    started_s: float = 0.0
    overhead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all cells of the session, also those that are no longer kept."""

    hits: int = 0
    misses: int = 0
    uncacheable: int = 0
    plain: int = 0
    saved_s: float = 0.0
    overhead_s: float = 0.0
    stored_bytes: int = 0
    restored_bytes: int = 0

    @property
    def hit_rate(self) -> float | None:
        """Hits among hits, misses and refusals; None before the first of them."""
        asked = self.hits + self.misses + self.uncacheable
        return self.hits / asked if asked else None


@dataclass(frozen=True, slots=True)
class SessionState:
    """All that was seen of a session.

    Attributes
    ----------
    cells : tuple of CellState
        The last ones, the newest last.
    faults : tuple of str
        What was wrong with the cache, the newest last.
    """

    cells: tuple[CellState, ...] = ()
    totals: Totals = Totals()
    faults: tuple[str, ...] = ()

    def has_cell(self, number: int) -> bool:
        """Whether the cell of this number is among them."""
        return any(cell.number == number for cell in reversed(self.cells))
