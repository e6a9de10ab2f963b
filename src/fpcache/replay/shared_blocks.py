"""Write a pandas block or index that shares its memory, and who uses that memory, as it is.

What lies in an input's memory is written as a view of it; what several objects of the result share is written
once. Both are counted among the users of the memory, as after a run.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from fpcache.errors import UncacheableError
from fpcache.replay.array_codec import Fresh
from fpcache.replay.block_places import How, Unsayable, cut, how_to_cut, pieces_of
from fpcache.replay.block_values import is_masked
from fpcache.replay.live_frames import (
    LiveFrame,
    common_refs,
    live_layout,
    live_refs,
    live_values,
)
from fpcache.replay.locate import UnstorableError
from fpcache.replay.memory import byte_bounds, copies_on_write, inner_arrays, innermost

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["Shared", "frames_of", "own_values", "reduce_references", "shared_with", "take"]

Source = tuple[Any, int]


class Shared(NamedTuple):
    """How the values of a block or index are made and shared.

    Attributes
    ----------
    group : tuple of sources
        The inputs' blocks and indexes whose users it is counted among.
    source : tuple or None
        That in whose memory it lies; None where it has memory of its own.
    layout : tuple
        How the source lies in memory.
    how : How or None
        How to cut the values from it; None is as a whole.
    values : object
        The values where they are not those of an unchanged input.
    refs : object
        What counts the users, where no input is among them.
    nullable : tuple or None
        Where they share the numbers alone, of a nullable array or for one: its class and mask, or nothing.
    """

    group: tuple[Source, ...] = ()
    source: Source | None = None
    layout: tuple[Any, ...] = ()
    how: How | None = None
    values: Any = None
    refs: Any = None
    nullable: tuple[Any, ...] | None = None


def frames_of(writer: Writer) -> dict[int, LiveFrame]:
    """Return the frames among the inputs, as they were before the run, by rank."""
    found: dict[int, LiveFrame] | None = writer.lookups.get("frames")
    if found is None:
        frames = (node for node in writer.nodes if type(node) is LiveFrame)
        found = writer.lookups["frames"] = {frame.rank: frame for frame in frames}
    return found


def shared_with(writer: Writer, holder: Any, values: Any, refs: Any) -> Shared | None:
    """Return how a block or index shares its memory, or None if nobody else uses it.

    Raises
    ------
    UnstorableError
        If it lies in the memory of an input in a way that can't be made again.
    """
    if refs is None or not copies_on_write() or not (writer.changed or refs.has_reference()):
        return None
    group = _sources(writer).get(id(refs), ())
    if not group:
        return _among_results(writer, values, refs) if refs.has_reference() else None
    for source in group:
        frame, number = source
        if number >= 0 and frame.blocks[number].values is values:
            return _part_of(writer, group, source, None, values)
    try:
        for source in group:
            how = _how_in(source, values)
            if how is not None:
                return _part_of(writer, group, source, how, values)
    except Unsayable:
        message = "lies in the memory of an input in a way that can't be made again; use .copy()"
        raise UnstorableError(message, holder) from None
    return Shared(group, values=own_values(writer, holder, values))


def _sources(writer: Writer) -> dict[int, tuple[Source, ...]]:
    """Return the blocks and indexes of the inputs, by the id of what counts their users."""
    found: dict[int, tuple[Source, ...]] | None = writer.lookups.get("references")
    if found is None:
        found = writer.lookups["references"] = {}
        for frame in frames_of(writer).values():
            for number, block in enumerate(frame.blocks):
                found[id(block.refs)] = (*found.get(id(block.refs), ()), (frame, number))
        for frame in frames_of(writer).values():
            for number, axis in enumerate(frame.axes):
                refs = vars(axis).get("_references")
                if refs is not None:
                    found[id(refs)] = (*found.get(id(refs), ()), (frame, -1 - number))
    return found


def _how_in(source: Source, values: Any) -> How | None:
    """Return how values are cut from a source's, or None if their memory is another."""
    if _is_unwritable(values):
        return None
    holder, number = source
    lies = holder.blocks[number].pieces if number >= 0 else pieces_of(live_values(holder, number))
    own = pieces_of(values)
    if not own and not lies:
        raise Unsayable
    if {len(own), len(lies)} == {1, 2}:  # `astype` between a nullable type and another shares the numbers
        return how_to_cut(lies[:1], own[:1])
    return how_to_cut(lies, own)


