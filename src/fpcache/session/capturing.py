"""From a finished run to a stored entry: what was bound, changed, shown; proved restorable."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import TYPE_CHECKING, Any

from fpcache.dependencies import hash_seed, pyplot_state, volatile
from fpcache.dependencies.observing import worst_refusal
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.errors import UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import walk
from fpcache.fingerprints.explaining import root_records
from fpcache.fingerprints.reading import changed_roots, reread
from fpcache.fingerprints.records import Allowance, MetSets, Reading, Root, Walk, unlimited
from fpcache.fingerprints.walking import digest_among
from fpcache.replay import codec, mutations, recording
from fpcache.replay.outputs import OutputLog
from fpcache.replay.recording import Payload
from fpcache.session import (
    addresses,
    axes,
    display_ids,
    hash_order,
    ignored,
    kept,
    memoised,
    memory_counts,
    moved,
    own_streams,
    positions,
    refusing,
    set_order,
)
from fpcache.session.figures import has_matplotlib, without_artists
from fpcache.session.governor import REFUSED, REPLAY_S, RESULT_S, AllowanceSpentError
from fpcache.session.history import histories
from fpcache.session.names import bound_names, deleted_names
from fpcache.session.put_back import states
from fpcache.session.replaced import roots_of_other_classes, roots_with_replaced
from fpcache.session.report import PLAIN, UNCACHEABLE
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.session.executing import Trace
    from fpcache.session.steps import ComponentStep

__all__ = ["changed", "reference_nodes", "store"]

_REMEDY = "keep it inside a function, and return plain values"
NO_EFFECT = (
    "it had no effect that could be replayed, so it always runs; if it is slow, return what it computes"
)

# Changes of state that no one looks at: code that does nothing else is never a hit.
_UNSEEN_EFFECTS = frozenset(
    {
        "ambient", "decimal_flags", "entropy", "logger settings", "process", "pyplot", "random", "submodules",
        "warnings",
    }
)  # fmt: skip


_OPENED = Refusal("opens a dashboard, which shows this very session", "open it in a statement of its own")


@dataclass(frozen=True, slots=True)
class Capture:
    """What a run left, ready to be written."""

    payload: Payload
    dumped: codec.Dumped
    restore_s: float
    mutated: tuple[Root, ...]
    holds_set: bool
    keeps_order: bool


def changed(trace: Trace, namespace: dict[str, Any]) -> tuple[Root, ...]:
    """Return the roots whose values the run changed in place."""
    return _changed_in(trace, reread(trace.reading, namespace), unlimited)


def _changed_in(trace: Trace, after: Reading, allowance: Allowance) -> tuple[Root, ...]:
    """Return the changed roots as they were before, with the nodes they had."""
    before = trace.reading
    keys = {root.key for root in changed_roots(before, after)} | roots_with_replaced(before, after)
    keys |= roots_of_other_classes(before, trace.kinds)
    keys |= set_order.relaid(trace.set_layouts, after, keys, allowance)
    trace.moved = moved.moved(before, trace.places)
    keys.update(moved.roots_with(before, trace.moved))
    return tuple(root for root in before.roots if root.key in keys)


def reference_nodes(reading: Reading) -> tuple[object, ...]:
    """Return all objects that a recording may refer to, in an order the key fixes."""
    found = [item.value for item in sorted(reading.resolved, key=lambda item: item.path)]
    return (*reading.nodes, *(value for value in found if _has_identity(value)))


def _has_identity(value: object) -> bool:
    return not isinstance(value, (int, float, complex, str, bytes, tuple, type, type(None))) and not callable(
        value
    )


def store(step: ComponentStep, trace: Trace) -> None:
    """Store a run's recording, or set the row's reason why it isn't."""
    row, run = step.row, step.run
    governor, min_seconds = run.services.governor, run.services.settings.min_seconds
    if not governor.is_worth_storing(trace.duration_s, step.read_s, min_seconds):
        _leave_unstored(step, trace, step.read_s)
        return
    if not (run.options.explicit or governor.can_afford_storing(trace.duration_s, min_seconds)):
        row.status, row.reason = PLAIN, "enough was spent on storing for now; a later run stores it"
        return
    observation = trace.observing.observation()
    opened = _OPENED if run.services.dashboards > trace.dashboards else None
    refusal = opened or own_streams.refusal(trace.outputs)
    refusal = refusal or worst_refusal(observation.refusals, explicit=run.options.explicit)
    if refusal is not None:
        row.status = UNCACHEABLE
        row.reason = refusing.refusal_text(refusal, trace.component)
        return
    started = time.thread_time()
    try:
        outputs = trace.outputs.settled()
        captured = _capture(step, trace, observation, outputs)
        dependencies = [*observation.dependencies, *_own_dependencies(step, trace, captured)]
    except (UncacheableError, UnfingerprintableValueError) as error:
        message, cost_s = refusing.result_text(error), time.thread_time() - started
        row.status, row.reason = UNCACHEABLE, refusing.told(message, row.lines)
        governor.learn_refusal(trace.component.code_digest, trace.duration_s, message, cost_s)
        return
    except AllowanceSpentError as error:
        _leave_for_later(step, trace, error)
        return
    replay_s = step.read_s + captured.restore_s
    if not governor.is_worth_storing(trace.duration_s, replay_s, min_seconds):
        _leave_unstored(step, trace, replay_s)
        return
    row.waived.extend(_waived(step, trace, observation))
    entry = run.services.store.put(*_entry(step, trace, captured, outputs, observation, dependencies))
    row.stored, row.size_bytes, row.evidence.entry_id = True, entry.size_bytes, entry.entry_id
    if governor.detail(trace.component.code_digest, REFUSED):
        governor.learn(trace.component.code_digest, trace.duration_s, **{REFUSED: None})
    row.notes.extend(observation.notes)


