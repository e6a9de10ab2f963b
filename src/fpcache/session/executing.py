"""Running a component for real, recorded or not."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component, Kind
from fpcache.dependencies import PROBES, pyplot_state
from fpcache.dependencies.observing import Observing
from fpcache.dependencies.records import Dependency
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.heads import heads
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.records import Reading
from fpcache.replay.live_frames import LiveFrame, live_frames
from fpcache.session import (
    asked_memories,
    axes,
    capturing,
    depends,
    display_ids,
    fixed,
    ignored,
    looking_up,
    memory_counts,
    moved,
    refusing,
    set_order,
    unseeded,
)
from fpcache.session.cell_run import OPENS_FIGURE
from fpcache.session.governor import INPUTS_S, REPLAY_S
from fpcache.session.only_numbers import makes_only_numbers
from fpcache.session.report import MISS, PLAIN, UNCACHEABLE, duration_text
from fpcache.session.set_order import Layouts
from fpcache.session.unset_memory import names_of_unset, set_to_zero
from fpcache.session.widgets import WatchedOutputs

if TYPE_CHECKING:
    from fpcache.session.steps import ComponentStep

__all__ = ["Trace", "execute_component"]


@dataclass(slots=True)
class Trace:
    """What was seen of one real run, while it ran.

    Attributes
    ----------
    before : dict
        The user's namespace before the run, name by name.
    fixed : dict
        What nodes that a replay can't change in place were before the run.
    kinds : tuple of type
        The classes of all nodes before the run.
    depends : list of Dependency
        What the paths named by ``--depends`` held before the run.
    values : list
        Values shown as results, in order.
    errors : list
        One item for each traceback shown; ``%%time`` shows one without failing.
    display_ids : dict of str to int
        The last numbers that libraries had given to displays before the run.
    set_order : str
        Digest of the order of the sets among the inputs, before the run.
    set_layouts : dict
        Where the elements of these sets lay, by root.
    only_numbers : bool
        Whether all sets that the run makes can only hold numbers and tuples of them.
    standard : str
        Digest of what was replaced in the standard library before the run.
    ignored : dict
        What the names of ``--ignore`` stood for, before the run.
    axes : dict
        The indexes of the frames among the inputs, with their names before the run.
    places : dict
        Where the tensors among the inputs lay before the run, by rank.
    moved : dict
        What lies where those lay that lie elsewhere after it, by rank.
    frames : list of LiveFrame
        The blocks of these frames before the run, and who shared them.
    heads : mapping of str to str
        The first elements of the inputs before the run, by root.
    memoised : dict
        The memoised functions among the inputs, and what they had counted before the run.
    only_calls : bool
        Whether the run did nothing but call them and compute; as found when it is stored.
    dashboards : int
        How many dashboards had been opened before the run.
    """

    component: Component
    reading: Reading
    before: dict[str, Any]
    fixed: dict[int, object]
    kinds: tuple[type, ...]
    observing: Observing
    depends: list[Dependency]
    outputs: WatchedOutputs = field(default_factory=WatchedOutputs)
    values: list[object] = field(default_factory=list)
    errors: list[None] = field(default_factory=list)
    duration_s: float = 0.0
    figures_before: int = 0
    set_order: str = ""
    set_layouts: Layouts = field(default_factory=dict)
    only_numbers: bool = False
    standard: str = ""
    display_ids: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, tuple[int, str]] = field(default_factory=dict)
    axes: axes.Names = field(default_factory=dict)
    places: dict[int, moved.Place] = field(default_factory=dict)
    moved: dict[int, Any] = field(default_factory=dict)
    frames: list[LiveFrame] = field(default_factory=list)
    heads: Mapping[str, str] = field(default_factory=dict)
    memoised: memory_counts.Calls = field(default_factory=dict)
    only_calls: bool = False
    dashboards: int = 0


async def execute_component(step: ComponentStep) -> bool:
    """Run a component's statements for real; True means they failed."""
    run, component, start = step.run, step.component, None
    faults, code = run.services.faults, run.compiled(step.component)
    with faults.guarded("preparing an unseeded random state"):
        start = unseeded.begin(run.services, component.code_digest, code) if code is not None else None
    with run.services.governor.spending():
        trace = _begin(step) if step.storable and step.row.status == MISS else None
    try:
        failed = await (_run_plainly(step) if trace is None else _run_recorded(step, trace))
    finally:
        # Probes are in cycles, in which the user's objects would outlive their last name.
        if trace is not None:
            trace.observing.context.reading = None
    if start is not None:
        with faults.guarded("remembering an unseeded random state"):
            unseeded.end(run.services, start)
    return failed


