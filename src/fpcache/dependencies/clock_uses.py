"""Whether code uses a clock only for durations, and passes a time where one is taken.

Judged from the syntax tree of the code that is loaded, names resolved to
objects. Where that can't be told for sure, the answer is no.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from fpcache.dependencies.volatile_objects import reader_of

__all__ = ["Unit", "is_given_time", "is_only_subtracted", "is_returned"]

Mention = ast.Name | ast.Attribute


@dataclass(slots=True)
class Unit:
    """A function, or the statements of a component, with what resolves its names.

    Attributes
    ----------
    tree : ast.AST
        The syntax tree.
    namespace : Mapping
        The globals of the code.
    is_function : bool
        Whether names that it binds are its own.
    """

    tree: ast.AST
    namespace: Mapping[str, Any]
    is_function: bool
    _parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    _imports: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._imports.update(_imported(node))

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self._parents.get(node)

    def mentions(self, name: str) -> list[Mention]:
        """Return the places that name the listed object of this dotted name."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, (ast.Name, ast.Attribute)))
        return [node for node in nodes if isinstance(node.ctx, ast.Load) and self._names(node, name)]

    def _names(self, node: Mention, name: str) -> bool:
        value = self._value(node)
        found = None if value is None else reader_of(value)
        return found is not None and found.name == name

    def _value(self, node: ast.expr) -> Any:
        """Resolve a name or an attribute of a module or class; None for all else."""
        if isinstance(node, ast.Name):
            for names in (self._imports, self.namespace, vars(builtins)):
                if node.id in names:
                    return names[node.id]
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            if isinstance(owner, (ModuleType, type)):
                return getattr(owner, node.attr, None)
        return None

    def calls(self, name: str) -> list[ast.Call] | None:
        """Return the calls of a listed object; None where it is used in another way as well."""
        found = []
        for mention in self.mentions(name):
            around = self.parent(mention)
            if not isinstance(around, ast.Call) or around.func is not mention:
                return None
            found.append(around)
        return found


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Any]]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = sys.modules.get(node.module or "")
            yield alias.asname or alias.name, getattr(module, alias.name, None)
        else:
            root = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or root, sys.modules.get(root)


def is_given_time(unit: Unit, name: str, least: int) -> bool:
    """Whether every call passes at least so many arguments, none of them ``None``."""
    calls = unit.calls(name)
    return calls is not None and all(_has_arguments(call, least) for call in calls)


def _has_arguments(call: ast.Call, least: int) -> bool:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(isinstance(value, ast.Starred) for value in values) or any(k.arg is None for k in call.keywords):
        return False
    none = any(isinstance(value, ast.Constant) and value.value is None for value in values)
    return len(values) >= least and not none


def is_only_subtracted(unit: Unit, name: str) -> bool:
    """Whether each reading of a clock ends in a difference of two readings of this unit.

    A variable that holds a reading must be the function's own, hold nothing
    else, and be used in such differences only. The variables of a component's
    statements stay alive after it, so there only direct differences count.
    """
    calls = unit.calls(name)
    if not calls:
        return calls is not None
    readings = set(calls)
    holders = _holders(unit, readings) if unit.is_function else set()
    return all(_is_settled(unit, call, readings, holders) for call in calls)


def _is_settled(unit: Unit, call: ast.Call, readings: set[ast.Call], holders: set[str]) -> bool:
    return _is_difference(unit, call, readings, holders) or _target(unit, call) in holders


def _is_difference(unit: Unit, node: ast.expr, readings: set[ast.Call], holders: set[str]) -> bool:
    around = unit.parent(node)
    if not isinstance(around, ast.BinOp) or not isinstance(around.op, ast.Sub):
        return False
    other = around.right if around.left is node else around.left
    return other in readings or (isinstance(other, ast.Name) and other.id in holders)


def _target(unit: Unit, call: ast.expr) -> str | None:
    """Return the plain variable that a value is assigned to, alone."""
    around = unit.parent(call)
    if isinstance(around, ast.Assign) and len(around.targets) == 1:
        target = around.targets[0]
    elif isinstance(around, ast.AnnAssign) and around.value is call:
        target = around.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _holders(unit: Unit, readings: set[ast.Call]) -> set[str]:
    """Return the variables that hold readings of the clock, and do nothing else."""
    assigned = {target for call in readings if (target := _target(unit, call)) is not None}
    holders = assigned - set(_declared(unit.tree))
    while True:
        wrong = {name for name in holders if not _is_holder(unit, name, readings, holders)}
        if not wrong:
            return holders
        holders -= wrong


def _is_holder(unit: Unit, name: str, readings: set[ast.Call], holders: set[str]) -> bool:
    uses = [node for node in ast.walk(unit.tree) if isinstance(node, ast.Name) and node.id == name]
    stores = sum(1 for node in uses if isinstance(node.ctx, ast.Store))
    loads = [node for node in uses if isinstance(node.ctx, ast.Load)]
    own = sum(1 for call in readings if _target(unit, call) == name)
    return stores == own and all(_is_difference(unit, node, readings, holders) for node in loads)


def _declared(tree: ast.AST) -> Iterable[str]:
    """Names that are parameters, global or nonlocal, or bound by something else than an assignment."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def is_returned(unit: Unit, name: str) -> bool:
    """Whether a reading of a clock is returned as it is, alone or in a display."""
    calls = unit.calls(name) or []
    targets = {_target(unit, call) for call in calls} - {None}
    uses: list[ast.AST] = [*calls]
    uses += [n for n in ast.walk(unit.tree) if isinstance(n, ast.Name) and n.id in targets]
    return any(
        _is_in_return(unit, node) for node in uses if not isinstance(getattr(node, "ctx", None), ast.Store)
    )


def _is_in_return(unit: Unit, node: ast.AST) -> bool:
    around = unit.parent(node)
    while isinstance(around, (ast.Tuple, ast.List, ast.Dict, ast.IfExp)):
        around = unit.parent(around)
    return isinstance(around, (ast.Return, ast.Yield))
