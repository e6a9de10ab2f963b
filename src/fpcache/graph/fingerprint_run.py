"""The fingerprint run: which nodes would hit, before anything expensive runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fpcache.errors import StoreError, UnfingerprintableValueError
from fpcache.fingerprints.records import MISSING
from fpcache.graph.cache import CachedOutput, OutputCache
from fpcache.graph.component import ExecutionContext, full_config
from fpcache.graph.keys import difference, input_parts, key_of, node_parts, start_parts
from fpcache.graph.own_code import OwnCode
from fpcache.graph.persisting import is_the_same
from fpcache.graph.resources import ModelStorage
from fpcache.graph.running import FingerprintStatus
from fpcache.graph.schema import GraphSchema, SchemaNode

__all__ = ["FingerprintComponent", "PrecomputedValueProvider", "fingerprint_run", "prune"]


@dataclass(slots=True)
class FingerprintComponent:
    """Stands in for a node: makes its key and looks it up instead of running it.

    Attributes
    ----------
    context : ExecutionContext or None
        Where its component runs; None for a plain function.
    config : mapping of str to object
        The node's config, merged over the defaults; empty before the first key was made.
    failed : bool
        Whether making its key raised an error of the user's.
    code : OwnCode or None
        What its code reads; None before that was looked at.
    peers : mapping of str to FingerprintComponent
        All of the same graph.
    """

    name: str
    node: SchemaNode
    cache: OutputCache
    context: ExecutionContext | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    peers: Mapping[str, FingerprintComponent] = field(default_factory=dict)
    code: OwnCode | None = None
    _own_parts: dict[str, str] | None = None

    def parts(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return what the key is made of; `inputs` is parameter name → fingerprint."""
        if self._own_parts is None:
            self._own_parts = self._make_own_parts()
        return self._own_parts | input_parts(inputs)

    def known_parts(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return `parts` where nothing is left to be asked of the component for them, else nothing."""
        return self.parts(inputs) if self._own_parts is not None else {}

    def _make_own_parts(self) -> dict[str, str]:
        try:
            self.config = full_config(self.node)
            self.code = OwnCode.of(self.node.uses, self.config)
            start = {} if self.context is None else start_parts(self.context, self.code)
            return {**node_parts(self.node, self.config, self.code), **start}
        except UnfingerprintableValueError:
            raise
        except BaseException as error:
            self.failed = True
            error.add_note(
                f"in node `{self.name}` of the graph, when it was asked for its config and packages"
            )
            raise

    def look(self) -> OwnCode | None:
        """Return what its code reads, found now if it wasn't before; None where that can't be told."""
        if self.code is None:
            with suppress(Exception):
                self.parts({})
        return self.code

    def conflict(self) -> str:
        """Say which global the code assigns that another node reads as it is; empty where there is none."""
        mine = frozenset() if self.code is None else self.code.sets_of()
        for other in self.peers.values() if mine else ():
            code = other.look() if other is not self else self.code
            read = mine if code is None else mine & (code.reads_of() - code.fills())
            if read:
                name = min(read).partition(":")[2]
                return f"it sets the global `{name}`, which `{other.name}` may read; return it instead"
        return ""

    def forget(self) -> None:
        """Make the key anew when it is asked for again: what the code reads is no longer as it was."""
        self._own_parts = None

    def status(self, inputs: Mapping[str, str | None]) -> FingerprintStatus:
        """Look the node up, given its inputs' fingerprints by parameter name.

        None stands for an input without a fingerprint; it never matches.
        """
        known = {parameter: digest for parameter, digest in inputs.items() if digest is not None}
        for parameter in inputs.keys() - known.keys():
            reason = f"its input `{parameter}`, from `{self.node.needs[parameter]}`, has no fingerprint"
            return FingerprintStatus(None, False, reason, verdict="uncacheable")
        try:
            parts = self.parts(known)
        except UnfingerprintableValueError as error:
            return FingerprintStatus(None, False, str(error), verdict="uncacheable")
        conflict = self.conflict()
        if conflict:
            return FingerprintStatus(None, False, conflict, verdict="uncacheable")
        key = key_of(parts)
        found = self.cache.look_up(key)
        if found is None:
            reason, against = self._why(parts)
            return FingerprintStatus(None, False, reason, key, against=against)
        return FingerprintStatus(found.output_fingerprint, True, "found", key, found=found)

    def _why(self, parts: Mapping[str, str]) -> tuple[str, str]:
        """Say what differs from the nearest stored output, and which entry that is."""
        earlier = self.cache.nearest(self.name)
        if earlier is None:
            return "never seen", ""
        title = str(getattr(self.node.uses, "__name__", self.name))
        return difference(parts, earlier.parts, title), earlier.entry.entry_id if earlier.entry else ""


@dataclass(slots=True)
class PrecomputedValueProvider:
    """Stands in for a node whose value is known: held, or loaded when first asked for.

    Any value counts, also 0, an empty list and None.

    Attributes
    ----------
    found : CachedOutput or None
        Where the cache holds it.
    """

    name: str
    output_fingerprint: str | None
    _values: tuple[object, ...] = ()
    found: CachedOutput | None = None
    _cache: OutputCache | None = None
    _storage: ModelStorage | None = None

    @classmethod
    def of_value(cls, name: str, output_fingerprint: str | None, value: object) -> PrecomputedValueProvider:
        """Provide a value that is at hand."""
        return cls(name, output_fingerprint, (value,))

    @classmethod
    def of_cached(
        cls, name: str, found: CachedOutput, cache: OutputCache, storage: ModelStorage | None = None
    ) -> PrecomputedValueProvider:
        """Provide a value that the cache holds; a resource's files go into `storage`."""
        return cls(name, found.output_fingerprint, (), found, cache, storage)

    def value(self) -> object:
        """Return the value, the same object every time.

        Raises
        ------
        StoreError
            If the cache lost it, or gives another value than was stored.
        """
        if not self._values:
            self._values = (self._load(),)
        return self._values[0]

    def known_value(self) -> object:
        """Return the value where it is in memory, else `MISSING`."""
        return self._values[0] if self._values else MISSING

    def _load(self) -> object:
        assert self.found is not None
        assert self._cache is not None
        value = self._cache.load(self.found, self._storage)
        if not is_the_same(value, self.found.output_fingerprint):
            raise StoreError(f"the stored output of `{self.name}` does not come back as it was")
        return value


def fingerprint_run(
    schema: GraphSchema, components: Mapping[str, FingerprintComponent], inputs: Mapping[str, str | None]
) -> dict[str, FingerprintStatus]:
    """Return what every node would say, in order; `inputs` are the input nodes' fingerprints."""
    fingerprints = dict(inputs)
    statuses: dict[str, FingerprintStatus] = {}
    for name in schema.order():
        if name in components:
            statuses[name] = _forecast(components[name], statuses, fingerprints)
            fingerprints[name] = statuses[name].output_fingerprint
    return statuses


def _forecast(
    component: FingerprintComponent,
    statuses: Mapping[str, FingerprintStatus],
    fingerprints: Mapping[str, str | None],
) -> FingerprintStatus:
    needs = component.node.needs
    misses = [need for need in needs.values() if need in statuses and not statuses[need].is_hit]
    if misses:
        return FingerprintStatus(None, False, f"`{misses[0]}` runs first")
    return component.status({parameter: fingerprints[need] for parameter, need in needs.items()})


def prune(schema: GraphSchema, statuses: Mapping[str, FingerprintStatus]) -> GraphSchema:
    """Return the schema without what only hits need: a hit's own needs are cut."""
    hits = {name for name, status in statuses.items() if status.is_hit}
    wanted = set(_wanted(schema, hits))
    return GraphSchema({name: node for name, node in schema.nodes.items() if name in wanted})


def _wanted(schema: GraphSchema, hits: set[str]) -> Iterator[str]:
    waiting, seen = list(schema.targets()), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        if name not in hits:
            waiting.extend(schema[name].needs.values())
