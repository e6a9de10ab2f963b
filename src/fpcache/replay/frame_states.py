"""How pandas objects are changed in place."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from fpcache.replay.frame_codec import build_manager
from fpcache.replay.memory import copies_on_write, inner_arrays, innermost
from fpcache.replay.mutations import Kind

__all__ = ["EXTENSION", "FRAME", "INDEX"]

_OWN_PLACE = frozenset({"_mgr", "_item_cache", "_cacher", "_flags", "_typ"})


def _frame_content(node: Any) -> tuple[Any, dict[str, Any], bool]:
    attributes = {name: value for name, value in vars(node).items() if name not in _OWN_PLACE}
    # A copy, so that the state doesn't follow the frame; the indexes are immutable, and keep their identity.
    # Block by block: pandas' own copy puts blocks of one type together.
    copied, manager = node.copy(deep=False), node._mgr
    blocks = tuple(block.copy(deep=True) for block in manager.blocks)
    object.__setattr__(copied, "_mgr", build_manager(type(manager), blocks, list(manager.axes)))
    copied.attrs = {}
    return copied, attributes, node.flags.allows_duplicate_labels


def _put_frame(node: Any, content: tuple[Any, dict[str, Any], bool]) -> None:
    """Give the frame the new blocks: under copy-on-write no other frame may see the old ones change."""
    copied, attributes, allows_duplicates = content
    for name in vars(node).keys() - attributes.keys() - _OWN_PLACE:
        object.__delattr__(node, name)
    for name, value in attributes.items():
        object.__setattr__(node, name, value)
    object.__setattr__(node, "_mgr", copied._mgr)
    node.flags._allows_duplicate_labels = allows_duplicates
    vars(node).get("_item_cache", {}).clear()


def _frame_obstacle(node: Any, content: tuple[Any, dict[str, Any], bool]) -> str | None:
    blocks = node._mgr.blocks
    if not copies_on_write() and any(block.refs.has_reference() for block in blocks):
        return "shares its memory with another pandas object"
    own_count, arrays = _arrays_of(blocks)
    spare = _spare_references()
    if any(_other_references(arrays, position) > spare for position in range(own_count)):
        return "has its memory in use by an array, which would no longer follow it"
    return None


def _arrays_of(blocks: Iterable[Any]) -> tuple[int, list[Any]]:
    """Return the arrays of all pandas objects known to lie on the memory of `blocks`.

    One for each holder, those of `blocks` first, and how many these are.
    """
    holders = {id(block): block for block in blocks}
    own_count = sum(1 for block in blocks for _ in inner_arrays(block.values))
    for block in blocks:
        for reference in block.refs.referenced_blocks:
            holder = reference()
            if holder is not None:
                holders[id(holder)] = holder
    held = (holder.values if hasattr(holder, "mgr_locs") else holder._data for holder in holders.values())
    return own_count, [inner for values in held for inner in inner_arrays(values)]


def _other_references(arrays: list[Any], position: int) -> int:
    """Count the references to the owner of an array's memory that `arrays` don't account for.

    An array over that memory, wherever it is held, has the owner as its base;
    an owner in `arrays` is referred to by its holder and by that list.
    """
    owner = innermost(arrays[position])[0]
    views = {id(array) for array in arrays if array is not owner and innermost(array)[0] is owner}
    held_and_listed = 2 * sum(array is owner for array in arrays)
    return sys.getrefcount(owner) - len(views) - held_and_listed


def _spare_references() -> int:
    """Return what `_other_references` counts for memory that nobody else uses."""
    return _other_references([sys.modules["numpy"].empty(2)[1:]], 0)


def _put_extension(node: Any, content: Any) -> None:
    node[:] = content


def _extension_obstacle(node: Any, content: Any) -> str | None:
    if node.dtype != content.dtype or len(node) != len(content):
        return "changes its length or dtype in place"
    return None


def _put_names(node: Any, content: tuple[Any, ...]) -> None:
    node.names = content


FRAME = Kind(_frame_content, _put_frame, _frame_obstacle, has_dict=False)
INDEX = Kind(lambda node: tuple(node.names), _put_names, has_dict=False)
EXTENSION = Kind(lambda node: node.copy(), _put_extension, _extension_obstacle, has_dict=False)
