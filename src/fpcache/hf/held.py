"""What values hold, however deep: texts that may name files and variables, and modules."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import PurePath
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from fpcache.fingerprints import Reading
from fpcache.fingerprints.layout import layout_of
from fpcache.fingerprints.locality import is_local_code
from fpcache.hf.environment import is_like_environment
from fpcache.hf.outside import paths_in
from fpcache.hf.policy import Policy, plain_name
from fpcache.hf.tabular import texts_of_scalar, texts_of_table

__all__ = ["files_named", "files_nearby", "held_leaves"]

_CONTAINERS = (list, tuple, set, frozenset, dict, deque)
_LEAVES = (str, bytes, PurePath, ModuleType)
_CLASS_NAMES = frozenset({"__module__", "__qualname__", "__doc__", "__name__"})


def held_leaves(reading: Reading, policy: Policy) -> tuple[object, ...]:
    """Return all texts, paths and modules that the objects of a reading hold, each once.

    Parameters
    ----------
    reading : Reading
        Of the code.
    policy : Policy
        Says what doesn't count: by its place, for a text may be one object in many.
    """
    found: dict[int, object] = {}
    seen = set(policy.left_out)
    roots = [root.value for root in reading.roots if plain_name(root.chain[-1]) not in policy.ignored]
    pending: list[Any] = [value for value in roots if not isinstance(value, ModuleType)]
    holders = frozenset(key for key, _ in policy.left_out_parts)
    for node in (*pending, *reading.nodes, *reading.functions):
        if holders and (id(node) in holders or id(getattr(node, "__dict__", None)) in holders):
            pending.extend(_parts_left(node, policy))
        elif not is_like_environment(node):  # which names much that the code doesn't read
            pending.extend(part for part in _parts(node) if id(part) not in policy.left_out)
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, _LEAVES):
            found[id(value)] = value
        elif is_like_environment(value):
            continue
        elif isinstance(value, dict):
            pending.extend((*value.keys(), *value.values()))
        elif isinstance(value, _CONTAINERS):
            pending.extend(value)
        elif isinstance(value, CellType) and not _holds_module(value):
            pending.append(_content(value))
        else:
            pending.extend(texts_of_scalar(value))
    return tuple(found.values())


def _parts_left(node: Any, policy: Policy) -> Iterator[Any]:
    """Yield what an instance holds besides the attributes that don't count."""
    for name, value in getattr(node, "__dict__", {}).items():
        if (id(node.__dict__), name) not in policy.left_out_parts:
            yield value
    for slot in layout_of(type(node)).slots:
        if (id(node), slot.name) not in policy.left_out_parts:
            yield slot.read(node)
    if isinstance(node, dict):
        yield dict(dict.items(node))
    elif isinstance(node, _CONTAINERS):
        yield list(node)


def _parts(node: Any) -> Iterator[Any]:
    """Yield what an object holds; installed classes and modules stand for their names."""
    if isinstance(node, FunctionType):
        yield from (node.__defaults__, node.__kwdefaults__, vars(node))
        yield from (cell for cell in node.__closure__ or () if not _holds_module(cell))
        yield from _constants(node.__code__)
    elif isinstance(node, type):
        if is_local_code(node):
            yield from (value for name, value in vars(node).items() if name not in _CLASS_NAMES)
    elif isinstance(node, CellType):  # how code uses a module in one is seen in the code
        yield from () if _holds_module(node) else (_content(node),)
    elif (texts := texts_of_table(node)) is not None:
        yield from texts
        yield getattr(node, "__dict__", None)  # what a subclass adds
    elif not isinstance(node, (*_LEAVES, CodeType)):
        yield from gc.get_referents(node)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _holds_module(cell: CellType) -> bool:
    return isinstance(_content(cell), ModuleType)


def _constants(code: CodeType) -> Iterator[object]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _constants(constant)
        else:
            yield constant


def files_nearby() -> frozenset[str]:
    """Return the names of the files in the working directory."""
    try:
        return frozenset(entry.name for entry in os.scandir() if not entry.is_dir())
    except OSError:
        return frozenset()


def files_named(leaves: Collection[object], near: Collection[str]) -> Iterator[str]:
    """Yield the texts that have the form of a path, or are among the names of files nearby."""
    for leaf in leaves:
        if isinstance(leaf, ModuleType):
            continue
        text = os.fsdecode(leaf) if isinstance(leaf, bytes) else str(leaf)
        if text in near:
            yield text
        else:
            yield from paths_in([text])
