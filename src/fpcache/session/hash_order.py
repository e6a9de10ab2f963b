"""Whether a component's result may depend on the order in which sets are iterated."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from fpcache.cells import Component
from fpcache.cells.hash_order import OrderUse, order_uses
from fpcache.fingerprints.records import Reading

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["uses"]


def uses(run: CellRun, component: Component, reading: Reading) -> tuple[OrderUse, ...]:
    """Return where set order can get into the result, in the cell or in functions it calls."""
    namespace = run.namespace
    nodes = run.request.nodes[component.start : component.stop]
    tree = ast.Module(body=list(nodes), type_ignores=[])
    found = list(order_uses(tree, lambda name: isinstance(namespace.get(name), (set, frozenset))))
    for function in reading.functions:
        found.extend(_uses_in(function))
    if not found and reading.has_seeded_set and not _are_roots(reading):
        found.append(OrderUse("a set inside another value", component.first_line))
    return tuple(found)


def _are_roots(reading: Reading) -> bool:
    """Whether all sets that were met are named inputs, whose uses can be read off the code."""
    holders = [root for root in reading.roots if root.walk is not None and root.walk.has_seeded_set]
    return all(isinstance(root.value, (set, frozenset)) for root in holders)


def _uses_in(function: FunctionType) -> tuple[OrderUse, ...]:
    tree = _tree(function.__code__, function)
    if tree is None:  # without source, building any set counts
        names = (*function.__code__.co_names, *function.__code__.co_varnames)
        return (OrderUse(function.__name__, 0),) if {"set", "frozenset"} & set(names) else ()
    namespace = function.__globals__
    return order_uses(tree, lambda name: isinstance(namespace.get(name), (set, frozenset)))


@lru_cache(maxsize=2048)
def _tree(code: CodeType, function: FunctionType) -> ast.AST | None:
    """Return a function's syntax tree, or None where its source can't be had."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
