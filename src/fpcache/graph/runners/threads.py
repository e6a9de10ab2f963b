"""Runs nodes that don't need each other at the same time, in threads of this process."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from fpcache.graph.node_steps import NodeStep
from fpcache.graph.runners.readiness import Readiness
from fpcache.graph.running import FingerprintStatus, Hook, Outcome, drive, run_in_order

__all__ = ["Threads"]


@dataclass(frozen=True, slots=True)
class Threads:
    """Runs independent nodes in threads: for nodes that wait, or whose libraries let go of the interpreter.

    Only the nodes' own code runs at the same time; what it must not do at once it has to lock itself.
    Keys, look-ups and storing are done one at a time, so results are those of the nodes in order, but for
    nodes that change an input in place while another one reads it.

    Attributes
    ----------
    workers : int or None
        At most so many nodes at a time; None leaves that to Python.
    """

    workers: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be 1 or more, not {self.workers}")

    def run(self, steps: Sequence[NodeStep], hooks: Sequence[Hook]) -> list[Outcome]:
        """Run all steps; see `Runner`. After a failure no further node begins."""
        readiness, told = Readiness(steps), [_OneAtATime(hook, steps[0].run.lock) for hook in hooks if steps]
        running: dict[Future[list[Outcome]], NodeStep] = {}
        outcomes: list[Outcome] = []
        failures: list[BaseException] = []
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fpcache-graph")
        try:
            while True:
                for step in [] if failures else readiness.take():
                    running[pool.submit(contextvars.copy_context().run, _run_one, step, told)] = step
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    step, failure = running.pop(future), future.exception()
                    if failure is None:
                        outcomes += future.result()
                        readiness.end(step)
                    else:
                        failures.append(failure)
        finally:
            # After Ctrl-C what is running is not waited for: a second one would be needed to get out.
            pool.shutdown(wait=False, cancel_futures=True)
        if failures:
            raise failures[0]
        return outcomes


def _run_one(step: NodeStep, hooks: Sequence[Hook]) -> list[Outcome]:
    return drive(run_in_order([step], hooks))


@dataclass(frozen=True, slots=True)
class _OneAtATime:
    """A hook that is never told two things at once."""

    hook: Hook
    lock: threading.RLock

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        with self.lock:
            self.hook.on_status(step, status)

    def on_start(self, step: Any) -> None:
        with self.lock:
            self.hook.on_start(step)

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        with self.lock:
            self.hook.on_finish(step, outcome)
