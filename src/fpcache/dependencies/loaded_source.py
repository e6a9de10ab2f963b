"""Syntax trees of loaded functions, only where the source is proved to be theirs."""

from __future__ import annotations

import ast
import inspect
import linecache
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType

from fpcache.syntax import compiled, parsed

__all__ = ["function_source", "function_tree", "statements"]

_FUTURES = 0x1FF0000  # the flags of `from __future__ import ...`
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def function_tree(function: FunctionType) -> ast.AST | None:
    """Return the tree of a function's loaded code, or None where its source isn't at hand.

    The source is compiled again, and is the function's only if that gives an
    equal code object: a file edited since it was imported doesn't.
    """
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    loaded = _loaded(text, code.co_flags & _FUTURES)
    if loaded is None or code not in loaded[1]:
        return None
    found = [node for node in ast.walk(loaded[0]) if isinstance(node, Definition) and _is_of(node, code)]
    return found[0] if len(found) == 1 else None


def function_source(function: FunctionType) -> str:
    """Return a function's lines as its file or cell has them now; empty where that has none.

    As `inspect.getsource`, which looks through all modules for the file's.
    """
    code = function.__code__
    name = code.co_filename
    if name.startswith("<frozen "):
        name = function.__globals__.get("__file__") or name
    lines = linecache.getlines(name, function.__globals__)
    try:
        return "".join(inspect.getblock(lines[code.co_firstlineno - 1 :]))
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return ""


def _is_of(node: Definition, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


@lru_cache(maxsize=64)
def _loaded(text: str, flags: int) -> tuple[ast.Module, frozenset[CodeType]] | None:
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree = parsed(text)
        # A cell's statements are compiled one by one; Python then calls methods of a module in another way.
        parts: tuple[str | ast.Module, ...] = (text, *(ast.Module([node], []) for node in tree.body))
        codes = [compiled(part, "<loaded>", flags) for part in parts]
    except (SyntaxError, ValueError):
        return None
    return tree, frozenset(found for code in codes for found in _all_code(code))


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _all_code(item)


@lru_cache(maxsize=64)
def statements(text: str, first_line: int, last_line: int) -> ast.Module | None:
    """Return the top-level statements of a cell between two lines, or None if it can't be parsed."""
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError):
        return None
    body = [s for s in tree.body if s.lineno <= last_line and (s.end_lineno or s.lineno) >= first_line]
    return ast.Module(body=body, type_ignores=[])
