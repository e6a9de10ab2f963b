"""One run of a hand-written graph: its values so far, and its nodes as steps."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fpcache.errors import StoreError, UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.records import MISSING
from fpcache.graph.aliases import shared_memory
from fpcache.graph.cache import CachedOutput, OutputCache
from fpcache.graph.component import ExecutionContext, make_runnable
from fpcache.graph.describing import given, source_of
from fpcache.graph.fingerprint_run import FingerprintComponent, PrecomputedValueProvider
from fpcache.graph.keys import key_of
from fpcache.graph.running import FingerprintStatus
from fpcache.graph.schema import GraphSchema

__all__ = ["GraphRun", "NodeStep"]

logger = logging.getLogger("fpcache")

INPUT_STATUS = FingerprintStatus(None, False, "an input node always runs", verdict="plain")
FORCED_STATUS = FingerprintStatus(None, False, "forced")


@dataclass(slots=True)
class GraphRun:
    """What is known while one graph runs."""

    schema: GraphSchema
    cache: OutputCache
    force: bool
    forecast: Mapping[str, FingerprintStatus] = field(default_factory=dict)
    fingerprints: dict[str, str | None] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    components: dict[str, FingerprintComponent] = field(init=False)
    _providers: dict[str, PrecomputedValueProvider] = field(default_factory=dict)
    _runnables: dict[str, Callable[..., Any]] = field(default_factory=dict)
    _sources: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.components = {
            name: FingerprintComponent(name, node, self.cache)
            for name, node in self.schema.nodes.items()
            if not node.is_input
        }

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
            return FORCED_STATUS
        return self.components[name].status(self._input_fingerprints(name))

    def restore(self, name: str, found: CachedOutput) -> bool:
        """Take a node's value from the cache: a target's now, another's when it is needed."""
        provider = PrecomputedValueProvider.of_cached(name, found, self.cache)
        if self.schema[name].is_target and not self._loads(provider):
            return False
        self._settle(name, provider)
        return True

    def value(self, name: str) -> object:
        """Return a node's value; runs the node where the cache lost it meanwhile."""
        provider = self._providers.get(name) or self._forecast_provider(name)
        if provider is None or not self._loads(provider):
            self.execute(name)
            provider = self._providers[name]
        self._settle(name, provider)
        return provider.value()

    def execute(self, name: str) -> None:
        """Run a node for real and store what it gave."""
        inputs = {parameter: self.value(need) for parameter, need in self.schema[name].needs.items()}
        before = self._input_fingerprints(name)
        self.executed.append(name)
        started = time.perf_counter()
        try:
            value = self._runnable(name)(**inputs)
        except BaseException as error:
            error.add_note(f"in node `{name}` ({self._title(name)}) of the graph")
            raise
        duration_s = time.perf_counter() - started
        digest = self._fingerprint(name, value)
        self._settle(name, PrecomputedValueProvider.of_value(name, digest, value))
        refusal = self._refusal(name, inputs, before, value)
        if refusal:
            self.notes[name] = refusal
        elif digest is not None and name in self.components:
            self._store(name, before, value, digest, duration_s)

    def given(self, name: str) -> list[dict[str, str]]:
        """Describe what a node is given, as far as that is known by now; none of it takes part in a key."""
        node, digests = self.schema[name], self._input_fingerprints(name)
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

    def _input_fingerprints(self, name: str) -> dict[str, str | None]:
        return {parameter: self.fingerprints[need] for parameter, need in self.schema[name].needs.items()}

    def _settle(self, name: str, provider: PrecomputedValueProvider) -> None:
        self._providers[name] = provider
        self.fingerprints[name] = provider.output_fingerprint

    def _forecast_provider(self, name: str) -> PrecomputedValueProvider | None:
        status = self.forecast.get(name)
        if status is None or not isinstance(status.found, CachedOutput):
            return None
        return PrecomputedValueProvider.of_cached(name, status.found, self.cache)

    def _loads(self, provider: PrecomputedValueProvider) -> bool:
        try:
            provider.value()
        except StoreError as error:
            logger.warning("node `%s` runs again: %s", provider.name, error)
            return False
        return True

    def _runnable(self, name: str) -> Callable[..., Any]:
        if name not in self._runnables:
            self._runnables[name] = make_runnable(self.schema[name], ExecutionContext(self.schema, name))
        return self._runnables[name]

    def _title(self, name: str) -> str:
        node = self.schema[name]
        title = str(getattr(node.uses, "__name__", node.uses))
        return f"{title}.{node.fn}" if node.is_component else title

    def _fingerprint(self, name: str, value: object) -> str | None:
        try:
            return fingerprint(value)
        except UnfingerprintableValueError as error:
            self.notes[name] = f"not stored: {error}"
            return None

    def _refusal(
        self, name: str, inputs: Mapping[str, object], before: Mapping[str, str | None], value: object
    ) -> str:
        """Say why the output can't be kept apart from the inputs; empty where it can."""
        for parameter, value_in in inputs.items():
            need = self.schema[name].needs[parameter]
            after = self._fingerprint(need, value_in)
            if after != before[parameter]:
                self.fingerprints[need] = after
                self._providers[need].output_fingerprint = after
                return f"not stored: it changes its input `{parameter}` in place; change a copy"
        shared = shared_memory(value, inputs)
        if shared:
            return f"not stored: its output shares memory with its input `{shared}`; return a copy"
        return ""

    def _store(
        self, name: str, inputs: Mapping[str, str | None], value: object, digest: str, duration_s: float
    ) -> None:
        known = {parameter: text for parameter, text in inputs.items() if text is not None}
        if len(known) < len(inputs):
            return
        try:
            parts = self.components[name].parts(known)
            self.keys[name] = key_of(parts)
            output = CachedOutput(self.keys[name], digest, parts, duration_s)
            self.cache.put(output, value, name, source=self.source(name), given=self.given(name))
        except (StoreError, UncacheableError, UnfingerprintableValueError) as error:
            self.notes[name] = f"not stored: {error}"


@dataclass(frozen=True, slots=True)
class NodeStep:
    """A node of a hand-written graph, as the runner sees it."""

    name: str
    run: GraphRun

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
