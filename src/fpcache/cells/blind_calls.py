"""Judges whether a function that is handed a set looks at its elements in no order."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from .set_kinds import SET_CALLS, SET_OPERATORS

__all__ = ["BLIND_WITHOUT_KEY", "Called", "Names", "bound_names", "is_blind_call"]

_DEEPEST = 5
_BLIND = frozenset({"len", "any", "all", "bool", "isinstance"})
BLIND_WITHOUT_KEY = frozenset({"sorted", "min", "max"})
_BLIND_METHODS = frozenset({"issubset", "issuperset", "isdisjoint"})

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class Names(Protocol):
    """What code finds by the names that it doesn't bind itself."""

    def function(self, name: str) -> Called | None:
        """Return a function of the notebook or of a local module with its code; None for others."""

    def is_own(self, name: str) -> bool:
        """Say whether a name that Python or a library gave a meaning has one of the user's."""


@dataclass(frozen=True, slots=True)
class Called:
    """A function that code calls by name.

    Attributes
    ----------
    definition : FunctionDef
        Its code.
    names : Names
        What its own code finds by name.
    """

    definition: Definition
    names: Names


def is_blind_call(call: ast.Call, argument: ast.expr, names: Names, depth: int = 0) -> bool:
    """Say whether a call surely lets nothing out of the order of a set that is one of its arguments.

    Each use of the parameter must be a test, a count, a membership, a sorting
    or another blind call: a set that is kept or returned could be iterated later.
    """
    called = names.function(call.func.id) if isinstance(call.func, ast.Name) else None
    name = _parameter(call, argument, called.definition) if called is not None else None
    if called is None or name is None or depth == _DEEPEST:
        return False
    body = _Body(name, _parents(called.definition), called.names, bound_names(called.definition), depth)
    uses = [node for node in ast.walk(called.definition) if isinstance(node, ast.Name) and node.id == name]
    return all(isinstance(use.ctx, ast.Load) and body.is_blind(use) for use in uses)


def _parameter(call: ast.Call, argument: ast.expr, definition: Definition) -> str | None:
    """Return the parameter that takes an argument, where that is plain to see."""
    taken = [*definition.args.posonlyargs, *definition.args.args]
    if argument in call.args:
        place = call.args.index(argument)
        starred = any(isinstance(item, ast.Starred) for item in call.args[:place])
        return None if starred or place >= len(taken) else taken[place].arg
    named = next((item.arg for item in call.keywords if item.value is argument), None)
    return named if named in {item.arg for item in (*taken, *definition.args.kwonlyargs)} else None


def bound_names(tree: ast.AST) -> frozenset[str]:
    """Return all names that code binds in one of its scopes."""
    return frozenset(name for node in ast.walk(tree) for name in _bound_by(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


@dataclass(frozen=True, slots=True)
class _Body:
    """A function's code, in which one parameter is a set."""

    name: str
    parents: dict[ast.AST, ast.AST]
    names: Names
    bound: frozenset[str]
    depth: int

    def is_blind(self, node: ast.expr) -> bool:
        """Say whether what is around a set lets nothing out of its order."""
        around = self.parents[node]
        match around:
            case ast.Compare():
                return self._is_blind_comparison(around, node)
            case ast.BinOp():
                return self._is_set(around) and self.is_blind(around)
            case ast.Attribute(attr=name):
                return name in _BLIND_METHODS and isinstance(self.parents[around], ast.Call)
            case ast.Call() if node is not around.func:
                return self._is_blind_call(around, node)
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                return test is node
        return isinstance(around, ast.UnaryOp)

    def _is_blind_comparison(self, around: ast.Compare, node: ast.expr) -> bool:
        if len(around.ops) == 1 and isinstance(around.ops[0], (ast.In, ast.NotIn)):
            return node is not around.left
        return all(map(self._is_set, (around.left, *around.comparators)))

    def _is_blind_call(self, around: ast.Call, node: ast.expr) -> bool:
        name = around.func.id if isinstance(around.func, ast.Name) else ""
        if name in self.bound:
            return False
        if self.names.function(name) is not None:
            return is_blind_call(around, node, self.names, self.depth + 1)
        if self.names.is_own(name):
            return False
        if name in SET_CALLS:
            return self.is_blind(around)
        return name in _BLIND or (name in BLIND_WITHOUT_KEY and not around.keywords)

    def _is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name(id=name):
                return name == self.name
            case ast.Call(func=ast.Name(id=name)):
                return name in SET_CALLS
            case ast.BinOp(left=left, op=op, right=right):
                return isinstance(op, SET_OPERATORS) and self._is_set(left) and self._is_set(right)
        return False
