"""Replaying a recording: everything is restored first, then applied at once."""

from __future__ import annotations
import __future__

import time
from json import loads
from typing import TYPE_CHECKING

from fpcache.cells import Component
from fpcache.dependencies import EFFECTS
from fpcache.dependencies.observing import apply_effects
from fpcache.errors import HalfRestoredError, StoreError, UncacheableError
from fpcache.fingerprints.records import Reading
from fpcache.replay.live_frames import live_frames
from fpcache.replay.outputs import Clear, Display, Output, OutputLog, Result, Stream
from fpcache.replay.recording import Payload, apply, obstacles, restore
from fpcache.session import addresses, display_ids, own_streams, positions
from fpcache.session.capturing import reference_nodes
from fpcache.session.looking_up import Found
from fpcache.session.report import HIT, ComponentReport
from fpcache.session.services import Services
from fpcache.shell import ShellAdapter
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["load_payload", "publish", "replay"]

_FUTURE = __future__.annotations.compiler_flag


def replay(
    run: CellRun, component: Component, reading: Reading, found: object, row: ComponentReport
) -> str | None:
    """Apply a recording instead of running; returns why it couldn't be, or None.

    Whatever can fail comes before the first change to the user's objects.
    """
    assert isinstance(found, Found)
    started, entry = time.perf_counter(), found.entry
    try:
        payload = load_payload(run, entry, reading)
        recorded = OutputLog.from_bytes(bytes(run.services.store.read(entry.blobs["outputs"])))
        outputs = addresses.named(positions.named(recorded, run, reading), payload.addressed)
    except StoreError as error:
        return f"the stored result is damaged ({error})"
    except UncacheableError as error:
        return f"the stored result can't be applied ({error})"
    except Exception as error:
        message = run.services.faults.report(error, f"restoring `{component.label}`")
        return f"the stored result could not be restored ({message})"
    stream = own_streams.own_stream(outputs)
    if stream:
        return f"what it prints would go to your own `sys.{stream}`"
    nodes = reference_nodes(reading)
    in_the_way = obstacles(payload, nodes)
    if in_the_way:
        return f"the stored result can't be applied (an input {in_the_way[0][1]})"
    try:
        apply_effects(found.effects, run.context(reading), EFFECTS)
    except Exception as error:  # all is as before
        message = run.services.faults.report(error, f"restoring what `{component.label}` changes outside")
        return f"what it changes outside could not be restored ({message})"
    row.status = HIT
    _put_in_place(payload, nodes, run, component)
    with run.services.faults.guarded(f"the annotations of `{component.label}`"):
        _declare(run, component.annotations)
    publish(run.services, display_ids.named(outputs), payload.results)
    with run.services.faults.guarded("counting a hit"):
        _account(run, entry, row, time.perf_counter() - started)
    return None


def _put_in_place(payload: Payload, nodes: tuple[object, ...], run: CellRun, component: Component) -> None:
    """Bind and change what the run bound and changed; what fails now can neither be undone nor run.

    Raises
    ------
    HalfRestoredError
        With what to do: the user's objects are no longer what they were.
    """
    try:
        apply(payload, nodes, run.namespace)
    except Exception as error:
        message = run.services.faults.report(error, f"changing the inputs of `{component.label}`")
        text = f"the inputs of `{component.label}` are only partly changed; run the cells above again"
        raise HalfRestoredError(f"{text} ({message})") from error


def _declare(run: CellRun, annotations: tuple[str, ...]) -> None:
    """Run declarations such as ``x: int``: they bind nothing, and `__annotations__` ends as after a run."""
    flags = run.services.shell.shell.compile.flags & _FUTURE
    for declared in annotations:
        exec(compile(declared, run.request.cell_name, "exec", flags, dont_inherit=True), run.namespace)


def load_payload(run: CellRun, entry: Entry, reading: Reading) -> Payload:
    """Return what a recording bound, changed and showed, restored but not applied."""
    read = run.services.store.read
    count = loads(entry.meta)["buffers"]
    buffers = [read(entry.blobs[f"buffer-{index}"]) for index in range(count)]
    stream = bytes(read(entry.blobs["payload"]))
    frames = live_frames(reading.nodes, is_eager=False)
    return restore(stream, buffers, reference_nodes(reading), run.namespace, frames=frames)


def publish(services: Services, outputs: OutputLog, values: tuple[object, ...]) -> None:
    """Show recorded outputs in their order; one that can't be shown is told, and the others are shown."""
    remaining = iter(values)
    for item in outputs:
        value = next(remaining) if isinstance(item, Result) else None
        with services.faults.guarded("showing a stored output"):
            _show(services.shell, item, value)


def _show(shell: ShellAdapter, item: Output, value: object) -> None:
    match item:
        case Stream(name, text):
            shell.publish_stream(name, text)
        case Display(data, metadata, display_id, update):
            shell.publish_display(data, metadata, display_id, update)
        case Clear(wait):
            shell.publish_clear(wait)
        case Result(data, metadata):
            shell.publish_result(value, data, metadata)


def _account(run: CellRun, entry: Entry, row: ComponentReport, duration_s: float) -> None:
    row.reason = _hit_reason(entry)
    row.duration_s = duration_s
    row.saved_s = max(0.0, entry.duration_s - duration_s)
    row.size_bytes, row.evidence.entry_id = entry.size_bytes, entry.entry_id
    meta = loads(entry.meta)
    row.notes.extend(meta.get("notes", ()))
    row.waived.extend(meta.get("waived", ()))
    run.services.store.touch(entry.entry_id, row.saved_s)
    if run.options.pin and not entry.pinned:
        run.services.store.pin(entry.entry_id, True)


def _hit_reason(entry: Entry) -> str:
    age_s = max(0.0, time.time() - entry.created_s)
    for unit_s, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if age_s >= unit_s:
            count = int(age_s // unit_s)
            return f"same code and inputs as {count} {unit}{'' if count == 1 else 's'} ago"
    return "same code and inputs as before"
