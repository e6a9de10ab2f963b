"""Runs a hand-written graph: input nodes, fingerprint run, prune, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fpcache.graph.cache import OutputCache
from fpcache.graph.fingerprint_run import fingerprint_run, prune
from fpcache.graph.models import Model, start_from, with_resources
from fpcache.graph.node_steps import GraphRun, NodeStep
from fpcache.graph.resources import ModelStorage, Resource
from fpcache.graph.runners import InOrder, Runner
from fpcache.graph.running import FingerprintStatus, Hook, Outcome
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
    schema : GraphSchema
        What was run: the targets and all they need.
    fingerprints : mapping of str to (str or None)
        The outputs' fingerprints by node name, as far as they are known.
    storage : ModelStorage
        Where the resources are that nodes wrote.
    """

    outputs: Mapping[str, object]
    executed: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    forecast: Mapping[str, FingerprintStatus]
    notes: Mapping[str, str]
    schema: GraphSchema
    fingerprints: Mapping[str, str | None]
    storage: ModelStorage

    @property
    def model(self) -> Model:
        """What was trained: the resources among the targets' values, with the schema."""
        resources = {name: value for name, value in self.outputs.items() if isinstance(value, Resource)}
        return Model(self.schema, self.storage, resources)


@dataclass(frozen=True, slots=True)
class GraphTrainer:
    """Trains graphs against one cache.

    Attributes
    ----------
    cache : OutputCache
        Where outputs are kept.
    hooks : sequence of Hook
        Told of every node.
    runner : Runner
        Where nodes run: `InOrder`, `Threads` or `Dask`.
    """

    cache: OutputCache
    hooks: Sequence[Hook] = ()
    runner: Runner = field(default_factory=InOrder)

    def train(
        self,
        schema: GraphSchema,
        *,
        targets: Iterable[str] | None = None,
        force: bool = False,
        storage: ModelStorage | None = None,
        base: Model | None = None,
        is_finetuning: bool = False,
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
        storage : ModelStorage, optional
            Where nodes write resources; by default a directory that is deleted with the result.
        base : Model, optional
            The model whose resources nodes load that name one (``SchemaNode.resource``).
        is_finetuning : bool
            Go on with `base`: a component whose node has a resource there, by its name, is made by ``load``.

        Raises
        ------
        GraphSchemaError
            If the schema can't run, or names a resource that `base` doesn't have.
        Exception
            What a node raised, with a note that names the node. What earlier
            nodes gave is stored by then.
        """
        wanted = schema.minimal(targets)
        start = start_from(storage, base, is_finetuning)
        wanted = with_resources(wanted, start)
        validate(wanted)
        run = GraphRun(wanted, self.cache, force, start)
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
        outcomes = self.runner.run([NodeStep(name, run) for name in run.input_names()], hooks)
        run.expect({} if run.force else fingerprint_run(schema, run.components, run.fingerprints))
        order = prune(schema, run.forecast).order()
        for watcher in looking_on:
            watcher.on_pruned({name: run.forecast[name] for name in run.forecast if name not in order})
        run.prepare(order)
        left = [NodeStep(name, run) for name in order if not schema[name].is_input]
        outcomes += self.runner.run(left, hooks)
        outputs = {name: run.value(name) for name in schema.targets()}
        return TrainingResult(
            outputs,
            tuple(run.executed),
            tuple(outcomes),
            run.forecast,
            run.notes,
            schema,
            dict(run.fingerprints),
            run.storage,
        )
