"""Statements that may be executed ahead of their turn: they bind names and run nothing else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence

__all__ = ["is_harmless"]

_PLAIN_EXPRESSIONS = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Tuple,
    ast.List,
    ast.UnaryOp,
    ast.BinOp,
    ast.BitOr,
    ast.USub,
    ast.expr_context,
)


def is_harmless(statements: Sequence[ast.stmt]) -> bool:
    """Whether these only import what is loaded already, or define functions and plain classes."""
    return all(map(_binds_only, statements))


def _binds_only(node: ast.stmt) -> bool:
    match node:
        case ast.Import():
            return all(alias.name in sys.modules for alias in node.names)
        case ast.ImportFrom(module=str(module), level=0):
            held = vars(sys.modules[module]) if module in sys.modules else {}
            return all(alias.name in held for alias in node.names)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not node.decorator_list and _are_plain(_evaluated(node))
        case ast.ClassDef(bases=[], keywords=[], decorator_list=[]):
            return all(map(_is_plain_member, node.body))
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
    return False


def _evaluated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterable[ast.expr | None]:
    """Return the expressions that are evaluated when a function is defined."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [found for found in (arguments.vararg, arguments.kwarg) if found is not None]
    return [*arguments.defaults, *arguments.kw_defaults, node.returns, *(found.annotation for found in every)]


def _are_plain(expressions: Iterable[ast.expr | None]) -> bool:
    return all(
        isinstance(node, _PLAIN_EXPRESSIONS)
        for expression in expressions
        if expression is not None
        for node in ast.walk(expression)
    )


def _is_plain_member(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=targets, value=value):
            return all(isinstance(target, ast.Name) for target in targets) and isinstance(value, ast.Constant)
        case ast.AnnAssign(annotation=annotation, value=value):
            return _are_plain([annotation]) and (value is None or isinstance(value, ast.Constant))
    return not isinstance(node, (ast.Import, ast.ImportFrom)) and _binds_only(node)
