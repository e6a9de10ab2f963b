"""Running a program plainly and with the cache, and comparing after every cell."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fpcache.testing.sessions import Do, Row, Run, Transcript
from fpcache.testing.sessions.comparing import first_difference
from fpcache.testing.sessions.steps import Step

from .program import FILES, Program, Session

__all__ = ["Stage", "Verdict", "is_fickle", "place_for_programs", "play"]

_FEW = ("numpy", "pandas")
_USUAL = (*_FEW, "matplotlib.pyplot")
_LOADED = {
    "few": _FEW,
    "usual": _USUAL,
    "many": (*_USUAL, "sklearn.linear_model", "torch", "polars", "PIL.Image"),
}
# A program that never ends, or grows for ever, is to die alone.
_BOUND = (
    "import resource as r; r.setrlimit(r.RLIMIT_CPU, (20, 20)); r.setrlimit(r.RLIMIT_AS, (6 << 30, 6 << 30))"
)
# No judge looks at tracebacks, and to make one takes longer than all the rest of a session.
_SHORT_TRACEBACKS = Do("shell.InteractiveTB.set_mode('Minimal')")
# Takes the places that freed objects left, so that later ones get other addresses.
_HOLD = Do(
    "held = shell.__dict__.setdefault('_held', [])\n"
    "for make in (lambda: (lambda: 0), lambda: [0], lambda: {0: 0}, lambda: (object(),), lambda: {0},\n"
    "             object, lambda: type('T', (), {})() if len(held) % 40 == 0 else 0):\n"
    "    held.extend(make() for _ in range(300))"
)
_FORCE = "from fpcache.testing.programs.forcing import force; force({}, {}, {})"
_BREAK = "from fpcache.testing.programs.faults import break_fpcache; break_fpcache({!r})"
# A row's reason that tells of a fault in the cache itself, not of the user's code.
_FAULTS = ("the cache had a fault", "the cache can't be used", "could not be restored (", "is damaged (")
# Leaves free places in an order of its own, so that what is made next lies in that order.
_ORDERS = 6
_SCATTER = (
    "from random import Random\n"
    "made = [make() for _ in range(400) for make in (lambda: (lambda: 0), lambda: [0], lambda: {{0: 0}},\n"
    "        lambda: (object(),), lambda: {{0}}, object, lambda: (lambda x: lambda: x)(0))]\n"
    "Random({}).shuffle(made)\n"
    "shell.__dict__.setdefault('_held', []).extend(made[::2])\n"
    "while made: made.pop()"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of playing a program.

    Attributes
    ----------
    kind : str
        same, different, or discarded: where plain runs differ among themselves.
    session, cell : int
        Where they differ, from 1.
    differences : tuple of str
        How, in words.
    rows : tuple of Row
        What fpcache reported on the session's cells up to there.
    statuses : mapping of str to int
        How many components ended as what.
    refusals : mapping of str to int
        The reasons of those that were uncacheable.
    errors : int
        Cells that raised.
    """

    kind: str = "same"
    session: int = 0
    cell: int = 0
    differences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    statuses: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    cells: int = 0
    errors: int = 0

    def __str__(self) -> str:
        rows = "\n".join(f"  {row.status:<11} {row.name}  ({row.reason})" for row in self.rows)
        found = "\n".join(self.differences)
        return f"{self.kind}: session {self.session}, cell {self.cell}\n{found}\n{rows}"


