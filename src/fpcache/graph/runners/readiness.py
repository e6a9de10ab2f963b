"""Which steps can begin, as others end."""

from __future__ import annotations

from collections.abc import Sequence

from fpcache.graph.node_steps import NodeStep

__all__ = ["Readiness"]


class Readiness:
    """Hands out each step once all that it needs have ended.

    Parameters
    ----------
    steps : sequence of NodeStep
        What a node needs and isn't among them is known.
    """

    def __init__(self, steps: Sequence[NodeStep]) -> None:
        names = {step.name for step in steps}
        self._steps = {step.name: step for step in steps}
        self._missing = {step.name: set(step.needs) & names for step in steps}

    def take(self) -> list[NodeStep]:
        """Return the steps that can begin now and were not returned before, in order."""
        ready = [name for name, missing in self._missing.items() if not missing]
        for name in ready:
            del self._missing[name]
        return [self._steps[name] for name in ready]

    def end(self, step: NodeStep) -> None:
        """Note that a step has ended."""
        for missing in self._missing.values():
            missing.discard(step.name)
