"""Whether code takes addresses of objects only to tell objects apart.

An address is another one in each run. No value that depends on it may be
replayed; but two addresses that are compared, or that are the keys of a
function's own table, only say which objects are one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fpcache.dependencies.clock_uses import Unit

__all__ = ["ADDRESS_ATTRIBUTES", "address_attribute", "only_tells_apart"]

ADDRESS_ATTRIBUTES = frozenset(
    {"data_ptr", "__array_interface__", "__cuda_array_interface__", "addressof", "buffer_info", "__hash__"}
)  # fmt: skip
"""Attributes that give an address, or what is made of it."""

_EQUAL = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
_KEYED = frozenset({"add", "get", "pop", "setdefault", "discard", "remove"})
_WHOLE = frozenset({"values", "copy", "clear"})
_IN_ORDER = frozenset(
    {"list", "sorted", "tuple", "iter", "max", "min", "sum", "next", "map", "filter", "enumerate", "zip",
     "print", "str", "repr", "reversed", "hash", "frozenset", "set", "dict"}
)  # fmt: skip


def only_tells_apart(unit: Unit, name: str) -> bool:
    """Whether every address that is taken is compared with another, or is a key of the function's own."""
    calls = unit.calls(name)
    if calls is None:
        return False
    taken: set[ast.AST] = set(calls)
    return all(_is_compared(unit, call, taken) or _is_own_key(unit, call) for call in calls)


def _is_compared(unit: Unit, call: ast.AST, taken: set[ast.AST]) -> bool:
    around = unit.parent(call)
    if not isinstance(around, ast.Compare) or not all(isinstance(op, _EQUAL) for op in around.ops):
        return False
    return all(side in taken for side in (around.left, *around.comparators))


def _is_own_key(unit: Unit, call: ast.Call) -> bool:
    """Whether an address is looked up in, or put into, a variable of the function that shows no order."""
    table = _table(unit, call)
    if table is None or not unit.is_function or not _is_own(unit.tree, table.id):
        return False
    return all(_shows_no_order(unit, node) for node in _loads(unit.tree, table.id))


def _table(unit: Unit, call: ast.Call) -> ast.Name | None:
    around = unit.parent(call)
    found: ast.expr | None = None
    match around:
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[table]) if around.left is call:
            found = table
        case ast.Subscript(value=table) if around.slice is call:
            found = table
        case ast.Call(func=ast.Attribute(value=table, attr=method)) if method in _KEYED:
            found = table if around.args and around.args[0] is call else None
    return found if isinstance(found, ast.Name) else None


def _is_own(tree: ast.AST, name: str) -> bool:
    """Whether a function, or one around it, binds a name, and shares it with nobody else."""
    statements = (node for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal)))
    shared = {name for statement in statements for name in statement.names}
    bound = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return name in bound - shared


def _loads(tree: ast.AST, name: str) -> Iterator[ast.Name]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node


def _shows_no_order(unit: Unit, node: ast.Name) -> bool:
    around = unit.parent(node)
    match around:
        case ast.Compare() | ast.Subscript() | ast.Return() | ast.BoolOp() | ast.IfExp() | ast.If():
            return True
        case ast.Attribute(attr=attribute):
            return attribute in _KEYED | _WHOLE
        case ast.Call(func=ast.Name(id=function)):
            return function not in _IN_ORDER
        case ast.Call() | ast.keyword() | ast.UnaryOp():
            return True
    return False


def address_attribute(tree: ast.AST) -> ast.Attribute | None:
    """Return where the address of memory is taken, unless it is only compared with another one."""
    taken = {node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_address(node)}
    harmless: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and all(isinstance(op, _EQUAL) for op in node.ops):
            sides = [node.left, *node.comparators]
            if all(_taken_in(side) in taken for side in sides):
                harmless |= {_taken_in(side) for side in sides}
    return next((node for node in taken if node not in harmless), None)


def _is_address(node: ast.Attribute) -> bool:
    if node.attr in ADDRESS_ATTRIBUTES:
        return True
    return node.attr == "data" and isinstance(node.value, ast.Attribute) and node.value.attr == "ctypes"


def _taken_in(side: ast.expr) -> ast.AST:
    """Return the attribute below a call or an item: ``x.data_ptr()``, ``x.buffer_info()[0]``."""
    found: ast.expr = side
    while isinstance(found, (ast.Call, ast.Subscript)):
        found = found.func if isinstance(found, ast.Call) else found.value
    return found
