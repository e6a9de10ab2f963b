"""Addresses in what a run left: the default ``repr`` of an object tells where it lies.

An output that shows the address of an object which a replay restores, or finds,
is stored with a mark in its place, and shown with the object's address then. In
a value no text can be told from another, so one that holds the address of a
living object is not stored; nor is a file with such an address, or whatever else
a run left beyond values. An address of what is gone says nothing any more.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fpcache.dependencies.entropy import TEMPORARY_NAMES
from fpcache.dependencies.records import Observation
from fpcache.errors import UncacheableError
from fpcache.replay import codec, recording
from fpcache.replay.outputs import OutputLog
from fpcache.replay.recording import Payload
from fpcache.replay.references import importable_path

if TYPE_CHECKING:
    from fpcache.session.executing import Trace

__all__ = ["marked", "named", "refuse_temporary_names", "settled"]

_TOLD = re.compile(r"0x([0-9a-f]{6,16})\b")
_TOLD_IN_BYTES = re.compile(rb"0x[0-9a-f]{6,16}\b")
_BEFORE = 100  # characters before an address, in which its object is named
_NUMBER = re.compile(rb"\x8a([\x05-\x07])")  # pickle's opcode for an integer of so many bytes
_REMEDY = "keep the object itself, or give its class a `__repr__`"


@dataclass(frozen=True, slots=True)
class _Told:
    """One address in a text, and the text before it."""

    address: int
    text: str


def settled(
    trace: Trace,
    observation: Observation,
    payload: Payload,
    dumped: codec.Dumped,
    outputs: OutputLog,
    namespace: dict[str, Any],
) -> tuple[Payload, codec.Dumped]:
    """Return a payload that also holds the objects whose addresses the outputs show.

    Raises
    ------
    UncacheableError
        If a value or a written file holds an address, or an output that of an
        object which a replay can't have.
    """
    shown = [told for text in outputs.texts() for told in _told_in(text)]
    held, nodes = _held_as_text(dumped.stream), _nodes(trace)
    if any(item.value is id for item in trace.reading.resolved):
        held.extend(_held_as_number(trace, payload, namespace))
    left = [(effect.name, told) for effect in observation.effects for told in _held_as_text(effect.state)]
    if not shown and not held and not left:
        return payload, dumped
    told_of = [*(("its result", told) for told in held), *((f"`{name}`", told) for name, told in left)]
    wanted = {told.address for told in (*shown, *(told for _, told in told_of))}
    found = _living(wanted, trace, payload, namespace)
    for place, told in told_of:
        living = found.get(told.address)
        if living is not None and _is_of(told, living):
            raise UncacheableError(f"{place} holds the address of {_words(living)}; {_REMEDY}")
    pairs = ((told, found[told.address]) for told in shown if told.address in found)
    objects = [_kept(living) for told, living in pairs if _is_of(told, living)]
    if not objects:
        return payload, dumped
    unique = tuple({id(one): one for one in objects}.values())
    payload = replace(payload, addressed=unique)
    return payload, recording.capture(payload, nodes, namespace, frames=trace.frames, moved=trace.moved)


def refuse_temporary_names(observation: Observation, dumped: codec.Dumped, outputs: OutputLog) -> None:
    """Refuse a result that holds the name of a temporary file, which is another one in each run.

    Raises
    ------
    UncacheableError
        With the name.
    """
    names = observation.details.get(TEMPORARY_NAMES, ())
    assert isinstance(names, tuple)
    for name in names:
        if name.encode() in dumped.stream or any(name in text for text in outputs.texts()):
            raise UncacheableError(
                f"its result holds the name of a temporary file (`{name}`); give the file a name"
            )


def _nodes(trace: Trace) -> tuple[object, ...]:
    from fpcache.session.capturing import reference_nodes

    return reference_nodes(trace.reading)


def _told_in(text: str) -> Iterator[_Told]:
    end = 0
    for found in _TOLD.finditer(text):
        start = found.start()
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            continue
        before = text[max(end, start - _BEFORE) : start]
        yield _Told(int(found[1], 16), before.rpartition("\n")[2])
        end = found.end()


def _held_as_text(stream: bytes) -> list[_Told]:
    return list(_told_in(stream.decode("latin-1"))) if _TOLD_IN_BYTES.search(stream) else []


def _held_as_number(trace: Trace, payload: Payload, namespace: dict[str, Any]) -> Iterator[_Told]:
    """Yield numbers in what is to be stored that may be addresses."""
    dumped = recording.capture(
        payload, _nodes(trace), namespace, frames=trace.frames, is_bulky=False, moved=trace.moved
    )
    stream = dumped.stream
    for found in _NUMBER.finditer(stream):
        size = found[1][0]
        yield _Told(int.from_bytes(stream[found.end() : found.end() + size], "little"), "")


@dataclass(frozen=True, slots=True)
class _Living:
    """An object that lies at an address; whether the recording has it."""

    value: object
    is_recorded: bool


def _living(
    wanted: set[int], trace: Trace, payload: Payload, namespace: dict[str, Any]
) -> dict[int, _Living]:
    """Return the objects that lie at the wanted addresses."""
    others = {id(one): _Living(one, False) for one in gc.get_objects() if id(one) in wanted}
    nodes = _nodes(trace)
    recorded = recording.met(payload, nodes, namespace, wanted, trace.moved)
    recorded |= {id(one): one for one in nodes if id(one) in wanted}
    return others | {address: _Living(one, True) for address, one in recorded.items()}


def _is_of(told: _Told, found: _Living) -> bool:
    """Whether a text tells of the object, and not of one that lay there before it."""
    names = {type(found.value).__name__, getattr(found.value, "__name__", None)}
    return found.is_recorded or not told.text or any(isinstance(n, str) and n in told.text for n in names)


def _kept(living: _Living) -> object:
    if living.is_recorded or importable_path(living.value) is not None:
        return living.value
    raise UncacheableError(f"its output shows the address of {_words(living)}; {_REMEDY}")


def _words(living: _Living) -> str:
    return f"an object (`{type(living.value).__name__}`)"


def marked(outputs: OutputLog, objects: tuple[object, ...]) -> OutputLog:
    """Return outputs with the objects' addresses replaced by marks."""
    marks = {f"{id(one):#x}": _mark(number) for number, one in enumerate(objects)}
    return outputs.replaced(marks)


def named(outputs: OutputLog, objects: tuple[object, ...]) -> OutputLog:
    """Return outputs with the marks replaced by the objects' present addresses."""
    addresses = {_mark(number): f"{id(one):#x}" for number, one in enumerate(objects)}
    return outputs.replaced(addresses)


def _mark(number: int) -> str:
    return f"\0fpcache object {number}\0"
