"""pandas objects: whole, with blocks that share memory with nothing.

Under copy-on-write pandas knows which of its objects share a block and copies
before the first write. That knowledge isn't stored, so a restored block is
always a block of its own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from fpcache.replay.array_codec import Fresh
from fpcache.replay.locate import UnstorableError
from fpcache.replay.memory import byte_bounds, inner_arrays

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
    """Write a manager as its blocks and axes."""
    if not hasattr(manager, "blocks"):
        return NotImplemented
    return build_manager, (type(manager), tuple(manager.blocks), list(manager.axes))


def build_manager(cls: Any, blocks: tuple[Any, ...], axes: list[Any]) -> Any:
    """Make a manager of one or two dimensions."""
    return cls.from_blocks(list(blocks) if len(axes) == 1 else blocks, axes)


def reduce_block(writer: Writer, block: Any) -> Any:
    """Write a block with its values in memory of their own."""
    rebuild, (values, *place) = block.__reduce__()[:2]
    for inner in inner_arrays(values):
        writer.ledger.store_frame(byte_bounds(inner), block)
    if isinstance(values, sys.modules["numpy"].ndarray):
        return rebuild, (Fresh(values), *place)
    return rebuild, (values.copy(), *place)


def _inputs_with(writer: Writer) -> dict[int, tuple[Any, int]]:
    """Return the frames and series among the inputs, with the number of an axis, by the id of its index."""
    found: dict[int, tuple[Any, int]] | None = writer.lookups.get("axes")
    if found is None:
        found = writer.lookups["axes"] = {}
        for rank, node in enumerate(writer.nodes):
            if isinstance(node, sys.modules["pandas"].core.generic.NDFrame) and rank not in writer.changed:
                found |= {id(axis): (node, number) for number, axis in enumerate(node.axes)}
    return found


def axis_of(frame: Any, number: int) -> Any:
    """Return the index of an axis: the very object."""
    return frame.axes[number]


def reduce_index(writer: Writer, index: Any) -> Any:
    """Write an input's own index as such, another one with its data in memory of its own."""
    place = _inputs_with(writer).get(id(index))
    if place is not None:
        return axis_of, place
    rebuild, (cls, parts), *rest = index.__reduce__()
    data = parts.get("data")
    if isinstance(data, sys.modules["numpy"].ndarray):
        return rebuild, (cls, {**parts, "data": Fresh(data)}), *rest
    if data is not None and hasattr(data, "copy"):
        return rebuild, (cls, {**parts, "data": data.copy()}), *rest
    return NotImplemented
