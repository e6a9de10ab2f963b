"""Guesses which statements are too quick to be worth watching, by how they look."""

from __future__ import annotations

import ast
from collections.abc import Iterable

__all__ = ["looks_quick"]

# What takes no longer on large values than on small ones, or only shows what there is.
_FUNCTIONS = frozenset(
    {"len", "print", "display", "type", "isinstance", "issubclass", "callable", "hasattr", "getattr", "id"}
    | {"round", "abs", "ord", "chr", "next", "iter"}
)
_METHODS = frozenset(
    {"head", "tail", "keys", "values", "items", "get", "append", "add", "item", "cache_info", "format"}
    | {"strip", "startswith", "endswith", "lower", "upper", "title", "setdefault", "pop"}
)
_STATEMENTS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Delete, ast.Assert, ast.Pass)
_PARTS = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Slice,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Starred,
    ast.keyword,
    ast.BoolOp,
    ast.IfExp,
    ast.expr_context,
    ast.boolop,
)


def looks_quick(nodes: Iterable[ast.stmt]) -> bool:
    """Say whether statements only name, pick, show or hold what is there already.

    A property or a ``print`` can take long all the same; such code is found
    out when it is run.

    Examples
    --------
    >>> looks_quick(ast.parse("n = len(df); print(n, df['a'][0]); df.head()").body)
    True
    >>> looks_quick(ast.parse("n = sum(x)").body)
    False
    """
    return all(isinstance(node, _STATEMENTS) and _is_quick(node) for node in nodes)


def _is_quick(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            known = name in _FUNCTIONS
        case ast.Call(func=ast.Attribute(attr=name)):
            known = name in _METHODS
        case ast.Compare(left=left, ops=ops):
            known = _is_of_one_value(left) or all(isinstance(op, (ast.Is, ast.IsNot)) for op in ops)
            return known and all(map(_is_quick, (left, *node.comparators)))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return _is_quick(operand)
        case _:
            known = isinstance(node, (*_STATEMENTS, *_PARTS))
    return known and all(map(_is_quick, ast.iter_child_nodes(node)))


def _is_of_one_value(node: ast.expr) -> bool:
    """Whether a comparison with this compares numbers or texts, not arrays."""
    match node:
        case ast.Constant() | ast.Call(func=ast.Name(id="len" | "type" | "round" | "abs")):
            return True
    return False
