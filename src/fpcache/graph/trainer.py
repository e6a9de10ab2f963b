"""Runs a hand-written graph: input nodes, fingerprint run, prune, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fpcache.graph.cache import OutputCache
from fpcache.graph.fingerprint_run import fingerprint_run, prune
from fpcache.graph.node_steps import GraphRun, NodeStep
from fpcache.graph.running import FingerprintStatus, Hook, Outcome, drive, run_in_order
from fpcache.graph.schema import GraphSchema
from fpcache.graph.validation import validate
from fpcache.graph.watching import GraphWatcher, watchers

__all__ = ["GraphTrainer", "TrainingResult"]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run of a graph gave.

    Attributes
    ----------
    outputs : mapping of str to object
        The targets' values, by node name.
    executed : tuple of str
        The names of the nodes that ran for real, in order.
    outcomes : tuple of Outcome
        How each node ended that was not pruned away, in order.
    forecast : mapping of str to FingerprintStatus
        What the fingerprint run said; empty with ``force=True``.
    notes : mapping of str to str
        Why an output was not stored, by node name.
    """

    outputs: Mapping[str, object]
    executed: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    forecast: Mapping[str, FingerprintStatus]
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GraphTrainer:
    """Trains graphs against one cache.

    Attributes
    ----------
    cache : OutputCache
        Where outputs are kept.
    hooks : sequence of Hook
        Told of every node.
    """

    cache: OutputCache
    hooks: Sequence[Hook] = ()

    def train(
        self, schema: GraphSchema, *, targets: Iterable[str] | None = None, force: bool = False
    ) -> TrainingResult:
        """Run what must be run, restore what is known, and return the targets' values.

        Parameters
        ----------
        schema : GraphSchema
            The graph.
        targets : iterable of str, optional
            The nodes to be targets instead of those that the schema marks.
        force : bool
            Run every needed node, and store the results anew.

        Raises
        ------
        GraphSchemaError
            If the schema can't run.
        Exception
            What a node raised, with a note that names the node. What earlier
            nodes gave is stored by then.
        """
        wanted = schema.minimal(targets)
        validate(wanted)
        run = GraphRun(wanted, self.cache, force)
        looking_on = watchers(run)
        failed = True
        try:
            result = self._trained(run, looking_on)
            failed = False
            return result
        finally:
            for watcher in looking_on:
                watcher.on_end(failed)

    def _trained(self, run: GraphRun, looking_on: Sequence[GraphWatcher]) -> TrainingResult:
        schema, hooks = run.schema, [*self.hooks, *looking_on]
        outcomes = _run([NodeStep(name, run) for name in run.input_names()], hooks)
        run.expect({} if run.force else fingerprint_run(schema, run.components, run.fingerprints))
        order = prune(schema, run.forecast).order()
        for watcher in looking_on:
            watcher.on_pruned({name: run.forecast[name] for name in run.forecast if name not in order})
        run.prepare(order)
        outcomes += _run([NodeStep(name, run) for name in order if not schema[name].is_input], hooks)
        outputs = {name: run.value(name) for name in schema.targets()}
        return TrainingResult(outputs, tuple(run.executed), tuple(outcomes), run.forecast, run.notes)


def _run(steps: Iterable[NodeStep], hooks: Sequence[Hook]) -> list[Outcome]:
    return drive(run_in_order(steps, hooks))
