"""One run of a hand-written graph: its values so far, and its nodes as steps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fpcache.errors import StoreError, UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints.records import MISSING
from fpcache.graph.cache import CachedOutput, OutputCache
from fpcache.graph.component import ExecutionContext, make_runnable
from fpcache.graph.describing import given, source_of
from fpcache.graph.executing import Executed, call, fingerprint_of, judged
from fpcache.graph.fingerprint_run import FingerprintComponent, PrecomputedValueProvider
from fpcache.graph.keys import key_of
from fpcache.graph.own_code import OwnCode
from fpcache.graph.resources import ModelStorage, Resource
from fpcache.graph.running import FingerprintStatus
from fpcache.graph.schema import GraphSchema

__all__ = ["GraphRun", "NodeStep", "Start"]

logger = logging.getLogger("fpcache")

INPUT_STATUS = FingerprintStatus(None, False, "an input node always runs", verdict="plain")
FORCED_STATUS = FingerprintStatus(None, False, "forced")


@dataclass(frozen=True, slots=True)
class Start:
    """What a run starts from: a storage, and the resources of an earlier model where there is one."""

    storage: ModelStorage = field(default_factory=ModelStorage)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    is_finetuning: bool = False


@dataclass(slots=True)
class GraphRun:
    """What is known while one graph runs.

    Its steps may be asked, restored and executed in several threads: all but the nodes' own code runs
    under its lock.
    """

    schema: GraphSchema
    cache: OutputCache
    force: bool
    start: Start = field(default_factory=Start)
    forecast: Mapping[str, FingerprintStatus] = field(default_factory=dict)
    fingerprints: dict[str, str | None] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    components: dict[str, FingerprintComponent] = field(init=False)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _providers: dict[str, PrecomputedValueProvider] = field(default_factory=dict)
    _runnables: dict[str, Callable[..., Any]] = field(default_factory=dict)
    _sources: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.components = {
            name: FingerprintComponent(
                name, node, self.cache, self.context(name) if node.is_component else None
            )
            for name, node in self.schema.nodes.items()
            if not node.is_input
        }
        for component in self.components.values():
            component.peers = self.components

    @property
    def storage(self) -> ModelStorage:
        """Where resources are."""
        return self.start.storage

    def context(self, name: str) -> ExecutionContext:
        """Return what a node's component is told of where it runs."""
        wanted = self.schema[name].resource
        resource = None if wanted is None else self.start.resources[wanted]
        return ExecutionContext(self.schema, name, self.storage, resource, self.start.is_finetuning)

    def input_names(self) -> list[str]:
        """Return the names of the input nodes."""
        return [name for name in self.schema if self.schema[name].is_input]

    def expect(self, forecast: Mapping[str, FingerprintStatus]) -> None:
        """Take over what the fingerprint run found, also for nodes that are pruned away."""
        self.forecast = forecast
        for name, status in forecast.items():
            if status.is_hit:
                self.fingerprints[name] = status.output_fingerprint

    def prepare(self, names: Iterable[str]) -> None:
        """Construct the eager components among the nodes that will run."""
        for name in names:
            status = self.forecast.get(name)
            if self.schema[name].eager and not (status and status.is_hit):
                self._runnable(name)

    def status(self, name: str) -> FingerprintStatus:
        """Ask a node, given what its inputs really are by now."""
        if self.schema[name].is_input:
            return INPUT_STATUS
        if self.force:
            self.components[name].look()
            return FORCED_STATUS
        with self.lock:
            for need in self.schema[name].needs.values():
                if need not in self.fingerprints:  # what was known of it no longer counts
                    self._again(need)
            return self.components[name].status(self.input_fingerprints(name))

    def restore(self, name: str, found: CachedOutput) -> bool:
        """Take a node's value from the cache: a target's now, another's when it is needed."""
        with self.lock:
            provider = self._cached(name, found)
            if self.schema[name].is_target and not self._loads(provider):
                return False
            self._settle(name, provider)
            return True

    def value(self, name: str) -> object:
        """Return a node's value; runs the node where the cache lost it meanwhile."""
        with self.lock:
            if name not in self.fingerprints and name in self.components:
                self._again(name)
            provider = self._providers.get(name) or self._forecast_provider(name)
            if provider is None or not self._loads(provider):
                self.execute(name)
                provider = self._providers[name]
            self._settle(name, provider)
            return provider.value()

    def _again(self, name: str) -> None:
        """Ask a node that was known before another one changed what it is made of."""
        status = self.status(name)
        found = status.found
        if not (status.is_hit and isinstance(found, CachedOutput) and self.restore(name, found)):
            self.execute(name)

    def execute(self, name: str) -> None:
        """Run a node for real and store what it gave."""
        with self.lock:
            inputs = {parameter: self.value(need) for parameter, need in self.schema[name].needs.items()}
            before = self.input_fingerprints(name)
            self.executed.append(name)
            code = self._code(name)
        value, duration_s = call(
            name, self.schema[name], lambda **given: self._runnable(name)(**given), inputs
        )
        with self.lock:
            self._take(name, judged(value, duration_s, inputs, before, code), before)

    def take_elsewhere(
        self, name: str, found: CachedOutput | None, executed: Executed, before: Mapping[str, str | None]
    ) -> None:
        """Take over what another process made of a node, given what it was sent: stored there, or at hand."""
        with self.lock:
            self.executed.append(name)
            if found is not None:
                self.keys[name] = found.key
                self._settle(name, self._cached(name, found))
            else:
                self._take(name, executed, before)

    def given(self, name: str) -> list[dict[str, str]]:
        """Describe what a node is given, as far as that is known by now; none of it takes part in a key."""
        with self.lock:
            node, digests = self.schema[name], self.input_fingerprints(name)
            known = {parameter: digest for parameter, digest in digests.items() if digest is not None}
            values = {parameter: self.known_value(need) for parameter, need in node.needs.items()}
            at_hand = {parameter: value for parameter, value in values.items() if value is not MISSING}
            component = self.components.get(name)
            if component is None:
                return []
            return list(given(node, component.known_parts(known), component.config, at_hand))

    def source(self, name: str) -> str:
        """Return the text of what a node uses; nodes often share one, and finding it reads its file."""
        uses = self.schema[name].uses
        if id(uses) not in self._sources:
            self._sources[id(uses)] = source_of(self.schema[name])
        return self._sources[id(uses)]

    def known_value(self, name: str) -> object:
        """Return a node's value where it is in memory, else `MISSING`; loads and runs nothing."""
        provider = self._providers.get(name)
        return MISSING if provider is None else provider.known_value()

    def stored(self, name: str) -> CachedOutput | None:
        """Return where the cache has a node's value, if it has."""
        provider = self._providers.get(name)
        if provider is not None and provider.found is not None:
            return provider.found
        key = self.keys.get(name)
        found = self.cache.look_up(key) if key and name not in self.notes else None
        return found if found and found.output_fingerprint == self.fingerprints.get(name) else None

    def input_fingerprints(self, name: str) -> dict[str, str | None]:
        """Return the fingerprints of what a node is given, by parameter."""
        return {parameter: self.fingerprints[need] for parameter, need in self.schema[name].needs.items()}

    def _settle(self, name: str, provider: PrecomputedValueProvider) -> None:
        self._providers[name] = provider
        self.fingerprints[name] = provider.output_fingerprint

    def _cached(self, name: str, found: CachedOutput) -> PrecomputedValueProvider:
        return PrecomputedValueProvider.of_cached(name, found, self.cache, self.storage)

    def _forecast_provider(self, name: str) -> PrecomputedValueProvider | None:
        status = self.forecast.get(name)
        if status is None or not isinstance(status.found, CachedOutput):
            return None
        return self._cached(name, status.found)

    def _loads(self, provider: PrecomputedValueProvider) -> bool:
        try:
            provider.value()
        except StoreError as error:
            logger.warning("node `%s` runs again: %s", provider.name, error)
            return False
        return True

    def _runnable(self, name: str) -> Callable[..., Any]:
        if name not in self._runnables:
            self._runnables[name] = make_runnable(self.schema[name], self.context(name))
        return self._runnables[name]

    def _take(self, name: str, executed: Executed, before: Mapping[str, str | None]) -> None:
        """Take over what a node gave, and store it where it may be."""
        self._settle(name, PrecomputedValueProvider.of_value(name, executed.digest, executed.value))
        if executed.state:
            for component in self.components.values():
                component.forget()
        if executed.changed or executed.state:
            self._note_changes(name)
        conflict = self.components[name].conflict() if name in self.components else ""
        if executed.note or conflict:
            self.notes[name] = executed.note or f"not stored: {conflict}"
        elif executed.digest is not None and name in self.components:
            self._store(name, before, executed)

    def _code(self, name: str) -> OwnCode | None:
        """Return what a node's code reads; None for an input node, which is not kept."""
        return self.components[name].look() if name in self.components else None

    def _note_changes(self, name: str) -> None:
        """See anew what there is, after a node changed an input in place; nodes after it are asked again."""
        for other, provider in self._providers.items():
            value = provider.known_value()
            if value is not MISSING:
                provider.output_fingerprint, _ = fingerprint_of(value)
                provider.found = (
                    None if provider.output_fingerprint != self.fingerprints[other] else provider.found
                )
                self.fingerprints[other] = provider.output_fingerprint
        order = self.schema.order()
        later = [other for other in order[order.index(name) + 1 :] if other not in self._providers]
        for other in later:
            self.fingerprints.pop(other, None)
        self.forecast = {other: status for other, status in self.forecast.items() if other not in later}

    def _store(self, name: str, inputs: Mapping[str, str | None], executed: Executed) -> None:
        known = {parameter: text for parameter, text in inputs.items() if text is not None}
        if len(known) < len(inputs):
            return
        try:
            parts = self.components[name].parts(known)
            self.keys[name] = key_of(parts)
            output = CachedOutput(self.keys[name], str(executed.digest), parts, executed.duration_s)
            source, told = self.source(name), self.given(name)
            self.cache.put(output, executed.value, name, source=source, given=told, storage=self.storage)
        except (StoreError, UncacheableError, UnfingerprintableValueError) as error:
            self.notes[name] = f"not stored: {error}"


@dataclass(frozen=True, slots=True)
class NodeStep:
    """A node of a hand-written graph, as the runner sees it."""

    name: str
    run: GraphRun

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the nodes that it needs."""
        return tuple(self.run.schema[self.name].needs.values())

    def ask(self) -> FingerprintStatus:
        """Say whether the node's output is known."""
        return self.run.status(self.name)

    def restore(self, status: FingerprintStatus) -> bool:
        """Take the output from the cache."""
        return isinstance(status.found, CachedOutput) and self.run.restore(self.name, status.found)

    async def execute(self) -> bool:
        """Run the node; what it raises goes to the caller."""
        self.run.execute(self.name)
        return False