async def _run_plainly(step: ComponentStep) -> bool:
    figures_before, unset = len(pyplot_state.open_figures()), _names_of_unset(step)
    started = time.perf_counter()
    run, component = step.run, step.component
    failed = await _run_nodes(step, component)
    step.row.duration_s = time.perf_counter() - started
    _set_unset(step, [] if failed else unset)
    run.services.governor.run_time_s += step.row.duration_s
    if not failed and component.kind in (Kind.CODE, Kind.DYNAMIC):
        opens = len(pyplot_state.open_figures()) > figures_before and not _is_last(step)
        details: dict[str, object] = {OPENS_FIGURE: True} if opens else {}
        if step.spent_s > step.row.duration_s:  # the next run needn't try that again
            details[REPLAY_S] = step.spent_s
        if step.tried_s is not None:
            details[INPUTS_S] = step.tried_s
        with run.services.faults.guarded("remembering how long code took"):
            run.services.governor.learn(component.code_digest, step.row.duration_s, **details)
    return failed


async def _run_nodes(step: ComponentStep, component: Component) -> bool:
    request = step.run.request
    return await step.run.services.shell.run_nodes(
        request.nodes[component.start : component.stop],
        request.cell_name,
        step.run.interactivity(component),
        request.compiler,
        request.result,
    )


def _names_of_unset(step: ComponentStep) -> list[str]:
    """Return the names to which the component gives memory that nobody sets."""
    names, run, component = list[str](), step.run, step.component
    with run.services.faults.guarded("looking for memory that nobody sets"):
        if run.interactivity(component) != "last_expr_or_assign":
            names = names_of_unset(step.nodes, run.namespace)
    return names


def _set_unset(step: ComponentStep, names: list[str]) -> None:
    """Set this memory to zero, if what the component called has not put something else in its place."""
    if names and names == _names_of_unset(step):
        governor, faults = step.run.services.governor, step.run.services.faults
        with governor.spending(), faults.guarded("setting memory that nobody has set"):
            set_to_zero(names, step.run.namespace)


def _is_last(step: ComponentStep) -> bool:
    return step.component.stop == len(step.run.request.nodes)


def _begin(step: ComponentStep) -> Trace | None:
    """Start to watch; a fault in the probes costs the recording, not the run."""
    run, reading = step.run, step.reading
    assert reading is not None
    try:
        observing = Observing(run.context(reading, time.time()), PROBES)
        trace = Trace(
            step.component,
            reading,
            dict(run.namespace),
            fixed.remember(reading),
            tuple(map(type, reading.nodes)),
            observing,
            depends.dependencies(run.options.depends),
            figures_before=len(pyplot_state.open_figures()),
            set_order=set_order.order_of(reading),
            set_layouts=set_order.layouts(reading),
            only_numbers=makes_only_numbers(run, step.component, reading),
            standard=run.services.history.standard.digest(),
            display_ids=display_ids.present(),
            ignored=ignored.digests(run.options.ignore, run.namespace),
            axes=axes.names_of(reading),
            places=moved.places(reading),
            frames=live_frames(reading.nodes),
            heads=heads(reading),
            memoised=memory_counts.calls_of(reading),
            dashboards=run.services.dashboards,
        )
        observing.start()
    except Exception as error:
        run.services.faults.report(error, "watching a component")
        return None
    return trace


async def _run_recorded(step: ComponentStep, trace: Trace) -> bool:
    shell, governor = step.run.services.shell, step.run.services.governor
    unset = _names_of_unset(step)
    started = time.perf_counter()
    try:
        with shell.watch_outputs(trace.outputs, trace.values.append, trace.errors.append):
            failed = await _run_nodes(step, step.component)
            if not failed and len(pyplot_state.open_figures()) > trace.figures_before:
                failed = await _join_rest(step, trace)
            if not failed and trace.component.stop == len(step.run.request.nodes):
                shell.flush_figures()
    finally:
        step.row.duration_s = trace.duration_s = time.perf_counter() - started
        governor.run_time_s += trace.duration_s
        with governor.spending():
            _end_watching(step, trace)
    _set_unset(step, [] if failed else unset)
    with governor.spending():
        _finish(step, trace, failed)
    return failed


