"""How instances, functions, cells and random generators of Python are changed in place."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from types import CellType, FunctionType
from typing import Any

from fpcache.replay.function_codec import function_state, set_function_state
from fpcache.replay.mutations import Kind

__all__ = ["CELL", "FIXED", "FUNCTION", "INSTANCE", "PARTIAL", "RANDOM"]


def _nothing(node: object) -> None:
    """A class of Python's own holds all in ``__dict__`` and slots."""


def _put_nothing(node: object, content: None) -> None:
    """See `_nothing`."""


def _function_content(node: FunctionType) -> tuple[Any, dict[str, Any]]:
    return node.__code__, function_state(node)


def _put_function(node: FunctionType, content: tuple[Any, dict[str, Any]]) -> None:
    code, state = content
    if node.__code__ != code:
        node.__code__ = code
    set_function_state(node, state)


def _function_obstacle(node: FunctionType, content: tuple[Any, dict[str, Any]]) -> str | None:
    if len(node.__code__.co_freevars) != len(content[0].co_freevars):
        return "is a function with another number of closure variables"
    return None


def _cell_content(node: CellType) -> tuple[Any, ...]:
    return () if node == CellType() else (node.cell_contents,)


def _put_cell(node: CellType, content: tuple[Any, ...]) -> None:
    if content:
        (node.cell_contents,) = content
    elif node != CellType():
        del node.cell_contents


def _partial_content(node: partial[Any]) -> tuple[Any, ...]:
    state: Any = partial.__reduce__(node)  # to look at its `__dict__` would make one
    attributes = state[2][3]
    return node.func, node.args, node.keywords, attributes and dict(attributes)


def _put_partial(node: partial[Any], content: tuple[Callable[..., Any], Any, Any, Any]) -> None:
    node.__setstate__(content)  # type: ignore[attr-defined]


def _put_random(node: random.Random, content: tuple[Any, ...]) -> None:
    random.Random.setstate(node, content)


INSTANCE = Kind(_nothing, _put_nothing)
FIXED = Kind(_nothing, _put_nothing, has_dict=False)
FUNCTION = Kind(_function_content, _put_function, _function_obstacle, has_dict=False)
CELL = Kind(_cell_content, _put_cell, has_dict=False)
PARTIAL = Kind(_partial_content, _put_partial, has_dict=False)
RANDOM = Kind(random.Random.getstate, _put_random)
