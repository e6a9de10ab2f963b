"""Whether the text of a query is known: a constant, or a variable that holds nothing else."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

__all__ = ["has_computed_text"]


def has_computed_text(tree: ast.AST, methods: Collection[str]) -> bool:
    """Return whether a call of one of these methods is given a text that the code puts together.

    Examples
    --------
    >>> has_computed_text(ast.parse("d.query('a > @b')"), {"query"})
    False
    >>> has_computed_text(ast.parse("d.query('a > @' + name)"), {"query"})
    True
    """
    return any(not _is_known(tree, text) for text in _texts(tree, methods))


def _texts(tree: ast.AST, methods: Collection[str]) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            yield from node.args[:1] or (
                item.value for item in node.keywords if item.arg in ("expr", "query")
            )


def _is_known(tree: ast.AST, text: ast.expr) -> bool:
    if isinstance(text, ast.Name):
        return all(_is_constant(value) for value in _assigned(tree, text.id))
    return _is_constant(text)


def _is_constant(text: ast.expr) -> bool:
    """Whether the names in a text can be read off it; what is formatted in is a text or number of its own."""
    if isinstance(text, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else None for part in text.values]
        return not any(isinstance(part, str) and part.endswith("@") for part in parts[:-1])
    return isinstance(text, (ast.Constant, ast.Name))


def _assigned(tree: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a function assigns to a name; a parameter's value comes from elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(_is(target, name) for target in node.targets):
            yield node.value
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr)) and _is(node.target, name):
            yield ast.Set([]) if isinstance(node, ast.AugAssign) or node.value is None else node.value


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
