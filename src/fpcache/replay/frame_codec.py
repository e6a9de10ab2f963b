"""pandas objects: whole, with blocks that share their memory as after the run.

Under copy-on-write pandas knows which of its objects share a block and copies
before the first write. Without it, a restored block is always a block of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fpcache.replay.array_codec import Fresh
from fpcache.replay.live_frames import LiveFrame
from fpcache.replay.locate import UnstorableError
from fpcache.replay.shared_blocks import Shared, frames_of, own_values, shared_with, take

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["reduce_block", "reduce_frame", "reduce_index", "reduce_manager"]

_INTERNALS = frozenset(
    {"_mgr", "_item_cache", "_attrs", "_flags", "_name", "_cacher", "_is_copy", "_cache", "_typ"}
)


def reduce_frame(writer: Writer, frame: Any) -> Any:
    """Let pandas reduce it, unless it has attributes that pandas would drop."""
    dropped = vars(frame).keys() - _INTERNALS - set(frame._metadata) - set(frame._internal_names_set)
    if dropped and type(frame).__module__.partition(".")[0] == "pandas":
        raise UnstorableError(
            f"has an attribute `{min(dropped)}`, which pandas does not store; keep it in .attrs", frame
        )
    return NotImplemented


def reduce_manager(writer: Writer, manager: Any) -> Any:
    """Write a manager as its blocks and axes, of a changed input with the axes that it kept."""
    if not hasattr(manager, "blocks"):
        return NotImplemented
    blocks, axes, own = tuple(manager.blocks), list(manager.axes), _managed(writer).get(id(manager))
    if own is None:
        return build_manager, (type(manager), blocks, axes)
    was = own.axes[::-1] if len(axes) == 2 else own.axes  # a manager has the columns first
    kept = [number for number, axis in enumerate(axes) if axis is was[number]]
    for number in kept:
        axes[number] = None
    return build_manager, (type(manager), blocks, axes, own, kept)


def build_manager(
    cls: Any, blocks: tuple[Any, ...], axes: list[Any], own: Any = None, kept: list[int] | None = None
) -> Any:
    """Make a manager of one or two dimensions; with the axes of a frame that were kept."""
    for number in kept or ():
        axes[number] = own.axes[-1 - number]
    return cls.from_blocks(list(blocks) if len(axes) == 1 else blocks, axes)


def _managed(writer: Writer) -> dict[int, LiveFrame]:
    """Return the inputs that the run changed, by the ids of the managers that they have now."""
    found: dict[int, LiveFrame] | None = writer.lookups.get("managers")
    if found is None:
        nodes: Any = writer.nodes
        changed = [
            (nodes[rank]._mgr, frame) for rank, frame in frames_of(writer).items() if rank in writer.changed
        ]
        found = writer.lookups["managers"] = {id(manager): frame for manager, frame in changed}
    return found


def reduce_block(writer: Writer, block: Any) -> Any:
    """Write a block: by its values, or by how it shares these."""
    rebuild, (values, *place) = block.__reduce__()[:2]
    shared = shared_with(writer, block, values, block.refs)
    if shared is None:
        return rebuild, (own_values(writer, block, values), *place)
    return build_shared_block, (rebuild, tuple(place), *shared)


def build_shared_block(rebuild: Any, place: tuple[Any, ...], *shared: Any) -> Any:
    """Make a block that is one of the users of a memory."""
    values, refs = take(Shared(*shared))
    block = rebuild(values, *place)
    block.refs = refs
    refs.add_reference(block)
    return block


def _inputs(writer: Writer) -> Iterator[Any]:
    """Yield the frames and series among the inputs that are as they were."""
    for rank, node in enumerate(writer.nodes):
        if isinstance(node, sys.modules["pandas"].core.generic.NDFrame) and rank not in writer.changed:
            yield node


def _inputs_with(writer: Writer) -> dict[int, tuple[Any, int]]:
    """Return the frames and series among the inputs, with the number of an axis, by the id of its index."""
    found: dict[int, tuple[Any, int]] | None = writer.lookups.get("axes")
    if found is None:
        found = writer.lookups["axes"] = {}
        for frame in frames_of(writer).values():
            found |= {id(axis): (frame, number) for number, axis in enumerate(frame.axes)}
        for node in _inputs(writer):
            found |= {id(axis): (node, number) for number, axis in enumerate(node.axes)}
    return found


def axis_of(frame: Any, number: int) -> Any:
    """Return the index of an axis: the very object."""
    return frame.axes[number]


def reduce_index(writer: Writer, index: Any) -> Any:
    """Write an input's own index as such, another one with its data in memory of its own or of a block."""
    place = _inputs_with(writer).get(id(index))
    if place is not None:
        return axis_of, place
    refs = vars(index).get("_references")
    if refs is not None and any(hasattr(user(), "mgr_locs") for user in refs.referenced_blocks):
        shared = shared_with(writer, index, index._data, refs)
        if shared is not None:
            return build_shared_index, (type(index), index._name, getattr(index, "_freq", None), *shared)
    rebuild, (cls, parts), *rest = index.__reduce__()
    data = parts.get("data")
    if isinstance(data, sys.modules["numpy"].ndarray):
        return rebuild, (cls, {**parts, "data": Fresh(data)}), *rest
    if data is not None and hasattr(data, "copy"):
        return rebuild, (cls, {**parts, "data": data.copy()}), *rest
    return NotImplemented


def build_shared_index(cls: Any, name: Any, freq: Any, *shared: Any) -> Any:
    """Make an index that is one of the users of a block's memory."""
    values, refs = take(Shared(*shared))
    index = cls._simple_new(values, name=name, refs=refs)
    if freq is not None:
        index._freq = freq
    return index
