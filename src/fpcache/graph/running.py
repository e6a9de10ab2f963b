"""Runs steps one after the other: ask, then restore or execute.

Notebook cells and hand-written graphs run through this one function. A step
is asked just before its turn, when its inputs are real, so that a result that
came out as before lets everything below it hit.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

__all__ = ["LOST", "FingerprintStatus", "Hook", "Outcome", "Step", "drive", "ran_after", "run_in_order"]

LOST = "its stored output is lost or damaged"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FingerprintStatus:
    """What asking a step gave: whether its result is known, and why or why not.

    Attributes
    ----------
    output_fingerprint : str or None
        The fingerprint of the known result; None for a miss, which as an
        input never matches anything.
    is_hit : bool
        Whether a result can be restored.
    reason : str
        For people: "found", "`df` changed", "reads the calendar".
    key : str
        The fingerprint key that was looked up; empty where none was made.
    verdict : str
        ``"hit"``, ``"miss"``, ``"uncacheable"`` or ``"plain"``.
    found : object
        What ``restore`` needs of what was found; opaque to the runner.
    against : str
        The id of the stored entry that a miss was compared with, if any.
    broken : tuple of (str, str)
        Kind and name of the dependency of that entry that did not hold; empty where it was none.
    """

    output_fingerprint: str | None
    is_hit: bool
    reason: str
    key: str = ""
    verdict: str = ""
    found: object = None
    against: str = ""
    broken: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.verdict:
            object.__setattr__(self, "verdict", "hit" if self.is_hit else "miss")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended.

    Attributes
    ----------
    name : str
        The step's name.
    status : FingerprintStatus
        What it said when asked; a miss where what was found could not be restored.
    was_restored : bool
        True where its result was restored; False where it was executed.
    failed : bool
        Whether executing it failed; nothing ran after it.
    duration_s : float
        Seconds that restoring or executing took.
    where : str
        The address of the worker that executed it; empty for this process.
    """

    name: str
    status: FingerprintStatus
    was_restored: bool
    failed: bool
    duration_s: float
    where: str = ""


class Step(Protocol):
    """One unit of work that may be restored instead of executed."""

    @property
    def name(self) -> str:
        """The name that outcomes and errors use."""

    def ask(self) -> FingerprintStatus:
        """Say whether the result is known, given the inputs as they are now."""

    def restore(self, status: FingerprintStatus) -> bool:
        """Restore the known result; False where that can't be done after all."""

    async def execute(self) -> bool:
        """Run for real; True means failed, and nothing further is run."""


class Hook(Protocol):
    """Is told of each step as it goes; must not raise."""

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        """Note what `step` said when it was asked."""

    def on_start(self, step: Any) -> None:
        """Note that `step` is about to be executed."""

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        """Note how `step` ended."""


async def run_in_order(steps: Iterable[Step], hooks: Sequence[Hook] = ()) -> list[Outcome]:
    """Ask each step in turn, then restore or execute it, and stop at a failure.

    Parameters
    ----------
    steps : iterable of Step
        In an order in which each comes after what it needs. Drawn from one at
        a time: a generator may decide the next step after the last one ended.
    hooks : sequence of Hook
        Told of every status, start and end, in this order.

    Returns
    -------
    list of Outcome
        One for each step that was asked; the last one may have failed.

    Examples
    --------
    >>> drive(run_in_order([]))
    []
    """
    outcomes = []
    for step in steps:
        outcome = await _run_step(step, hooks)
        outcomes.append(outcome)
        if outcome.failed:
            break
    return outcomes


async def _run_step(step: Step, hooks: Sequence[Hook]) -> Outcome:
    status = step.ask()
    for hook in hooks:
        hook.on_status(step, status)
    started = time.perf_counter()
    restored = status.is_hit and step.restore(status)
    failed = False
    try:
        if not restored:
            for hook in hooks:
                hook.on_start(step)
            failed = True  # holds also when execute raises or is cancelled
            failed = await step.execute()
    finally:
        took_s = time.perf_counter() - started
        outcome = Outcome(step.name, status if restored else ran_after(status), restored, failed, took_s)
        for hook in hooks:
            hook.on_finish(step, outcome)
    return outcome


def ran_after(status: FingerprintStatus) -> FingerprintStatus:
    """Return what is to be said of a step that had to run, whatever was found before."""
    return replace(status, is_hit=False, verdict="miss", reason=LOST) if status.is_hit else status


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits to its end, without an event loop.

    Explicit graphs are called from plain code, also where a loop is already
    running (a notebook), so no loop is started for them.

    Raises
    ------
    RuntimeError
        If the coroutine waits for something.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a step waits for something; await run_in_order(...) instead of driving it")