def _leave_unstored(step: ComponentStep, trace: Trace, replay_s: float) -> None:
    """Remember that a replay would save nothing."""
    governor = step.run.services.governor
    governor.learn(trace.component.code_digest, trace.duration_s, **{REPLAY_S: replay_s})
    step.row.status, step.row.reason = PLAIN, "looking it up and restoring it would take as long as running"


def _leave_for_later(step: ComponentStep, trace: Trace, error: AllowanceSpentError) -> None:
    """Remember what was not enough to look at a result, where a run with more to spend may try."""
    governor, digest = step.run.services.governor, trace.component.code_digest
    if governor.is_worth_storing(trace.duration_s, error.limit_s, step.run.services.settings.min_seconds):
        governor.learn(digest, trace.duration_s, **{RESULT_S: error.limit_s})
        step.row.status, step.row.reason = PLAIN, f"{error}; a run with more to spend tries again"
    else:
        _leave_unstored(step, trace, trace.duration_s)


def _waived(step: ComponentStep, trace: Trace, observation: Observation) -> list[str]:
    """Return what would keep this from being stored, had the user not asked for it."""
    run, component = step.run, trace.component
    if not run.options.explicit:
        return []
    standing = volatile.scan(run.context(trace.reading), component.first_line, component.last_line)
    return list(dict.fromkeys(refusal.reason for refusal in (*standing, *observation.refusals)))


