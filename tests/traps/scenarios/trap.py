"""One scenario: what it is made of, and what has to come of it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fpcache.testing.sessions.steps import Cells, Edit, Step, edited, steps_of

__all__ = ["Trap"]

_SLOW = "import time\ndef slow(value):\n    time.sleep({})\n    return value"
_STATUS_OF = {"R": "miss", "H": "hit", "E": ""}


@dataclass(frozen=True, slots=True)
class Trap:
    """One scenario.

    Attributes
    ----------
    number : int
        Its number; one that is several cases has several rows.
    title : str
        What happens.
    verdict : str
        R: the judged statement must run again after the change. H: it should
        hit. E: hit or run, all effects must be those of a plain run.
    cells : str or sequence of Step
        The cells; a text is cut at lines that begin with ``# %%``.
    edits : sequence of tuple of str
        The change: old and new texts in the cells.
    changed : str or sequence of Step
        The cells after the change, where that is no edit of a few words.
    call : str
        The judged statement's text, or how it begins; by default the line that
        begins with ``out =``.
    reason : str
        R: what the reason has to say of the cause.
    auto, explicit : str
        The statuses that the judged statement has to have after the change, if
        others than the verdict says: ``"miss, hit"`` where it is run twice.
    again : str
        The statuses in a further run of the changed cells; by default a hit
        where the run before was a miss. ``"any"`` asks for nothing.
    files, changed_files : mapping
        The working directory before each run; after the change.
    environment, changed_environment : mapping
        Likewise the environment.
    seeds : tuple of int
        Hash seeds of the run before the change, and of those after it.
    needs : tuple of str
        Optional libraries.
    ignore, mask, states
        What may differ from a plain run; see ``assert_same``.
    slow : bool or tuple of str
        How the judged statement is made slow: True for passing its value
        through a slow function, an edit, or False where it can't be.
    told : str
        What the judged statement's row has to say beside its reason.
    needless : str
        Why a run is put up with where a hit would have been right.
    """

    number: int
    title: str
    verdict: str
    cells: Cells
    edits: Sequence[Edit] = ()
    changed: Cells = ""
    call: str = ""
    reason: str = ""
    auto: str = ""
    explicit: str = ""
    again: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    changed_files: Mapping[str, str | bytes] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    changed_environment: Mapping[str, str] | None = None
    seeds: tuple[int, int] = (1, 2)
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    mask: str = ""
    states: bool = True
    slow: bool | Edit = True
    told: str = ""
    needless: str = ""

    @property
    def name(self) -> str:
        """The number and the title."""
        return f"{self.number} {self.title}"

    @property
    def judged(self) -> str:
        """The judged statement's text, or how it begins."""
        if self.call:
            return self.call
        lines = [line for step in self.first() if isinstance(step, str) for line in step.splitlines()]
        return next(line for line in lines if line.startswith("out ="))

    def first(self) -> tuple[Step, ...]:
        """Return the cells before the change."""
        return steps_of(self.cells)

    def second(self) -> tuple[Step, ...]:
        """Return the cells after the change."""
        return edited(steps_of(self.changed) if self.changed else self.first(), self.edits)

    def statuses(self, mode: str) -> str:
        """Return the statuses that the judged statement has to have after the change; "" for any."""
        given = self.explicit if mode == "explicit" else ""
        return given or self.auto or _STATUS_OF[self.verdict]

    def statuses_again(self, mode: str) -> str:
        """Return the statuses of the judged statement in a further run after the change."""
        return "" if self.again == "any" else self.again or self.statuses(mode).replace("miss", "hit")

    def can_be_slow(self) -> bool:
        """Whether there is a way to make the judged statement slow."""
        return self.verdict in "RH" and (isinstance(self.slow, tuple) or (self.slow and self._is_slowable()))

    def _is_slowable(self) -> bool:
        try:
            (statement,) = ast.parse(self.judged).body
        except SyntaxError:
            return False
        return isinstance(statement, (ast.Assign, ast.Expr))

    @property
    def is_changed(self) -> bool:
        """Whether anything differs after the change; else the second session is just another one."""
        outside = self.changed_files is not None or self.changed_environment is not None
        return outside or self.first() != self.second()

    def slowed(self, steps: Sequence[Step], pause_s: float) -> tuple[Step, ...]:
        """Return cells in which the judged statement takes a while."""
        if isinstance(self.slow, tuple):
            old, new = self.slow
        else:
            old, new = self.judged, self.slow_judged()
        return (
            _SLOW.format(pause_s),
            *(step.replace(old, new) if isinstance(step, str) else step for step in steps),
        )

    def slow_judged(self) -> str:
        """Return the judged statement's text where it is made slow."""
        if isinstance(self.slow, tuple):
            return self.judged.replace(*self.slow)
        statement = ast.parse(self.judged).body[0]
        assert isinstance(statement, (ast.Assign, ast.Expr))
        text = ast.get_source_segment(self.judged, statement.value)
        return self.judged.replace(str(text), f"slow({text})")
