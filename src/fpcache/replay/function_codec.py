"""Functions by value: code, closure and all, with the notebook's live globals."""

from __future__ import annotations

import functools
import marshal
import sys
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.replay.locate import UnstorableError
from fpcache.replay.reducers import descend
from fpcache.replay.references import importable_path, notebook_module, path_in_notebook
from fpcache.replay.weak_codec import allow_references

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["part_of_code", "reduce_cached_function", "reduce_cell", "reduce_code", "reduce_function"]

_ATTRIBUTES = ("__defaults__", "__kwdefaults__", "__name__", "__qualname__", "__module__", "__doc__")


def reduce_function(writer: Writer, function: FunctionType) -> Any:
    """Write a function by name where it has one outside the component, else by value."""
    if importable_path(function, writer.namespace):
        return NotImplemented
    found = path_in_notebook(function, writer.names)
    if found:
        return descend, found
    scope = _scope_of(writer, function)
    allow_references(writer, function)
    args = (function.__code__, scope, function.__name__, function.__closure__)
    return make_function, args, function_state(function), None, None, set_function_state


def _scope_of(writer: Writer, function: FunctionType) -> dict[str, Any] | ModuleType:
    """Return what is written as a reference to the function's globals."""
    namespace = function.__globals__
    module_name = namespace.get("__name__")
    if namespace is writer.namespace or module_name == notebook_module(writer.namespace):
        return writer.namespace
    module = sys.modules.get(module_name) if isinstance(module_name, str) else None
    if module is None or module.__dict__ is not namespace:
        raise UnstorableError("is a function whose globals are no module's", function)
    return module


def function_state(function: FunctionType) -> dict[str, Any]:
    """Return all of a function that can be set after it was made."""
    state = {name: getattr(function, name) for name in _ATTRIBUTES}
    # The dict itself: a wrapper shares it with what it wraps.
    state["__annotations__"] = function.__annotations__
    state["__dict__"] = dict(function.__dict__)
    parameters = getattr(function, "__type_params__", ())
    return {**state, "__type_params__": parameters} if parameters else state


def set_function_state(function: FunctionType, state: dict[str, Any]) -> None:
    """Set what `function_state` returned."""
    for name, value in state.items():
        if name == "__dict__":
            function.__dict__.clear()
            function.__dict__.update(value)
        else:
            setattr(function, name, value)


def make_function(
    code: CodeType, scope: dict[str, Any] | ModuleType, name: str, closure: tuple[CellType, ...] | None
) -> FunctionType:
    """Make a function that sees later edits of its live globals."""
    namespace = scope.__dict__ if isinstance(scope, ModuleType) else scope
    return FunctionType(code, namespace, name, None, closure)


def reduce_cell(writer: Writer, cell: CellType) -> Any:
    """Write a closure cell empty and fill it later: it may hold its own function."""
    content = () if cell == CellType() else (cell.cell_contents,)
    return CellType, (), content or None, None, None, _fill_cell


def _fill_cell(cell: CellType, content: tuple[Any]) -> None:
    (cell.cell_contents,) = content


def reduce_code(writer: Writer, code: CodeType) -> Any:
    """Write a code object as a part of a live function's code, or else as this Python version marshals it.

    A cell's code has another file name in each process, and perhaps other
    lines: tracebacks are right where the live function's code is taken.
    """
    table = writer.lookups.get("code")
    if table is None:
        table = writer.lookups["code"] = {}
        for node in writer.nodes:
            if isinstance(node, FunctionType):
                table |= {id(part): (node, path) for part, path in _parts(node.__code__)}
    found = table.get(id(code))
    return (part_of_code, found) if found else (marshal.loads, (marshal.dumps(code),))


def _parts(code: CodeType, path: tuple[int, ...] = ()) -> Iterator[tuple[CodeType, tuple[int, ...]]]:
    """Yield a code object and all those below it, each with the way to it."""
    yield code, path
    for index, constant in enumerate(code.co_consts):
        if isinstance(constant, CodeType):
            yield from _parts(constant, (*path, index))


def part_of_code(function: FunctionType, path: tuple[int, ...]) -> CodeType:
    """Return the code below a function's to which `path` leads by constants."""
    code = function.__code__
    for index in path:
        code = code.co_consts[index]
    return code


def reduce_cached_function(writer: Writer, function: functools._lru_cache_wrapper[Any]) -> Any:
    """Write a function with a cache by its name only: what it holds can't be seen."""
    if importable_path(function, writer.namespace):
        return NotImplemented
    found = path_in_notebook(function, writer.names)
    if found:
        return descend, found
    raise UnstorableError(
        "is a function with an lru_cache, made by the component; define it in a statement of its own",
        function,
    )