def _capture(step: ComponentStep, trace: Trace, observation: Observation, outputs: OutputLog) -> Capture:
    namespace = step.run.namespace
    if pyplot_state.open_figures():
        raise UncacheableError("a pyplot figure is open; close it, or show it in the cell that makes it")
    ignored.refuse_changed(trace.ignored, namespace)
    _refuse_replaced_standard(step, trace)
    axes.refuse_changed(trace.reading, trace.axes, trace.frames)
    services = step.run.services
    code, min_seconds = trace.component.code_digest, services.settings.min_seconds
    allowance = services.governor.storing_allowance(code, trace.duration_s, min_seconds)
    after = reread(trace.reading, namespace, allowance=allowance)
    mutated = _changed_in(trace, after, allowance)
    memoised.refuse_seen_memory(trace, mutated, observation)
    _refuse_changed_history(mutated, namespace)
    payload = Payload(
        bound=_bound(trace, namespace),
        deleted=tuple(deleted_names(trace.before, namespace)),
        states=tuple(states(trace, mutated)),
        results=tuple(trace.values),
    )
    _refuse_rebound_globals(trace)
    if _is_without_effect(payload, trace, observation):
        shown = step.run.shown(trace.component)
        step.run.services.governor.learn(
            trace.component.code_digest, trace.duration_s, **{f"effect_only {shown}": True}
        )
        raise UncacheableError(NO_EFFECT)
    nodes = reference_nodes(trace.reading)
    walks = tuple(root.walk for root in after.roots if root.walk is not None)
    walks = moved.as_before(walks, trace.reading, trace.moved)
    met, restored = MetSets(), MetSets()
    digest = _digest(payload, nodes, walks, met, allowance)
    dumped = recording.capture(payload, nodes, namespace, frames=trace.frames, moved=trace.moved)
    addresses.refuse_temporary_names(observation, dumped, outputs)
    payload, dumped = addresses.settled(trace, observation, payload, dumped, outputs, namespace)
    _refuse_unread_names(trace, dumped)
    positions.refuse_told(step.run, trace.reading, dumped.stream)
    display_ids.refuse_told(trace.display_ids, dumped.stream)
    restore_s = _verify(payload, digest, dumped, trace, walks, namespace, restored)
    holds_set = met.any or any(mutations.is_set(state) for _, state in payload.states)
    return Capture(payload, dumped, restore_s, mutated, holds_set, met == restored)


def _bound(trace: Trace, namespace: Mapping[str, object]) -> dict[str, object]:
    written = trace.component.names
    names = bound_names(trace.before, namespace, written.binds, written.maybe_binds)
    return {name: namespace[name] for name in names}


def _refuse_rebound_globals(trace: Trace) -> None:
    for root in trace.reading.roots:
        module, _, name = root.key.partition(":")
        if not name or (module, name) not in trace.reading.stored_globals:
            continue
        import sys

        loaded = sys.modules.get(module)
        if loaded is not None and vars(loaded).get(name) is not root.value:
            raise UncacheableError(
                f"it rebinds `{name}` of module `{module}`, which a replay can't do; return it instead"
            )


def _refuse_replaced_standard(step: ComponentStep, trace: Trace) -> None:
    standard = step.run.services.history.standard
    if standard.digest() != trace.standard:
        names = ", ".join(f"`{path}`" for path in standard.replaced()) or "a part of the standard library"
        raise UncacheableError(f"replaced {names} or put it back; do that in a statement of its own")


def _refuse_changed_history(mutated: tuple[Root, ...], namespace: Mapping[str, object]) -> None:
    """Refuse code that reads ``Out`` and adds to it, under a number that isn't known before."""
    history = namespace.get("_oh")
    if any(node is history for root in mutated if root.walk is not None for node in root.walk.nodes):
        raise UncacheableError(
            "reads `Out`, to which its own result is added; give what it takes from there a name"
        )


def _refuse_unread_names(trace: Trace, dumped: codec.Dumped) -> None:
    unread = set(dumped.names) - {root.key for root in trace.reading.roots}
    if unread:
        raise UncacheableError(
            f"its result holds `{min(unread)}`, which the code was not seen to read; name it in the code"
        )


def _is_without_effect(payload: Payload, trace: Trace, observation: Observation) -> bool:
    visible = [effect for effect in observation.effects if effect.kind not in _UNSEEN_EFFECTS]
    return not (
        payload.bound or payload.deleted or payload.states or payload.results or visible or trace.outputs
    )


def _verify(
    payload: Payload,
    digest: bytes,
    dumped: codec.Dumped,
    trace: Trace,
    walks: tuple[Walk, ...],
    namespace: dict[str, Any],
    met: MetSets,
) -> float:
    """Restore the recording beside the original and compare; returns the seconds restoring took.

    This happens at the run, not later: a mutation's restored state refers to
    live objects, which are only now what the recording says.
    """
    nodes, started = reference_nodes(trace.reading), time.thread_time()
    restored = recording.restore(
        dumped.stream, dumped.buffers, nodes, namespace, frames=trace.frames, moved=trace.moved
    )
    restore_s = time.thread_time() - started
    if _digest(restored, nodes, walks, met) != digest:
        raise UncacheableError(
            f"a restored copy of {_first_different(payload, restored)} is not equal to the original; "
            f"{_REMEDY}"
        )
    return restore_s


