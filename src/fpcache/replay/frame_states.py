"""How pandas objects are changed in place."""

from __future__ import annotations

from typing import Any

from fpcache.replay.frame_codec import build_manager
from fpcache.replay.live_frames import IN_USE, is_used_by_array
from fpcache.replay.memory import copies_on_write
from fpcache.replay.mutations import Kind

__all__ = ["EXTENSION", "FRAME", "INDEX"]

_OWN_PLACE = frozenset({"_mgr", "_item_cache", "_cacher", "_flags", "_typ"})


def _frame_content(node: Any) -> tuple[Any, dict[str, Any], bool]:
    attributes = {name: value for name, value in vars(node).items() if name not in _OWN_PLACE}
    copied, manager = node.copy(deep=False), node._mgr
    if not copies_on_write():
        # Block by block: pandas' own copy puts blocks of one type together.
        blocks = tuple(block.copy(deep=True) for block in manager.blocks)
        manager = build_manager(type(manager), blocks, list(manager.axes))
    object.__setattr__(copied, "_mgr", manager)
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
    """See `LiveFrame.obstacle` for frames that copy on write."""
    if copies_on_write():
        return None
    blocks = node._mgr.blocks
    if any(block.refs.has_reference() for block in blocks):
        return "shares its memory with another pandas object"
    return IN_USE if any(is_used_by_array(block.values, block.refs) for block in blocks) else None


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
