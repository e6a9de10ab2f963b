"""Finding a recording whose key and dependencies hold, or saying why there is none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from json import loads

from fpcache.cells import Component
from fpcache.dependencies import EFFECTS, KINDS, random_states, volatile
from fpcache.dependencies.context import Context
from fpcache.dependencies.observing import first_broken, first_unready, worst_refusal
from fpcache.dependencies.records import Dependency, Effect, Refusal
from fpcache.errors import StoreError
from fpcache.fingerprints.explaining import explain_change
from fpcache.fingerprints.records import Reading
from fpcache.graph import FingerprintStatus
from fpcache.session import depends, kept, memory_counts, positions, set_order, unseeded
from fpcache.session.cell_run import CellRun
from fpcache.session.history import KIND as HISTORY
from fpcache.session.report import HIT, MISS
from fpcache.store.entry import Entry

__all__ = ["Found", "broken_dependency", "dependencies_of", "look_up", "standing_refusal"]

NEVER_SEEN = "never seen"
_ABOUT_THIS_SESSION = frozenset(
    {"fpcache.dashboard", "fpcache.report", "fpcache.stats", "fpcache.enable", "fpcache.disable"}
)
_COMPARED = 32
_COMPARED_LENGTH = 500
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """A recording that may be replayed now."""

    entry: Entry
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class _Unusable:
    """Why a recording may not be replayed, how many dependencies hold before the first that does not."""

    reason: str
    held: int
    broken: tuple[str, ...] = ()


def standing_refusal(run: CellRun, component: Component, context: Context) -> Refusal | None:
    """Return why this code can't be cached here, whatever is stored."""
    for found in context.reading.resolved if context.reading is not None else ():
        if found.path in _ABOUT_THIS_SESSION:
            reason = f"calls `{found.path}`, which tells of this very session"
            return Refusal(reason, "call it in a statement of its own", found.line)
    refusals = volatile.scan(context, component.first_line, component.last_line)
    return worst_refusal(refusals, explicit=run.options.explicit)


def look_up(
    run: CellRun, component: Component, reading: Reading, context: Context, key: str
) -> FingerprintStatus:
    """Return the first recording that holds as a hit, else a miss that says what changed.

    Of several recordings the one is explained of which most holds, the newest among equals.
    """
    run.services.seen_in[component.code_digest] = run.place
    best = _Unusable("", -1)
    against = ""
    for entry in _in_order(run, component, run.services.store.look_up(key)):
        seen = _usable(run, component, entry, context)
        if isinstance(seen, Found):
            return FingerprintStatus(None, is_hit=True, reason="found", key=key, verdict=HIT, found=seen)
        if seen.held > best.held:
            best, against = seen, entry.entry_id
    if not best.reason:
        reason, against = _explain(run, component, reading)
        best = _Unusable(reason, 0)
    return FingerprintStatus(
        None, is_hit=False, reason=best.reason, key=key, verdict=MISS, against=against, broken=best.broken
    )