def _digest(
    payload: Payload,
    nodes: tuple[object, ...],
    walks: tuple[Walk, ...],
    met: MetSets,
    allowance: Allowance | None = None,
) -> bytes:
    """Return the digest of a payload, in which the inputs that it refers to stand for their place."""
    plain: object = _plain(payload)
    try:
        return digest_among(plain, "the result", nodes, walks, allowance=allowance, met=met)
    except UnfingerprintableValueError:
        if not has_matplotlib():
            raise
        plain = without_artists(plain)
        return digest_among(plain, "the result", nodes, walks, allowance=allowance, met=met)


def _plain(payload: Payload) -> dict[str, object]:
    states = [
        (rank, state.kind, state.type_name, state.content, state.attributes, state.slots, state.became)
        for rank, state in payload.states
    ]
    return {"bound": dict(payload.bound), "states": states, "results": payload.results}


def _first_different(payload: Payload, restored: Payload) -> str:
    for name, value in payload.bound.items():
        if walk(value).digest != walk(restored.bound[name]).digest:
            return f"`{name}` ({type(value).__name__})"
    return "a set in the result, in the order in which it is iterated,"


def _entry(
    step: ComponentStep,
    trace: Trace,
    captured: Capture,
    shown: OutputLog,
    observation: Observation,
    dependencies: list[Dependency],
) -> tuple[Entry, dict[str, Any]]:
    run, component = step.run, trace.component
    now = time.time()
    placed = display_ids.marked(positions.marked(shown, run, trace.reading), trace.display_ids)
    marked = addresses.marked(placed, captured.payload.addressed)
    outputs = marked.to_bytes()
    blobs: dict[str, Any] = {"payload": captured.dumped.stream, "outputs": outputs}
    blobs |= {f"buffer-{index}": buffer for index, buffer in enumerate(captured.dumped.buffers)}
    for index, effect in enumerate(observation.effects):
        blobs |= {f"effect-{index}": effect.state, f"before-{index}": effect.before}
    entry = Entry(
        key=step.row.key,
        created_s=now,
        duration_s=trace.duration_s,
        restore_s=captured.restore_s,
        label=component.label,
        notebook=run.services.shell.notebook_name(),
        cell=run.label,
        code_digest=component.code_digest,
        source=component.source,
        name=run.options.name,
        binds=tuple(captured.payload.bound),
        dependencies=dumps([[d.kind, d.name, d.expected] for d in dependencies]).encode(),
        meta=dumps(
            {**_meta(trace, captured, observation), "waived": step.row.waived, "title": run.title}
        ).encode(),
        expires_s=now + run.options.ttl_s if run.options.ttl_s else None,
        pinned=run.options.pin,
    )
    return entry, blobs


def _meta(trace: Trace, captured: Capture, observation: Observation) -> dict[str, object]:
    return {
        "reading": trace.reading.digest,
        "roots": root_records(trace.reading, trace.heads),
        "packages": dict(trace.reading.packages),
        "effects": [[effect.kind, effect.name] for effect in observation.effects],
        "buffers": len(captured.dumped.buffers),
        "mutated": [root.label for root in captured.mutated],
        "notes": list(observation.notes),
    }


def _own_dependencies(step: ComponentStep, trace: Trace, captured: Capture) -> list[Dependency]:
    """Return the dependencies that the session itself knows of."""
    run, reading = step.run, trace.reading
    found = [*trace.depends, *run.services.history.dependencies(histories(reading))]
    found += kept.dependencies(trace.component, trace.before, run.namespace)
    found += positions.dependencies(run, trace.component, reading, trace.outputs)
    found += memory_counts.dependencies(run, trace)
    uses = hash_order.uses(run, trace.component, reading)
    if not trace.only_numbers:
        found.extend(hash_seed.dependency(use.expression, use.line or None) for use in uses.seeded)
    if uses.every and trace.set_order:
        found.append(Dependency(set_order.KIND, f"`{uses.every[0].expression}`", trace.set_order))
    if trace.set_order and (captured.holds_set or hash_order.may_change_sets(run, trace.component, reading)):
        found.append(Dependency(set_order.SOURCE, "", trace.set_order))
    if not captured.keeps_order:
        found.append(set_order.lost_order())
    return found
