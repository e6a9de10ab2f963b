"""Finds where the iteration order of a set can get into a result."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .blind_calls import BLIND_WITHOUT_KEY, Called, Names, bound_names, is_blind_call
from .set_kinds import SetKinds

__all__ = ["OrderUse", "order_uses"]

_BLIND = frozenset(
    {
        "len",
        "sorted",
        "set",
        "frozenset",
        "any",
        "all",
        "bool",
        "min",
        "max",
        "isinstance",
        "issubclass",
        "type",
        "id",
        "hash",
        "callable",
        "cast",
        "isin",
        "issubset",
        "issuperset",
        "isdisjoint",
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "intersection_update",
        "difference_update",
        "symmetric_difference_update",
        "add",
        "append",
        "discard",
        "remove",
        "insert",
        "appendleft",
        "setdefault",
        "get",
        "copy",
        "deepcopy",
        "getsizeof",
    }
)
_BLIND_OVER_ITEMS = frozenset({"len", "sorted", "set", "frozenset", "any", "all", "min", "max"})
_PASSING = frozenset({"list", "tuple", "iter", "chain", "map", "filter"})
_BLIND_KEYWORDS = frozenset({"stop_words", "usecols"})


@dataclass(frozen=True, slots=True)
class OrderUse:
    """One place where a set's order gets out.

    Attributes
    ----------
    expression : str
        The code, shortened to 60 characters.
    line : int
        Its line, counted as in the tree.
    """

    expression: str
    line: int


class _NoNames:
    """Names that have no meaning but that which Python gives them."""

    def function(self, name: str) -> Called | None:
        """Know no function."""
        return None

    def is_own(self, name: str) -> bool:
        """Know of no other meaning."""
        return False


_NO_NAMES = _NoNames()


def order_uses(
    tree: ast.AST, is_set: Callable[[str], bool], names: Names = _NO_NAMES
) -> tuple[OrderUse, ...]:
    """Return the places where a set's iteration order can get into the result.

    Parameters
    ----------
    tree : ast.AST
        A component's or function's code.
    is_set : callable
        Says of a variable (``"x"``), or of a dotted name (``"x.tags"``), that is not
        known from the tree whether its value is a set.
    names : Names, optional
        What the code finds by name: functions, so that what they do with a set
        can be judged, and what is no longer Python's, such as ``sorted = list``.

    Returns
    -------
    tuple of OrderUse
        Each place once, by line. Order-blind uses (``in``, ``len``, ``sorted``,
        set operators, set comprehensions) are not among them; a set handed to
        a function that isn't known to be blind is.

    Examples
    --------
    >>> [use.expression for use in order_uses(ast.parse("a = list({x, y}); b = len({x})"), bool)]
    ['list({x, y})']
    """
    code = _Code(SetKinds.of(tree, is_set), names, bound_names(tree))
    blind = _blind_nodes(tree, code)
    found = {
        (node.lineno, _shown(node)): None
        for node in ast.walk(tree)
        if isinstance(node, (ast.expr, ast.stmt)) and id(node) not in blind and _lets_order_out(node, code)
    }
    return tuple(OrderUse(expression, line) for line, expression in sorted(found))


@dataclass(frozen=True, slots=True)
class _Code:
    """What is known of the names in one tree."""

    kinds: SetKinds
    names: Names
    bound: frozenset[str]

    def is_blind(self, call: ast.Call, among: frozenset[str]) -> bool:
        """Say whether a call is by one of these names, and means what Python or a library means by it."""
        name = _name(call)
        has_key = name in BLIND_WITHOUT_KEY and any(item.arg == "key" for item in call.keywords)
        is_theirs = name not in self.bound and not self.names.is_own(name)
        return name in among and is_theirs and not has_key


def _blind_nodes(tree: ast.AST, code: _Code) -> frozenset[int]:
    """Return the ids of iterations that a blind function consumes as a whole."""
    found: set[int] = set()
    stack = [argument for call in ast.walk(tree) for argument in _blind_arguments(call, code)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            if not code.is_blind(node, _PASSING):
                continue  # what it does with a set isn't known
            stack += node.args
        elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.Starred)):
            stack += [node.value] if isinstance(node, ast.Starred) else []
        found.add(id(node))
    return frozenset(found)


def _blind_arguments(node: ast.AST, code: _Code) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name()):
            return list(node.args) if code.is_blind(node, _BLIND_OVER_ITEMS) else []
        case ast.Set():
            return list(node.elts)
    return []


def _lets_order_out(node: ast.expr | ast.stmt, code: _Code) -> bool:
    kinds = code.kinds
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return kinds.holds(node.iter)
    if isinstance(node, (ast.ListComp, ast.DictComp, ast.GeneratorExp)):
        return any(kinds.holds(generator.iter) for generator in node.generators)
    if isinstance(node, ast.Call):
        return _call(node, code)
    if isinstance(node, (ast.Starred, ast.FormattedValue, ast.YieldFrom)):
        return kinds.holds(node.value)
    if isinstance(node, ast.Assign):
        unpacks = any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets)
        return (unpacks and kinds.holds(node.value)) or _fills_slice(node, kinds)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add) and kinds.holds(node.value)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod) and kinds.holds(node.right)
    return isinstance(node, ast.Expr) and kinds.holds(node.value)


def _fills_slice(node: ast.Assign, kinds: SetKinds) -> bool:
    slices = (target for target in node.targets if isinstance(target, ast.Subscript))
    return any(isinstance(target.slice, ast.Slice) for target in slices) and kinds.holds(node.value)


def _call(node: ast.Call, code: _Code) -> bool:
    name, kinds = _name(node), code.kinds
    if isinstance(node.func, ast.Attribute) and kinds.holds(node.func.value):
        # the set's own methods are blind, but for what takes or shows an element
        return name in {"pop", "__iter__", "__repr__", "__str__", "__reduce__"}
    if name == "update" and not isinstance(node.func, ast.Attribute):
        return False
    if code.is_blind(node, _BLIND):
        return False
    return any(kinds.holds(item) and not is_blind_call(node, item, code.names) for item in _handed(node))


def _handed(node: ast.Call) -> Iterator[ast.expr]:
    yield from (item for item in node.args if not isinstance(item, ast.Starred))
    yield from (item.value for item in node.keywords if item.arg not in _BLIND_KEYWORDS)


def _name(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _shown(node: ast.expr | ast.stmt) -> str:
    if isinstance(node, (ast.For, ast.AsyncFor)):
        text = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
    else:
        text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:59] + "…"
