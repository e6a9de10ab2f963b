"""Playing many random programs, and making those that fail small."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .grammar.choosing import without_surprises
from .grammar.programs import programs
from .playing import Verdict, play
from .program import Program
from .pruning import pruned

__all__ = ["Find", "Tally", "search"]

BATCH = 20


@dataclass(frozen=True, slots=True)
class Find:
    """A program on which a cached session was not a plain one.

    Attributes
    ----------
    batch : tuple of int
        Seed and number of the batch in which it was found.
    program, original : Program
        Made small, and as it was drawn.
    verdict : Verdict
        Of the small one.
    """

    batch: tuple[int, int]
    program: Program
    original: Program
    verdict: Verdict


@dataclass(slots=True)
class Tally:
    """What a search has seen so far."""

    programs: int = 0
    sessions: int = 0
    cells: int = 0
    errors: int = 0
    discarded: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    finds: list[Find] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, program: Program, verdict: Verdict) -> None:
        """Count one program."""
        self.programs += 1
        self.sessions += len(program.sessions)
        self.cells += verdict.cells
        self.errors += verdict.errors
        self.discarded += verdict.kind == "discarded"
        self.statuses += verdict.statuses
        self.refusals += verdict.refusals

    def take_in(self, other: Tally) -> None:
        """Add what another search has seen."""
        for name in ("programs", "sessions", "cells", "errors", "discarded", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.statuses += other.statuses
        self.refusals += other.refusals
        self.finds += other.finds

    @property
    def hit_share(self) -> float:
        """The share of hits among components that could have been one."""
        counted = sum(self.statuses[status] for status in ("hit", "miss", "uncacheable"))
        return self.statuses["hit"] / counted if counted else 0.0

    def __str__(self) -> str:
        statuses = ", ".join(f"{count} {status}" for status, count in self.statuses.most_common())
        return (
            f"{self.programs} programs, {self.sessions} sessions, {self.cells} cached cells"
            f" ({self.errors} raised), {self.discarded} discarded; {statuses};"
            f" hit share {self.hit_share:.0%}; {len(self.finds)} wrong"
        )


class _Enough(Exception):
    """Ends a batch early; goes through Hypothesis."""


@dataclass(slots=True)
class _Judge:
    """Plays the programs of one batch, each once, and keeps those that fail."""

    place: Path
    fault: str
    tally: Tally
    known: dict[Program, Verdict] = field(default_factory=dict)
    failed: list[Program] = field(default_factory=list)

    def __call__(self, program: Program) -> None:
        if self.verdict(program).kind == "different":
            self.failed.append(program)
            if self.fault:
                raise _Enough

    def verdict(self, program: Program) -> Verdict:
        """Return what came of a program."""
        if program not in self.known:
            self.known[program] = play(program, self.place, self.fault)
            self.tally.add(program, self.known[program])
        return self.known[program]

    def find(self, program: Program, batch: tuple[int, int], shrink: bool) -> Find:
        """Return a program that failed, made small if that is wanted."""
        verdicts = {program: self.known[program]}

        def fails(smaller: Program) -> bool:
            verdicts[smaller] = play(smaller, self.place, self.fault)
            return verdicts[smaller].kind == "different"

        small = program
        if shrink:
            cut = program.until(verdicts[program].session, verdicts[program].cell)
            small = pruned(cut if cut != program and fails(cut) else program, fails)
        return Find(batch, small, program, verdicts[small])


def search(
    count: int,
    seed: int,
    place: Path,
    *,
    fault: str = "",
    shrink: bool = True,
    first: int = 0,
    step: int = 1,
    told: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Play random programs in batches.

    Parameters
    ----------
    count : int
        How many programs in all batches.
    seed : int
        Decides the programs, with the number of the batch.
    place : Path
        A directory to play in.
    fault : str
        A way to break fpcache; the search ends with the first find then.
    shrink : bool
        Whether to make small what fails.
    first, step : int
        The first batch, and the distance to the next: for searches side by side.
    told : callable
        Called with the tally after each batch.
    """
    tally, started = Tally(), time.perf_counter()
    for number, size in _batches(count, first, step):
        judge = _Judge(place / "program", fault, tally)
        run = without_surprises(judge, programs(), seed * 1_000_003 + number, size)
        with contextlib.suppress(_Enough), warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            run()
        for program in dict.fromkeys(judge.failed):
            is_new = _is_new(judge.known[program], tally)
            tally.finds.append(judge.find(program, (seed, number), shrink and is_new))
        tally.seconds = time.perf_counter() - started
        told(tally)
        if fault and tally.finds:
            break
    return tally


def _is_new(verdict: Verdict, tally: Tally) -> bool:
    """Whether no find so far begins to differ alike: those need not be made small."""
    return all(find.verdict.differences[:1] != verdict.differences[:1] for find in tally.finds)


def _batches(count: int, first: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers and sizes of one searcher's batches."""
    for number in range(first, -(-count // BATCH), step):
        yield number, min(BATCH, count - number * BATCH)
