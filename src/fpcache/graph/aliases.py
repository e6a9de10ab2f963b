"""Whether an output can be kept apart from the inputs it was made of."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Walk
from fpcache.graph.resources import Resource

__all__ = ["shared_memory"]

# Found again by name, and the same object in every graph of a process.
_BY_NAME = (type, FunctionType, BuiltinFunctionType)
# Equal ones can't be told apart, or belong to the whole process.
_SHARED = (*_BY_NAME, ModuleType, Resource)


def shared_memory(
    value: object, inputs: Mapping[str, object], state: Mapping[str, Walk] = MappingProxyType({})
) -> str:
    """Say what shares a mutable object or a buffer with `value`: an input, or a global; "" if nothing does.

    A cache hands out a copy of such an output, and a later change to the
    input (or the output) would then reach only one of them.
    """
    outputs = list(_walks(value))
    for parameter, given in inputs.items():
        if any(_overlap(value, outputs, walked) for walked in _walks(given)):
            return f"its input `{parameter}`"
    return next((label for label, walked in state.items() if _overlap(value, outputs, walked)), "")


def _walks(value: object) -> Iterator[Walk]:
    """Walk a value; one without a fingerprint, such as a `Cacheable` with a lock, part by part."""
    waiting, seen = [value], {id(value): value}
    while waiting:
        part = waiting.pop()
        try:
            yield walk(part)
        except UnfingerprintableValueError:
            parts = gc.get_referents(part)
            new = [found for found in parts if id(found) not in seen and not isinstance(found, _SHARED)]
            seen.update((id(found), found) for found in new)
            waiting += new


def _overlap(value: object, outputs: Iterable[Walk], other: Walk) -> bool:
    for walked in outputs:
        objects = {id(node) for node in walked.nodes if not isinstance(node, _SHARED)}
        common = {id(node) for node in other.nodes} & objects
        if common and _holds(value, common):
            return True
        # Two pandas frames may share memory unseen: each copies before it writes.
        if _meet(_spans(walked, True), _spans(other)) or _meet(_spans(walked), _spans(other, True)):
            return True
    return False


def _holds(value: object, wanted: Collection[int]) -> bool:
    """Whether a value has one of some objects, other than in the code of its classes and functions."""
    waiting, seen = [value], {id(value): value}
    while waiting:
        part = waiting.pop()
        if id(part) in wanted:
            return True
        parts = [found for found in gc.get_referents(part) if not isinstance(found, _SHARED)]
        new = [found for found in parts if id(found) not in seen]
        seen.update((id(found), found) for found in new)
        waiting += new
    return False


def _spans(walked: Walk, only_plain: bool = False) -> list[tuple[int, int]]:
    return [
        (buffer.start, buffer.start + buffer.size_bytes)
        for buffer in walked.buffers
        if not (only_plain and buffer.copy_on_write)
    ]


def _meet(first: Iterable[tuple[int, int]], second: Iterable[tuple[int, int]]) -> bool:
    tagged = sorted([(*span, 0) for span in first] + [(*span, 1) for span in second])
    ends = [0, 0]  # how far each side's buffers reached so far
    for start, end, side in tagged:
        if start < ends[1 - side] and start < end:
            return True
        ends[side] = max(ends[side], end)
    return False