def _end_watching(step: ComponentStep, trace: Trace) -> None:
    """Stop to watch; a fault in the probes costs the recording, and never the user's error or result."""
    try:
        trace.observing.stop()
    except Exception as error:
        step.run.services.faults.report(error, "watching a component")
        step.storable = False


async def _join_rest(step: ComponentStep, trace: Trace) -> bool:
    """Take the rest of the cell into a component that left a figure open."""
    run = step.run
    if _is_last(step):
        return False
    joined = run.rest_from(step.component)
    reading = _reading_before(step, trace, joined)
    run.services.governor.learn(step.component.code_digest, 0.0, **{OPENS_FIGURE: True})
    rest = _after(joined, step.component)
    run.joined = step.component.index
    step.component = trace.component = joined
    step.row.name, step.row.lines = joined.label, (joined.first_line, joined.last_line)
    step.row.evidence.source, step.row.evidence.code_digest = joined.source, joined.code_digest
    step.storable = reading is not None and _take_reading(step, trace, reading)
    return await _run_nodes(step, rest)


def _take_reading(step: ComponentStep, trace: Trace, reading: Reading) -> bool:
    """Go on with what the joined component reads; False where it can't be cached."""
    run, joined, row = step.run, step.component, step.row
    if joined.kind is not Kind.CODE or joined.dynamic:
        message = "leaves a figure open to code that can't be cached; draw it in a cell of its own"
        row.status, row.reason = UNCACHEABLE, refusing.told(message, row.lines)
        return False
    refusal = looking_up.standing_refusal(run, joined, run.context(reading))
    if refusal is not None:
        row.status, row.reason = UNCACHEABLE, refusing.refusal_text(refusal, joined)
        return False
    trace.reading = step.reading = reading
    context = trace.observing.context
    context.reading, context.strings = reading, reading.strings
    trace.fixed = fixed.remember(reading)
    trace.kinds = tuple(map(type, reading.nodes))
    trace.set_order = set_order.order_of(reading)
    trace.set_layouts = set_order.layouts(reading)
    trace.only_numbers = False  # what the names were before the run isn't at hand
    trace.axes = axes.names_of(reading)
    trace.places = moved.places(reading)
    trace.frames = live_frames(reading.nodes)
    trace.heads = heads(reading)
    trace.memoised = {**memory_counts.calls_of(reading), **trace.memoised}
    row.key = run.key(joined, reading)
    return True


def _reading_before(step: ComponentStep, trace: Trace, joined: Component) -> Reading | None:
    """Return what `joined` reads, as it was before the run; None where that is lost."""
    run = step.run
    try:
        if capturing.changed(trace, run.namespace):
            return None
        code = run.compiled(joined)
        return read(run.reads(joined), code, trace.before, ignore=run.options.ignore, live=run.namespace)
    except UnfingerprintableValueError:
        return None
    except Exception as error:
        run.services.faults.report(error, "joining a cell's rest to an open figure")
        return None


def _after(joined: Component, first: Component) -> Component:
    return replace(joined, start=first.stop)


def _finish(step: ComponentStep, trace: Trace, failed: bool) -> None:
    """Store what was recorded, or say why not."""
    run, row = step.run, step.row
    min_seconds = run.services.settings.min_seconds
    if failed or trace.errors:
        row.reason += "; it raised, so it is not stored"
        return
    if sys.gettrace() is not None:  # the tracer would see, and perhaps change, all that comes now
        row.reason += "; it started a debugger, so it is not stored"
        return
    digest = step.component.code_digest
    run.services.governor.learn(digest, trace.duration_s, **{INPUTS_S: None})
    if trace.duration_s < min_seconds:
        row.status = PLAIN
        row.reason = f"took {duration_text(trace.duration_s)}, cheaper to run than to store"
        return
    if trace.observing.faults:
        run.services.faults.report(trace.observing.faults[0], "watching a component")
        row.reason += "; not stored"
        return
    if not step.storable:
        if row.status == MISS:
            row.reason += "; not stored"
        return
    try:
        capturing.store(step, trace)
        if row.stored:
            asked_memories.note_recorded(run.services, trace.component.code_digest, trace)
    except Exception as error:
        run.services.faults.report(error, "storing a component")
        row.reason += "; not stored"
