"""What the cache could save of a notebook, what it saves, and what it may cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fpcache.dependencies.entropy import NEW_SAMPLES
from fpcache.dependencies.random_states import NEVER_SEEDED
from fpcache.testing.sessions.results import CellResult, Row

from .running import NotebookRun, Statement

__all__ = ["BY_RULE", "DEAR_S", "DearStatement", "Gain", "dear_statements", "gain_of"]

DEAR_S = 0.01
# Reasons of components that always run.
BY_RULE = frozenset({"a definition", "an import", "a magic", "a shell command", "nothing to run"})
# Ends of reasons why a component has to run in each new kernel: a plain run draws another sample each time.
_OTHER_SAMPLES = (NEVER_SEEDED, NEW_SAMPLES)


@dataclass(frozen=True, slots=True)
class DearStatement:
    """A statement that took 10 ms or more in the plain run, and what the cache makes of it.

    Attributes
    ----------
    cell, line : int
        The cell's number, and the statement's first line in it.
    plain_s : float
        Seconds in the plain run.
    excluded : str
        Why no cache can save its time; ``""`` where one can.
    rows : tuple of Row or None
        What the cold run, the warm one and the one after that say of it.
    """

    cell: int
    line: int
    plain_s: float
    excluded: str
    rows: tuple[Row | None, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """Times of a notebook's runs, in seconds by the kernels' own clocks.

    Attributes
    ----------
    plain_s : float
        The quickest plain run.
    attainable_s : float
        What that spends in dear statements that can be cached.
    cached_s : tuple of float or None
        The cold run, the warm one, and the one after that.
    spent_s : tuple of float or None
        What the same runs spend of the attainable time, the cache's own work included.
    statements : tuple of DearStatement
        All dear ones.
    """

    plain_s: float
    attainable_s: float
    cached_s: tuple[float | None, ...]
    spent_s: tuple[float | None, ...]
    statements: tuple[DearStatement, ...]

    @property
    def cold_overhead(self) -> float | None:
        """The cold run's additional time as a part of the plain run's."""
        cold_s = self.cached_s[0] if self.cached_s else None
        return None if cold_s is None or not self.plain_s else cold_s / self.plain_s - 1


def dear_statements(statements: Iterable[Statement]) -> list[tuple[int, int]]:
    """Return cell number and line of the dear statements that don't raise, dearest first."""
    dear = [one for one in statements if one.duration_s >= DEAR_S and not one.raised]
    return [(one.cell, one.line) for one in sorted(dear, key=lambda one: -one.duration_s)]


def gain_of(plain: Sequence[NotebookRun], cached: Sequence[NotebookRun | None]) -> Gain:
    """Return what three cached runs cost and saved against the quickest plain one."""
    quickest = min(plain, key=lambda one: one.duration_s)
    dear = tuple(
        _judged(statement, cached) for statement in quickest.statements if statement.duration_s >= DEAR_S
    )
    attainable = [one for one in dear if not one.excluded]
    return Gain(
        plain_s=quickest.duration_s,
        attainable_s=sum(one.plain_s for one in attainable),
        cached_s=tuple(None if one is None else one.duration_s for one in cached),
        spent_s=tuple(None if one is None else _spent_s(one, quickest, attainable) for one in cached),
        statements=dear,
    )


def _judged(statement: Statement, cached: Sequence[NotebookRun | None]) -> DearStatement:
    rows = tuple(None if one is None else _row_of(one, statement.cell, statement.line) for one in cached)
    excluded = "raises" if statement.raised else _exclusion(rows)
    return DearStatement(statement.cell, statement.line, statement.duration_s, excluded, rows)


def _row_of(told: NotebookRun, number: int, line: int) -> Row | None:
    """Return what a run says of the component in which a statement is."""
    if number > len(told.run.cells):
        return None
    rows = told.run.cells[number - 1].rows
    return next((row for row in rows if row.lines[0] <= line <= row.lines[1]), None)


def _exclusion(rows: Sequence[Row | None]) -> str:
    """Say why the time of a component can't be saved; ``""`` where it can.

    That it is dear to fingerprint or quicker than before is no excuse.
    """
    cold, last = (rows[0], rows[-1]) if rows else (None, None)
    for row in (cold, last):  # a cold run that had spent its purse refuses nothing yet
        if row is not None and row.status == "uncacheable":
            return f"refused: {row.reason}"
    if last is not None and last.status == "miss" and last.reason.endswith(_OTHER_SAMPLES):
        return last.reason
    return cold.reason if cold is not None and cold.status == "plain" and cold.reason in BY_RULE else ""


def _spent_s(told: NotebookRun, plain: NotebookRun, attainable: Sequence[DearStatement]) -> float:
    """Return what the cells with attainable statements took beyond what can't be saved of them."""
    spent_s = 0.0
    for number in {one.cell for one in attainable}:
        if number <= len(told.run.cells):
            lines = [one.line for one in attainable if one.cell == number]
            beside_s = _beside_s(plain, number)
            spent_s += _spent_in_cell_s(told.run.cells[number - 1], lines, beside_s)
    return spent_s


def _beside_s(plain: NotebookRun, number: int) -> float:
    """Return what a cell took in the plain run outside of its statements: messages, pending figures."""
    in_statements_s = sum(one.duration_s for one in plain.statements if one.cell == number)
    return max(0.0, plain.run.cells[number - 1].duration_s - in_statements_s)


def _spent_in_cell_s(cell: CellResult, lines: Sequence[int], beside_s: float) -> float:
    """Return a cell's time without its other components; at least what its own say."""
    is_own = [any(row.lines[0] <= line <= row.lines[1] for line in lines) for row in cell.rows]
    seconds = [float(row.facts["duration_s"]) for row in cell.rows]
    own_s = sum(one for one, own in zip(seconds, is_own, strict=True) if own)
    others_s = sum(seconds) - own_s
    return max(own_s, cell.duration_s - others_s - beside_s)
