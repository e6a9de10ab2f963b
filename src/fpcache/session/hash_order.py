"""Whether a component's result may depend on the order in which sets are iterated."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, replace
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component
from fpcache.cells.blind_calls import Called, Definition
from fpcache.cells.hash_order import OrderUse, order_uses
from fpcache.dependencies.loaded_source import function_source, function_tree
from fpcache.fingerprints import walk
from fpcache.fingerprints.packages import is_local_code
from fpcache.fingerprints.records import Reading
from fpcache.session import set_order
from fpcache.syntax import parsed

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["Uses", "may_change_sets", "uses"]

_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
_METHODS = {
    "add", "clear", "difference_update", "discard", "intersection_update", "pop", "remove",
    "symmetric_difference_update", "update",
}  # fmt: skip
_CHANGING = _METHODS | {"iand", "ior", "isub", "ixor", "__iand__", "__ior__", "__isub__", "__ixor__"}


@dataclass(frozen=True, slots=True)
class Uses:
    """Where set order can get into a result.

    Attributes
    ----------
    seeded : tuple of OrderUse
        Uses of sets whose order depends on the process's hash seed.
    every : tuple of OrderUse
        Those, and uses of sets whose order depends only on how they were built.
    """

    seeded: tuple[OrderUse, ...]
    every: tuple[OrderUse, ...]


def uses(run: CellRun, component: Component, reading: Reading) -> Uses:
    """Return where set order can get into the result, in the cell or in functions it calls."""
    nodes = run.request.nodes[component.start : component.stop]
    tree = ast.Module(body=list(nodes), type_ignores=[])
    steady = _steady_sets(reading)
    seeded = _found(tree, run.namespace, reading, steady)
    if not seeded and reading.has_seeded_set and not _are_roots(reading):
        seeded = (OrderUse("a set inside another value", component.first_line),)
    every = _found(tree, run.namespace, reading, frozenset())
    if not every and set_order.are_nested(reading):
        every = (OrderUse("a set inside another value", component.first_line),)
    return Uses(seeded, every)


def may_change_sets(run: CellRun, component: Component, reading: Reading) -> bool:
    """Whether code has what changes a set in place, here or in functions it calls.

    Such code may have left a set alone only because of how that was built: what it adds was there
    already, and there was no need of a larger table.
    """
    nodes: list[ast.AST] = list(run.request.nodes[component.start : component.stop])
    for function in reading.functions:
        tree = _tree(function.__code__, function)
        if tree is None:
            return True
        nodes.append(tree)
    return any(_changes(part) for node in nodes for part in ast.walk(node))


def _changes(node: ast.AST) -> bool:
    match node:
        case ast.AugAssign(op=op):
            return isinstance(op, _OPERATORS)
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
            return name in _CHANGING
    return False


def _found(
    tree: ast.Module, namespace: dict[str, Any], reading: Reading, left_out: frozenset[int]
) -> tuple[OrderUse, ...]:
    followed = {id(function): function.__name__ for function in reading.functions}
    names = _Names(namespace, followed, frozenset(followed.values()))
    found = list(order_uses(tree, lambda name: _is_set(namespace.get(name), left_out), names))
    for function in reading.functions:
        found.extend(_uses_in(function, left_out, replace(names, namespace=function.__globals__)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Names:
    """What code in one namespace finds by name, among the functions that are followed."""

    namespace: dict[str, Any]
    followed: dict[int, str]
    methods: frozenset[str]

    def function(self, name: str) -> Called | None:
        """Return a function with its code, where that is at hand."""
        function = self.namespace.get(name)
        if not isinstance(function, FunctionType) or id(function) not in self.followed:
            return None
        definition = function_tree(function)
        if not isinstance(definition, Definition):
            return None
        return Called(definition, replace(self, namespace=function.__globals__))

    def is_own(self, name: str) -> bool:
        """Say whether the user gave a name another meaning, or some method that is followed has it."""
        if name in self.methods or name not in self.namespace:
            return name in self.methods
        value = self.namespace[name]
        return getattr(value, "__name__", "") != name or is_local_code(value)


def _is_set(value: object, left_out: frozenset[int]) -> bool:
    return isinstance(value, (set, frozenset)) and id(value) not in left_out


def _steady_sets(reading: Reading) -> frozenset[int]:
    """Return the ids of named sets that no hash seed orders, before the run and now."""
    sets = [
        root for root in reading.roots if isinstance(root.value, (set, frozenset)) and root.walk is not None
    ]
    return frozenset(
        id(root.value)
        for root in sets
        if root.walk is not None and not root.walk.has_seeded_set and not walk(root.value).has_seeded_set
    )


def _are_roots(reading: Reading) -> bool:
    """Whether all sets that were met are named inputs, whose uses can be read off the code."""
    holders = [root for root in reading.roots if root.walk is not None and root.walk.has_seeded_set]
    return all(isinstance(root.value, (set, frozenset)) for root in holders)


def _uses_in(function: FunctionType, left_out: frozenset[int], names: _Names) -> tuple[OrderUse, ...]:
    tree = _tree(function.__code__, function)
    if tree is None:  # without source, building any set counts
        found = (*function.__code__.co_names, *function.__code__.co_varnames)
        return (OrderUse(function.__name__, 0),) if {"set", "frozenset"} & set(found) else ()
    return order_uses(tree, lambda name: _is_set(names.namespace.get(name), left_out), names)


@lru_cache(maxsize=2048)
def _tree(code: CodeType, function: FunctionType) -> ast.AST | None:
    """Return a function's syntax tree, or None where its source can't be had."""
    proved = function_tree(function)
    if proved is not None:
        return proved
    text = function_source(function)
    try:
        return parsed(textwrap.dedent(text)) if text else None
    except SyntaxError:
        return None