def _in_order(run: CellRun, component: Component, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Put first what was recorded as the first consumer of an unseeded random state.

    While that state is untouched any recording's start would do, but only this
    one is followed by the draws that were recorded after it.
    """
    starts = unseeded.known_starts(run.services, component.code_digest) if len(entries) > 1 else {}
    if not starts:
        return entries
    first = {Dependency(random_states.KIND, name, digest) for name, digest in starts.items()}
    return sorted(entries, key=lambda entry: first.isdisjoint(dependencies_of(entry)))


def _usable(run: CellRun, component: Component, entry: Entry, context: Context) -> Found | _Unusable:
    """Return what may be replayed, or why it may not."""
    ttl_s = run.options.ttl_s
    if ttl_s is not None and entry.created_s + ttl_s < time.time():
        return _Unusable("the stored result is older than --ttl allows", 0)
    dependencies = dependencies_of(entry)
    held, reason = broken_dependency(run, component, dependencies, context)
    if reason is not None:
        return _Unusable(reason, held, (dependencies[held].kind, dependencies[held].name))
    try:
        effects = effects_of(run, entry)
    except StoreError as error:
        return _Unusable(f"the stored result is damaged ({error})", held)
    reason = first_unready(effects, context, EFFECTS)
    return _Unusable(reason, held + 1) if reason is not None else Found(entry, effects)


def broken_dependency(
    run: CellRun, component: Component, dependencies: Sequence[Dependency], context: Context
) -> tuple[int, str | None]:
    """Return the number and the reason of the first recorded dependency that no longer holds, or None."""
    for number, dependency in enumerate(dependencies):
        if (dependency.kind, dependency.name) in run.ahead:
            is_met = run.ahead[dependency.kind, dependency.name] == dependency.expected
            reason = None if is_met else f"`{dependency.name}` differs"
        elif dependency.kind == HISTORY:
            reason = run.services.history.check(dependency)
        elif dependency.kind == depends.KIND:
            reason = depends.check(dependency)
        elif dependency.kind == kept.KIND:
            reason = kept.check(dependency, run.namespace)
        elif dependency.kind == memory_counts.KIND:
            reason = memory_counts.check(dependency, context.reading)
        elif dependency.kind == positions.KIND and context.reading is not None:
            reason = positions.check(dependency, run, component, context.reading)
        elif dependency.kind == set_order.KIND:
            reason = set_order.check(dependency, context.reading)
        elif dependency.kind == set_order.SOURCE:
            reason = set_order.check_source(dependency, context.reading)
        elif dependency.kind == set_order.RESTORED:
            reason = set_order.check_lost(dependency)
        else:
            reason = first_broken((dependency,), context, KINDS)
        if reason is not None:
            return number, reason
    return len(dependencies), None


def dependencies_of(entry: Entry) -> list[Dependency]:
    """Return the dependencies recorded with an entry."""
    return [Dependency(*item) for item in loads(entry.dependencies)]


def effects_of(run: CellRun, entry: Entry) -> tuple[Effect, ...]:
    """Return the effects recorded with an entry, read and verified."""
    read = run.services.store.read
    return tuple(
        Effect(
            kind,
            name,
            bytes(read(entry.blobs[f"effect-{index}"])),
            bytes(read(entry.blobs[f"before-{index}"])),
        )
        for index, (kind, name) in enumerate(loads(entry.meta).get("effects", ()))
    )


def _explain(run: CellRun, component: Component, reading: Reading) -> tuple[str, str]:
    """Say what changed against the most similar earlier recording, and which that is."""
    names = component.names.binds | component.names.maybe_binds
    nearest = run.services.store.nearest(
        code_digest=component.code_digest, label=component.label, names=names, limit=_COMPARED
    )
    for entry in nearest:
        if entry.code_digest == component.code_digest:
            old = loads(entry.meta)
            if old.get("reading") == reading.digest:
                return "its options changed", entry.entry_id
            reasons = explain_change(old.get("roots", []), reading)
            return _few(reasons) if reasons else "its options changed", entry.entry_id
    for entry in nearest:
        if _is_earlier_version(entry, run, component, names):
            return "this code was edited", entry.entry_id
    return NEVER_SEEN, ""


def _is_earlier_version(entry: Entry, run: CellRun, component: Component, names: frozenset[str]) -> bool:
    """Judge by the names that are bound; code that binds none, by how alike its text is."""
    if not entry.code_digest:
        return False  # no cell's: a node of a graph
    seen_in = run.services.seen_in.get(entry.code_digest)
    if seen_in is not None and (seen_in == run.place or seen_in[0] != run.label):
        return False  # it is still there, beside this component or in another cell
    if entry.label == component.label or set(entry.binds) & names:
        return True
    if entry.binds or names:
        return False
    texts = SequenceMatcher(None, entry.source[:_COMPARED_LENGTH], component.source[:_COMPARED_LENGTH])
    return texts.quick_ratio() >= _ALIKE and texts.ratio() >= _ALIKE


def _few(reasons: Sequence[str]) -> str:
    shown = ", ".join(reasons[:3])
    return f"{shown}, and {len(reasons) - 3} more" if len(reasons) > 3 else shown
