"""Follows the patterns of ``match`` statements."""

from __future__ import annotations

import ast

from .expressions import expression
from .findings import Place, State, bind

__all__ = ["captures", "is_irrefutable"]


def captures(node: ast.pattern, place: Place, state: State) -> State:
    """Follow a pattern that matched; return the state with its captures bound."""
    _look_up(node, place, state)
    for part in ast.walk(node):
        if isinstance(part, (ast.MatchAs, ast.MatchStar)):
            name = part.name
        else:
            name = part.rest if isinstance(part, ast.MatchMapping) else None
        if name:
            state = bind(name, place, state)
    return state


def is_irrefutable(case: ast.match_case) -> bool:
    """Say whether a case takes everything, such as ``case _:``."""
    pattern = case.pattern
    while isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        pattern = pattern.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs)


def _look_up(node: ast.AST, place: Place, state: State) -> None:
    """Follow the values and classes that a pattern compares with."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            expression(child, place, state)
        else:
            _look_up(child, place, state)