def _is_unwritable(values: Any) -> bool:
    """Whether nothing can be written into the memory of such values: whether it is shared does not show."""
    return hasattr(values, "_pa_array") or type(values).__name__ == "SparseArray"


def _part_of(
    writer: Writer, group: tuple[Source, ...], source: Source, how: How | None, values: Any
) -> Shared:
    """Tell of a part of an input's block; with what it holds where the run changed that input."""
    frame, number = source
    is_changed = number >= 0 and frame.rank in writer.changed
    stored = _copied(values) if is_changed else None
    return Shared(group, source, live_layout(*source), how, stored, None, _nullable(source, how, values))


def _nullable(source: Source, how: How | None, values: Any) -> tuple[Any, ...] | None:
    holder, number = source
    pieces = holder.blocks[number].pieces if number >= 0 else pieces_of(live_values(*source))
    is_own, is_other = is_masked(values), len(pieces) == 2
    if how is None or is_own == is_other:
        return None
    return (type(values), Fresh(values._mask)) if is_own else ()


def _copied(values: Any) -> Any:
    return Fresh(values) if isinstance(values, sys.modules["numpy"].ndarray) else values.copy()


def own_values(writer: Writer, holder: Any, values: Any) -> Any:
    """Return what to write for values that get memory of their own."""
    for inner in inner_arrays(values):
        writer.ledger.store_frame(byte_bounds(inner), holder)
    return _copied(values)


def _among_results(writer: Writer, values: Any, refs: Any) -> Shared:
    """Tell of memory that several objects of the result may use: it is written once."""
    owners = writer.lookups.setdefault("frame owners", {})
    for inner in inner_arrays(values):
        owner = innermost(inner)[0]
        owners[id(owner)] = owner
    return _of_objects(values, refs) or Shared(values=values, refs=refs)


def _of_objects(values: Any, refs: Any) -> Shared | None:
    """Tell how an array of objects is cut from its owner, which is exact where a window isn't."""
    if not isinstance(values, sys.modules["numpy"].ndarray) or not values.dtype.hasobject:
        return None
    owner = innermost(values)[0]
    try:
        how = None if owner is values else how_to_cut(pieces_of(owner), pieces_of(values))
    except Unsayable:
        return None
    return None if how is None else Shared(values=owner, how=how, refs=refs)


def take(shared: Shared) -> tuple[Any, Any]:
    """Return the values that `shared` tells of, and what counts their users.

    Raises
    ------
    UncacheableError
        If the inputs lie in memory in another way than when this was stored.
    """
    if not shared.group:
        return cut(shared.values, shared.how), shared.refs
    refs = common_refs(shared.group)
    if shared.source is None:
        return shared.values, refs
    holder, number = shared.source
    values = live_values(holder, number)
    if values is None:  # right after the run, which gave that block up
        return shared.values, refs
    if live_layout(*shared.source) != shared.layout:
        raise UncacheableError("an input frame lies in memory in another way than when this was stored")
    if shared.values is not None:
        holder.blocks[number].stored.append((shared.how, shared.values))
    if shared.nullable is None:
        return cut(values, shared.how), refs
    if not shared.nullable:
        return cut(values._data, shared.how), refs
    cls, mask = shared.nullable
    return cls(cut(values, shared.how), mask), refs


def reduce_references(writer: Writer, refs: Any) -> Any:
    """Write what counts users: as an input's, or as a new one that counts nobody yet."""
    group = _sources(writer).get(id(refs), ())
    return (live_refs, group[0]) if group else (type(refs), ())
