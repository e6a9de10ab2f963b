"""How Python's containers and buffers are changed in place."""

from __future__ import annotations

import array
import io
from collections import OrderedDict, defaultdict, deque
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.set_layouts import Recipe, fill, recipe
from fpcache.fingerprints.set_values import is_hashed_by_python
from fpcache.replay.mutations import Kind

__all__ = [
    "ARRAY",
    "BYTEARRAY",
    "BYTES_IO",
    "DEFAULT_DICT",
    "DEQUE",
    "DICT",
    "LIST",
    "ORDERED_DICT",
    "SET",
    "STRING_IO",
]

Pairs = tuple[tuple[Any, Any], ...]

# The built-in methods are called, never those of a subclass: what these do was
# done by the run, and is part of the state.


def _put_list(node: list[Any], items: tuple[Any, ...]) -> None:
    list.__setitem__(node, slice(None), _with_own_nan(node, items))


def _with_own_nan(node: Any, items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return items with the NaN that `node` holds, if it holds a single one: others may hold it, too."""
    mine = {id(item): item for item in node if type(item) is float and item != item}
    if len(mine) != 1:
        return items
    (nan,) = mine.values()
    return tuple(nan if type(item) is float and item != item else item for item in items)


def _pairs(node: dict[Any, Any]) -> Pairs:
    return tuple(dict.items(node))


def _put_dict(node: dict[Any, Any], pairs: Pairs) -> None:
    dict.clear(node)
    dict.update(node, pairs)


def _unhashable(node: object, pairs: Pairs) -> str | None:
    return _hash_all(key for key, _ in pairs)


def _unhashable_item(node: object, content: tuple[Any, ...]) -> str | None:
    return _hash_all(Recipe(*content).items)


def _hash_all(items: Any) -> str | None:
    try:
        for item in items:
            hash(item)
    except Exception as error:  # a key's own __hash__ may raise anything
        return f"has a key without a hash here ({error})"
    return None


def _ordered_pairs(node: OrderedDict[Any, Any]) -> Pairs:
    return tuple(OrderedDict.items(node))


def _put_ordered(node: OrderedDict[Any, Any], pairs: Pairs) -> None:
    OrderedDict.clear(node)
    for key, value in pairs:
        OrderedDict.__setitem__(node, key, value)


def _default_content(node: defaultdict[Any, Any]) -> tuple[Any, Pairs]:
    return node.default_factory, tuple(dict.items(node))


def _put_default(node: defaultdict[Any, Any], content: tuple[Any, Pairs]) -> None:
    node.default_factory = content[0]
    _put_dict(node, content[1])


def _set_content(node: set[Any]) -> tuple[Any, ...]:
    made = recipe(node) if is_hashed_by_python(node) else Recipe(0, 0, (), tuple(set.__iter__(node)))
    if not made.is_exact:
        raise UncacheableError(
            "changes a set in place of which no copy has the same order; make a new one, as in `s = s | {1}`"
        )
    return tuple(made)


def _put_set(node: set[Any], content: tuple[Any, ...]) -> None:
    fill(node, Recipe(*content))


def _put_deque(node: deque[Any], content: tuple[int | None, tuple[Any, ...]]) -> None:
    items = _with_own_nan(node, content[1])
    deque.clear(node)
    deque.extend(node, items)


def _other_maxlen(node: deque[Any], content: tuple[int | None, tuple[Any, ...]]) -> str | None:
    return None if node.maxlen == content[0] else "is a deque with another maxlen"


def _put_bytes(node: bytearray, content: bytes) -> None:
    bytearray.__setitem__(node, slice(None), content)


def _is_exported(node: Any, content: Any) -> str | None:
    """A buffer that a memoryview or array lies on can't change its length."""
    if len(node) == len(content):
        return None
    try:
        node.append(0)
    except BufferError:
        return "has another length than before, and its memory is in use"
    node.pop()
    return None


def _put_array(node: array.array[Any], content: array.array[Any]) -> None:
    node[:] = content


def _array_obstacle(node: array.array[Any], content: array.array[Any]) -> str | None:
    if node.typecode != content.typecode:
        return "is an array with another type code"
    return _is_exported(node, content)


def _text(node: io.StringIO | io.BytesIO) -> tuple[Any, int]:
    return node.getvalue(), node.tell()


def _put_text(node: Any, content: tuple[Any, int]) -> None:
    node.seek(0)
    node.truncate()
    node.write(content[0])
    node.seek(content[1])


def _text_obstacle(node: Any, content: tuple[Any, int]) -> str | None:
    if node.closed:
        return "is closed"
    if isinstance(node, io.BytesIO):
        try:
            node.truncate(len(node.getvalue()))
        except BufferError:
            return "has its memory in use"
    return None


LIST = Kind(tuple, _put_list)
DICT = Kind(_pairs, _put_dict, _unhashable)
ORDERED_DICT = Kind(_ordered_pairs, _put_ordered, _unhashable)
DEFAULT_DICT = Kind(_default_content, _put_default, lambda node, content: _unhashable(node, content[1]))
SET = Kind(_set_content, _put_set, _unhashable_item)
DEQUE = Kind(lambda node: (node.maxlen, tuple(node)), _put_deque, _other_maxlen)
BYTEARRAY = Kind(bytes, _put_bytes, _is_exported)
ARRAY = Kind(lambda node: node[:], _put_array, _array_obstacle)
STRING_IO = Kind(_text, _put_text, _text_obstacle)
BYTES_IO = Kind(_text, _put_text, _text_obstacle)
