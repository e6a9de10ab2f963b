"""Infers which expressions of a tree are sets, or containers of sets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeGuard

__all__ = ["SET_CALLS", "SET_OPERATORS", "SetKind", "SetKinds", "dotted"]

SET_CALLS = frozenset({"set", "frozenset"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)
_SET_ANNOTATIONS = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
_LOOK_UPS = frozenset({"get", "pop", "setdefault"})


class SetKind(Enum):
    """What an expression's value is."""

    SET = 1
    SETS = 2


@dataclass(slots=True)
class SetKinds:
    """Knows the variables of one tree that hold sets; order of statements doesn't count.

    Attributes
    ----------
    is_set : callable
        Says of a variable or dotted name from outside whether it is a set now.
    known : dict
        The kinds of names assigned in the tree.
    """

    is_set: Callable[[str], bool]
    known: dict[str, SetKind] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: ast.AST, is_set: Callable[[str], bool]) -> SetKinds:
        """Return what the tree's own assignments tell."""
        kinds = cls(is_set)
        nodes = list(ast.walk(tree))
        while True:
            before = len(kinds.known)
            for node in nodes:
                kinds._learn(node)
            if len(kinds.known) == before:
                return kinds

    def kind(self, node: ast.AST | None) -> SetKind | None:
        """Return the kind of an expression; None where it is not known to be either."""
        if isinstance(node, (ast.Set, ast.SetComp)):
            return SetKind.SET
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._of_name(node)
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.BinOp):
            return self._of_operator(node)
        if isinstance(node, ast.IfExp):
            return self.kind(node.body) or self.kind(node.orelse)
        if isinstance(node, ast.BoolOp):
            return next(filter(None, map(self.kind, node.values)), None)
        if isinstance(node, (ast.NamedExpr, ast.Await, ast.Starred)):
            return self.kind(node.value)
        if isinstance(node, ast.Subscript):
            return SetKind.SET if self.kind(node.value) is SetKind.SETS else None
        return SetKind.SETS if any(self.holds(item) for item in _items(node)) else None

    def holds(self, node: ast.AST | None) -> bool:
        """Say whether the expression is a set."""
        return self.kind(node) is SetKind.SET

    def _of_name(self, node: ast.Name | ast.Attribute) -> SetKind | None:
        name = dotted(node)
        if name is None:
            return None
        return self.known.get(name) or (SetKind.SET if self.is_set(name) else None)

    def _of_call(self, node: ast.Call) -> SetKind | None:
        function = node.func
        if isinstance(function, ast.Name):
            return self._of_builtin(function.id, node)
        if not isinstance(function, ast.Attribute):
            return None
        if function.attr == "defaultdict":
            return self._of_builtin("defaultdict", node)
        owner = function.value
        if isinstance(owner, ast.Name) and owner.id in SET_CALLS:
            return SetKind.SET if function.attr in _SET_METHODS else None
        if self.kind(owner) is SetKind.SET:
            return SetKind.SET if function.attr in _SET_METHODS else None
        if function.attr in _LOOK_UPS:
            found = self.kind(owner) is SetKind.SETS or any(map(self.holds, node.args[1:]))
            return SetKind.SET if found else None
        is_view = function.attr in {"values", "copy"} and self.kind(owner) is SetKind.SETS
        return SetKind.SETS if is_view else None

    def _of_builtin(self, name: str, node: ast.Call) -> SetKind | None:
        if name in SET_CALLS:
            return SetKind.SET
        first = node.args[0] if node.args else None
        if name == "defaultdict":
            return SetKind.SETS if isinstance(first, ast.Name) and first.id in SET_CALLS else None
        if name == "map" and isinstance(first, ast.Name) and first.id in SET_CALLS:
            return SetKind.SETS
        if name in {"list", "tuple", "sorted", "iter", "dict"}:
            return SetKind.SETS if self.kind(first) is SetKind.SETS else None
        return None

    def _of_operator(self, node: ast.BinOp) -> SetKind | None:
        if not isinstance(node.op, SET_OPERATORS):
            return None
        sides = (node.left, node.right)
        return SetKind.SET if any(self.holds(side) or _is_view(side) for side in sides) else None

    def _learn(self, node: ast.AST) -> None:
        for target, value in _assignments(node):
            self._assign(target, value)
        annotation = getattr(node, "annotation", None)
        if annotation is not None and _is_set_annotation(annotation):
            if isinstance(node, ast.arg):
                self.known[node.arg] = SetKind.SET
            elif isinstance(node, ast.AnnAssign):
                self._note(node.target, SetKind.SET)

    def _assign(self, target: ast.expr, value: ast.AST | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                for part, item in zip(target.elts, value.elts, strict=True):
                    self._assign(part, item)
            return
        kind = self.kind(value)
        if kind is not None:
            self._note(target, kind)

    def _note(self, target: ast.expr, kind: SetKind) -> None:
        if isinstance(target, ast.Subscript) and kind is SetKind.SET:
            target, kind = target.value, SetKind.SETS
        name = dotted(target)
        if name is not None:
            self.known.setdefault(name, kind)


def dotted(node: ast.AST) -> str | None:
    """Return ``"a.b.c"`` for such an expression, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_view(node: ast.expr) -> bool:
    """Say whether it is ``d.keys()`` or ``d.items()``, whose operators make sets."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"keys", "items"}


def _items(node: ast.AST | None) -> Iterator[ast.AST]:
    if isinstance(node, (ast.List, ast.Tuple)):
        yield from node.elts
    elif isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.DictComp):
        yield node.value
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        yield node.elt


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) or _is_set_update(node):
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.target, ast.Subscript(node.iter, ast.Constant(0), ast.Load())


def _is_set_update(node: ast.AST) -> TypeGuard[ast.AugAssign]:
    return isinstance(node, ast.AugAssign) and isinstance(node.op, SET_OPERATORS)


def _is_set_annotation(node: ast.AST) -> bool:
    for part in ast.walk(node):
        name = part.id if isinstance(part, ast.Name) else getattr(part, "attr", "")
        if name in _SET_ANNOTATIONS:
            return True
    return False
