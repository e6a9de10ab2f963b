"""The one interface of all runners, and the runner that takes the nodes in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fpcache.graph.node_steps import NodeStep
from fpcache.graph.running import Hook, Outcome, drive, run_in_order

__all__ = ["InOrder", "Runner"]


class Runner(Protocol):
    """Asks, restores and executes the nodes of one run."""

    def run(self, steps: Sequence[NodeStep], hooks: Sequence[Hook]) -> list[Outcome]:
        """Run all steps, each after those of them that it needs.

        Parameters
        ----------
        steps : sequence of NodeStep
            In an order in which each comes after what it needs; what else they need is known.
        hooks : sequence of Hook
            Told of every step, by one thread at a time.

        Returns
        -------
        list of Outcome
            One for each step, in the order in which they ended.

        Raises
        ------
        Exception
            What the first failing node raised. What others gave is stored by then.
        """


@dataclass(frozen=True, slots=True)
class InOrder:
    """Runs one node after the other, in this thread."""

    def run(self, steps: Sequence[NodeStep], hooks: Sequence[Hook]) -> list[Outcome]:
        """Run all steps; see `Runner`."""
        return drive(run_in_order(steps, hooks))