@contextmanager
def place_for_programs() -> Iterator[Path]:
    """Give a directory to play in, in memory where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fpcache-", dir=memory if memory.is_dir() else None) as place:
        yield Path(place)


@dataclass(slots=True)
class Stage:
    """Where one program is played.

    Parameters
    ----------
    place : Path
        A directory of its own, which is emptied.
    fault : str
        The way in which fpcache is broken in cached sessions; one of `faults.FAULTS`.
    """

    place: Path
    fault: str = ""
    plain_runs: dict[tuple[tuple[str, ...], int, str], Run] = field(default_factory=dict)

    def plain(self, session: Session) -> Run:
        """Run a session without fpcache, or take what an equal one gave."""
        asked = session.texts(), session.seed, session.loaded
        if asked not in self.plain_runs:
            self.plain_runs[asked] = self.run(session, "plain")
        return self.plain_runs[asked]

    def cached(self, session: Session) -> Run:
        """Run a session with fpcache."""
        before = (Do(_FORCE.format(session.misses, session.plains, session.chance)),)
        breaking = (Do(_BREAK.format(self.fault)),) if self.fault else ()
        needs_chance = session.misses > 0 or session.plains > 0
        return self.run(session, session.mode, (*breaking, *(before if needs_chance else ())))

    def run(
        self, session: Session, mode: str, before: tuple[Step, ...] = (), after_each: tuple[Step, ...] = ()
    ) -> Run:
        """Run a session in a process of its own, with steps of the judge before it and after each cell."""
        preloaded = (*_present(_LOADED[session.loaded]), "fpcache.testing.programs.warming")
        settings = {"seed": session.seed, "preloaded": preloaded, "ready": True, "each_cell": True}
        transcript = Transcript(self.place, files=FILES, settings={**settings, "timeout_s": 60.0})
        bound = (Do(_BOUND),) if find_spec("resource") else ()
        cells = [step for text in session.texts() for step in (text, *after_each)]
        return transcript.run((*bound, _SHORT_TRACEBACKS, *before, *cells), mode=mode)


@cache
def _present(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return those modules whose package is installed."""
    return tuple(name for name in modules if find_spec(name.partition(".")[0]))


def play(program: Program, place: Path, fault: str = "") -> Verdict:
    """Run all sessions of a program with one cache, and each plainly; stop at the first difference."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    stage, so_far = Stage(place, fault), Verdict()
    for number, session in enumerate(program.sessions, 1):
        verdict = _judged(stage, session, so_far)
        if verdict.kind != "same":
            return replace(verdict, session=number)
        so_far = verdict
    return so_far


def _judged(stage: Stage, session: Session, so_far: Verdict) -> Verdict:
    """Judge one session; the counts go on from those so far."""
    try:
        plain = stage.plain(session)
    except RuntimeError as error:  # it ran too long, or ended Python
        return replace(so_far, kind="discarded", differences=(str(error),))
    try:
        cached = stage.cached(session)
    except RuntimeError as error:
        return replace(so_far, kind="different", differences=(str(error),))
    counted = _counted(so_far, cached)
    cell, found = first_difference(plain, cached)
    if found and is_fickle(stage, session, plain):
        return replace(counted, kind="discarded", cell=cell)
    if not found:
        found = [f"fault: {text}" for text in (*cached.faults, *_faults(cached))]
    rows = tuple(row for result in cached.cells[: cell or None] for row in result.rows)
    if not found:
        return counted
    return replace(counted, kind="different", cell=cell, differences=tuple(found), rows=rows)


def is_fickle(stage: Stage, session: Session, plain: Run) -> bool:
    """Whether a second plain run shows a difference too: in order of addresses, in time, in unseeded chance.

    Run by another process that waited, so that addresses are others; first
    with the same hash seed, then with the memory of what was freed taken, as
    two addresses that are equal by chance can make two texts one, then with
    free memory in another order, as that of two addresses is the same in every other run.
    """
    orders = ((Do(_SCATTER.format(number)),) for number in range(_ORDERS))
    for after_each in ((), (_HOLD,), *orders):
        if first_difference(plain, stage.run(session, "plain", after_each=after_each))[1]:
            return True
    if session.depends_on_text_order:
        return False
    other = stage.run(replace(session, seed=session.seed + 2), "plain")
    return bool(first_difference(plain, other)[1])


def _faults(cached: Run) -> Iterator[str]:
    for row in cached.rows():
        if any(text in row.reason for text in _FAULTS):
            yield f"{row.name}: {row.reason}"


def _counted(so_far: Verdict, cached: Run) -> Verdict:
    statuses, refusals = Counter(so_far.statuses), Counter(so_far.refusals)
    for row in cached.rows():
        statuses[row.status] += 1
        if row.status == "uncacheable":
            refusals[row.reason] += 1
    errors = sum(bool(cell.error) for cell in cached.cells)
    return replace(
        so_far,
        statuses=statuses,
        refusals=refusals,
        cells=so_far.cells + len(cached.cells),
        errors=so_far.errors + errors,
    )
