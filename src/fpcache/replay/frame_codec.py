"""pandas objects: whole, with blocks that share memory with nothing.

Under copy-on-write pandas knows which of its objects share a block and copies
before the first write. A restored block is always a block of its own; of one
that shared an input's memory it is kept that a write copies first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fpcache.replay.array_codec import Fresh
from fpcache.replay.locate import UnstorableError
from fpcache.replay.memory import byte_bounds, copies_on_write, inner_arrays

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
    own = Fresh(values) if isinstance(values, sys.modules["numpy"].ndarray) else values.copy()
    shared = _inputs_by_references(writer).get(id(block.refs))
    if shared is not None:
        return build_shared_block, (*shared, rebuild, own, *place)
    return rebuild, (own, *place)


def build_shared_block(owner: Any, column: int, rebuild: Any, *parts: Any) -> Any:
    """Make a block that pandas takes to share its memory with that of an input's column.

    It doesn't; but whoever writes to either of them copies first, as after a run, so that arrays over the
    memory of one are left behind or follow as they would then.
    """
    block, manager = rebuild(*parts), owner._mgr
    source = manager.blocks[0] if manager.ndim == 1 else manager.blocks[manager.blknos[column]]
    block.refs = source.refs
    source.refs.add_reference(block)
    return block


def _inputs_by_references(writer: Writer) -> dict[int, tuple[Any, int]]:
    """Return an input frame or series and a column of it, by the id of what counts a block's users."""
    found: dict[int, tuple[Any, int]] | None = writer.lookups.get("references")
    if found is None:
        found = writer.lookups["references"] = {}
        for owner in _inputs(writer) if copies_on_write() else ():
            for block in owner._mgr.blocks:
                found.setdefault(id(block.refs), (owner, int(block.mgr_locs.as_array[0])))
    return found


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
        for node in _inputs(writer):
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
