"""An estimate of how long a statement takes, from its form and the sizes of what it reads."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from fpcache.session.call_names import BUILTINS, COUNTING, LINEAR, PRODUCTS, SEEDING, may_take_long
from fpcache.session.sizes import LIBRARIES, Size, UnknownSizeError, library_of, size_of

__all__ = ["estimated_s"]

# Seconds, by kind of content: for a call or an operator whatever it works on, and for each item of that.
_CALL_S, _CALLED_ITEM_S = (1e-6, 1e-5, 8e-4), (2e-7, 5e-8, 2e-7)
_OPERATOR_S, _OPERATED_ITEM_S = (2e-7, 3e-6, 3e-4), (1e-7, 2e-9, 5e-9)
_PRODUCT_S = 1e-9  # for each number and row, in a product of matrices
_REPEATED_S = 5e-9  # for each item of a list that is made longer
_MOST_NODES = 300  # of the syntax tree, looked at

_STATEMENTS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Delete, ast.Pass)
_FORMS = (
    *_STATEMENTS, ast.Attribute, ast.BoolOp, ast.Dict, ast.FormattedValue, ast.If, ast.IfExp, ast.JoinedStr,
    ast.List, ast.Set, ast.Slice, ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.With, ast.keyword,
    ast.withitem,
)  # fmt: skip
_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple)


def estimated_s(nodes: Iterable[ast.stmt], namespace: Mapping[str, Any], most_s: float = math.inf) -> float:
    """Return about how many seconds statements take; infinite where that can't be said, or is over `most_s`.

    What calls anything but Python's and some libraries' own functions can't be
    estimated, nor what reads an object of another class. Of a value some thousand
    items are looked at, and no method of the user's objects is called.

    Examples
    --------
    >>> nodes = ast.parse("total = sum(x)").body
    >>> estimated_s(nodes, {"x": [1, 2]}) < 1e-4 < estimated_s(nodes, {"x": [1] * 50_000})
    True
    >>> estimated_s(ast.parse("f(x)").body, {"f": lambda x: x, "x": 1})
    inf
    """
    estimate = _Estimate(namespace, most_s)
    try:
        for node in nodes:
            estimate.of(node)
    except Exception:  # also a user's object may raise whatever is asked of it
        return math.inf
    return estimate.seconds


class _Estimate:
    """One walk through statements, adding up what their calls and operators take."""

    def __init__(self, namespace: Mapping[str, Any], most_s: float) -> None:
        self.seconds = 0.0
        self._most_s = most_s
        self._nodes_left = _MOST_NODES
        self._namespace = namespace
        self._sizes: dict[str, Size] = {}
        self._made: dict[str, Size] = {}
        self._times = 1.0

    def of(self, node: ast.AST) -> Size:
        """Return the size of what a node makes, having added what that takes."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise UnknownSizeError("much code")
        match node:
            case ast.Constant(value=value):
                return size_of(value) if value is not ... else Size()
            case ast.Name():
                return self._name(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, right=right):
                return self._operator(node.op, self.of(left), self.of(right))
            case ast.Compare(left=left, comparators=others):
                return self._operator(None, self.of(left), *map(self.of, others))
            case ast.Attribute() if self._module_kind(node) is not None:
                return Size()  # such as `math.pi`
            case ast.For(target=target, iter=iterated, body=body) if not node.orelse:
                return self._loop(target, iterated, body)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case _ if isinstance(node, _FORMS):
                return self._parts(node)
        raise UnknownSizeError(type(node).__name__)

    def _parts(self, node: ast.AST) -> Size:
        if isinstance(node, ast.Attribute):
            _refuse_long(node.attr)
        skipped = (ast.expr_context, ast.boolop, ast.unaryop, ast.operator)
        sizes = [self.of(part) for part in ast.iter_child_nodes(node) if not isinstance(part, skipped)]
        whole = _added(sizes) if isinstance(node, _DISPLAYS) else _together(sizes)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._bind(target, whole)
        if isinstance(node, ast.AugAssign):
            self._operator(node.op, whole)
        return whole

    def _name(self, node: ast.Name) -> Size:
        if not isinstance(node.ctx, ast.Load):
            return Size()
        if node.id in self._made:
            return self._made[node.id]
        if node.id in self._namespace:
            return self._size_of(node.id)
        if node.id in BUILTINS:
            return Size()
        raise UnknownSizeError(node.id)

    def _size_of(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = size_of(self._namespace[name])
        return self._sizes[name]

    def _bind(self, target: ast.AST, size: Size) -> None:
        for part in ast.walk(target):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self._made[part.id] = size

    def _call(self, node: ast.Call) -> Size:
        name, own = self._callee(node.func)
        if name in COUNTING:
            return self._count(node)
        if name in SEEDING:
            return Size(kind=_together(own).kind)
        _refuse_long(name)
        sizes = [*own, *(self.of(part) for part in (*node.args, *node.keywords))]
        whole = _together(sizes)
        asked = math.prod(min(size.magnitude, 1e9) for size in sizes)
        items = max(whole.items, 1) * (asked if whole.items < 2 or name == "range" else 1)
        items = max(items, asked if whole.kind else 1)
        if name in LINEAR:
            self._add(_OPERATOR_S[whole.kind] + items * _OPERATED_ITEM_S[whole.kind])
        elif name in PRODUCTS:
            self._add(_CALL_S[whole.kind] + items**1.5 * _PRODUCT_S)
        elif name != "range":
            self._add(_CALL_S[whole.kind] + items * _CALLED_ITEM_S[whole.kind])
        return Size(items, whole.kind, asked if name == "range" else 1.0)

    def _count(self, node: ast.Call) -> Size:
        """Say how many there are, where the argument is a name: at no cost, however many."""
        match node.args:
            case [ast.Name(id=name), *_] if name in self._namespace and name not in self._made:
                value = self._namespace[name]
                library_of(value)  # the user's own classes may count as they like
                with suppress(TypeError):
                    return Size(magnitude=len(value))
                return Size()
        return Size(magnitude=_together([self.of(arg) for arg in node.args]).items)

    def _callee(self, node: ast.expr) -> tuple[str, Sequence[Size]]:
        """Return the name of what is called, and the size of what it is called on."""
        match node:
            case ast.Name(id=name) if name not in self._made and name not in self._namespace:
                if name not in BUILTINS or not hasattr(builtins, name):
                    raise UnknownSizeError(name)
                return name, ()
            case ast.Name(id=name) if name in self._namespace and callable(self._namespace[name]):
                return name, [self._size_of(name)]
            case ast.Attribute(value=value, attr=name):
                kind = self._module_kind(value)
                return name, [self.of(value)] if kind is None else [Size(kind=kind)]
        raise UnknownSizeError("what is called")

    def _module_kind(self, node: ast.expr) -> int | None:
        """Return the kind of the library that a dotted path leads into; None where it starts at a value."""
        while isinstance(node, ast.Attribute):
            _refuse_long(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._made:
            return None
        module = self._namespace.get(node.id)
        if type(module) is not ModuleType:
            return None
        kind = LIBRARIES.get(module.__name__.partition(".")[0])
        if kind is None:
            raise UnknownSizeError(module.__name__)
        return kind

    def _operator(self, operator: ast.operator | None, *sizes: Size) -> Size:
        whole = _together(sizes)
        if isinstance(operator, ast.MatMult):
            self._add(_CALL_S[whole.kind] + whole.items**1.5 * _PRODUCT_S)
        else:
            self._add(_OPERATOR_S[whole.kind] + whole.items * _OPERATED_ITEM_S[whole.kind])
        grows = isinstance(operator, (ast.Add, ast.Mult, ast.Pow, ast.LShift))
        magnitude = math.prod(size.magnitude for size in sizes) if grows else whole.magnitude
        if isinstance(operator, ast.Mult) and not whole.kind:  # perhaps a list, so many times
            self._add(whole.magnitude * _REPEATED_S)
            whole = Size(whole.items * magnitude if whole.items > 1 else 1)
        return Size(whole.items, whole.kind, magnitude)

    def _loop(self, target: ast.expr, iterated: ast.expr, body: Iterable[ast.stmt]) -> Size:
        with self._repeated(target, iterated):
            for node in body:
                self.of(node)
        return Size()

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Size:
        generators = node.generators
        if len(generators) > 1 or generators[0].is_async:
            raise UnknownSizeError("loops in loops")
        first = generators[0]
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        with self._repeated(first.target, first.iter) as times:
            size = _together([self.of(part) for part in (*first.ifs, *made)])
        return Size(times * max(size.items, 1), size.kind)

    @contextmanager
    def _repeated(self, target: ast.expr, iterated: ast.expr) -> Any:
        size = self.of(iterated)
        before, times = self._times, max(size.items, 1)
        each = size.items if size.kind or size.magnitude <= 1 else 1
        self._bind(target, Size(each, size.kind, size.magnitude))
        self._times *= times
        self._add(_OPERATOR_S[0])
        yield times
        self._times = before

    def _add(self, seconds: float) -> None:
        self.seconds += self._times * seconds
        if self.seconds > self._most_s:
            raise UnknownSizeError("what takes too long")


def _together(sizes: Sequence[Size]) -> Size:
    if not sizes:
        return Size()
    return Size(
        max(size.items for size in sizes),
        max(size.kind for size in sizes),
        max(size.magnitude for size in sizes),
    )


def _added(sizes: Sequence[Size]) -> Size:
    whole = _together(sizes)
    return Size(sum(size.items for size in sizes), whole.kind, math.prod(size.magnitude for size in sizes))


def _refuse_long(name: str) -> None:
    if may_take_long(name):
        raise UnknownSizeError(name)
