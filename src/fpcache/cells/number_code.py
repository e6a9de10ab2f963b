"""Code that can make nothing but numbers, and tuples and containers of them.

Numbers and tuples of numbers have the same hash in every process. So where the
inputs are numbers, too, no set that such code makes on its way is laid out by
the hash seed, though nobody sees the sets that are gone when it ends.

What is known is a list of what is harmless; all else counts as harmful.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from .blind_calls import bound_names

__all__ = ["FACTORIES", "KNOWN_CALLS", "MODULES", "NumberCode", "number_code"]

_CONSUMERS = frozenset(
    {
        "Counter", "all", "any", "deque", "dict", "frozenset", "len", "list", "max", "min", "set", "sorted",
        "sum", "tuple",
    }
)  # fmt: skip
_ITERABLES = frozenset({"combinations", "enumerate", "permutations", "product", "range", "reversed", "zip"})
_NUMBERS = frozenset({"abs", "bool", "complex", "divmod", "float", "int", "pow", "round"})
_PRINTS = frozenset({"print"})
_BY_KEY = frozenset({"max", "min", "sort", "sorted"})
KNOWN_CALLS = _CONSUMERS | _ITERABLES | _NUMBERS | _PRINTS | {"defaultdict"}
"""Functions of Python's that are judged by name."""
FACTORIES = frozenset({"dict", "float", "int", "list", "set", "tuple"})
"""What may fill the gaps of a ``defaultdict``."""
MODULES = frozenset({"collections", "itertools", "math"})
"""Modules out of which the known functions may be taken; all that is in ``math`` gives numbers."""
_GIVING = frozenset(
    {
        "bit_count", "bit_length", "conjugate", "copy", "count", "difference", "get", "index",
        "intersection", "is_integer", "isdisjoint", "issubset", "issuperset", "most_common", "pop",
        "popitem", "popleft", "setdefault", "symmetric_difference", "total", "union",
    }
)  # fmt: skip
_VIEWS = frozenset({"elements", "items", "keys", "values"})
_CHANGING = frozenset(
    {
        "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft",
        "insert", "intersection_update", "remove", "reverse", "rotate", "sort", "subtract",
        "symmetric_difference_update", "update",
    }
)  # fmt: skip
_ITERATING = frozenset(
    {
        "difference", "difference_update", "extend", "extendleft", "intersection", "intersection_update",
        "isdisjoint", "issubset", "issuperset", "subtract", "symmetric_difference",
        "symmetric_difference_update", "union", "update",
    }
)  # fmt: skip
_DEFAULTED = frozenset({"get", "setdefault"})  # give None where they are not told what else
_KEYWORDS = frozenset(
    {"default", "key", "ndigits", "repeat", "reverse", "start", "strict"}
)  # others may become keys
_PLAIN = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.Tuple, ast.List,
    ast.Dict, ast.Set, ast.Starred, ast.NamedExpr, ast.If, ast.While, ast.Assign, ast.AugAssign, ast.Delete,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.Pass, ast.Break, ast.Continue,
)  # fmt: skip


@dataclass(slots=True)
class NumberCode:
    """What has to hold outside of some code, so that it makes nothing but numbers.

    Attributes
    ----------
    values : set of str
        Names that have to stand for numbers, or tuples and containers of them.
    own : set of str
        Names that it assigns and reads: the same holds for what they stand for before.
    calls : set of str
        Names that it calls: those among `KNOWN_CALLS` have to be Python's, the others functions of such code.
    results : set of str
        The names among `calls` whose result it uses, which must not be None.
    members : set of (str, str)
        Names that have to stand for Python's modules, and what it takes of these.
    makes_sets : bool
        Whether sets may come into being.
    returns : bool
        Whether it ends in ``return`` with a value, whatever happens.
    """

    values: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    members: set[tuple[str, str]] = field(default_factory=set)
    makes_sets: bool = False
    returns: bool = False


def number_code(tree: ast.Module | ast.FunctionDef) -> NumberCode | None:
    """Return what some code needs to make nothing but numbers; None where it may make something else.

    Examples
    --------
    >>> sorted(number_code(ast.parse("seen = {(x, y * scale) for x, y in points}")).values)
    ['points', 'scale']
    >>> number_code(ast.parse("seen = {str(x) for x in points}")).calls
    {'str'}
    >>> number_code(ast.parse("seen = {x.name for x in points}"))
    """
    bound = frozenset[str]().union(*map(bound_names, ast.iter_child_nodes(tree)))
    judge = _Judge(bound)
    if isinstance(tree, ast.FunctionDef):
        if tree.decorator_list or tree.args.kwarg is not None:
            return None
        judge.found.returns = _returns(tree.body)
    try:
        judge.block(tree.body)
    except _HarmfulError:
        return None
    return judge.found


class _HarmfulError(Exception):
    """Something that may make what is no number."""


@dataclass(slots=True)
class _Judge:
    """Goes through code, and notes what has to hold outside of it."""

    bound: frozenset[str]
    found: NumberCode = field(default_factory=NumberCode)

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Judge statements."""
        for node in body:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        """Judge a statement."""
        match node:
            case ast.Expr(value=ast.Constant(value=str())):  # a docstring
                return
            case ast.Expr(value=ast.Call() as call):
                self.call(call, is_used=False)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self.expression(target)
                self.iterated(iterated)
                self.block([*body, *orelse])
            case ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
                self.expression(value)
            case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value, simple=1) if self.found.returns:
                self.expression(value)
            case _:
                self.parts(node)

    def parts(self, node: ast.AST) -> None:
        """Judge what has no meaning but that of its parts."""
        if not isinstance(node, _PLAIN):
            raise _HarmfulError
        self.found.makes_sets |= isinstance(node, ast.Set)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.stmt):
                self.statement(part)
            elif isinstance(part, ast.expr):
                self.expression(part)
            else:
                self.parts(part)

    def expression(self, node: ast.expr) -> None:
        """Judge an expression whose value may be kept."""
        match node:
            case ast.Constant(value=value):
                if not isinstance(value, (int, float, complex)):
                    raise _HarmfulError
            case ast.Name(id=name):
                (self.found.own if name in self.bound else self.found.values).add(name)
            case ast.Call():
                self.call(node, is_used=True)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if "math" not in self.bound:
                self.member("math", name)
            case ast.ListComp() | ast.SetComp():
                self.comprehension(node.generators, node.elt)
                self.found.makes_sets |= isinstance(node, ast.SetComp)
            case ast.DictComp():
                self.comprehension(node.generators, node.key, node.value)
            case _:
                self.parts(node)

    def comprehension(self, generators: Sequence[ast.comprehension], *made: ast.expr) -> None:
        """Judge what is made for each of some elements."""
        for generator in generators:
            if generator.is_async:
                raise _HarmfulError
            self.expression(generator.target)
            self.iterated(generator.iter)
            for condition in generator.ifs:
                self.expression(condition)
        for part in made:
            self.expression(part)

    def iterated(self, node: ast.expr) -> None:
        """Judge what is gone through at once, so that it may be an iterator or a view."""
        match node:
            case ast.GeneratorExp():
                self.comprehension(node.generators, node.elt)
            case ast.Call(func=ast.Attribute(attr=name, value=owner), args=[], keywords=[]) if name in _VIEWS:
                self.expression(owner)
            case ast.Call() if self.callee(node) in _ITERABLES:
                self.known(node)
            case ast.Starred(value=value):
                self.iterated(value)
            case _:
                self.expression(node)

    def call(self, node: ast.Call, *, is_used: bool) -> None:
        """Judge a call."""
        name = self.callee(node)
        if name is None:
            self.method(node, is_used=is_used)
        elif name in _ITERABLES or (is_used and name in _PRINTS):
            raise _HarmfulError
        elif name == "defaultdict":
            self.factory(node)
        else:
            self.known(node)
            if is_used and name not in KNOWN_CALLS:
                self.found.results.add(name)

    def known(self, node: ast.Call) -> None:
        """Judge the arguments of a function that is called by name."""
        name = self.callee(node) or ""
        self.found.makes_sets |= name in {"frozenset", "set"}
        judge = self.iterated if name in _CONSUMERS | _ITERABLES else self.expression
        for item in node.args:
            if name in _PRINTS:
                self.printed(item)
            else:
                judge(item)
        self.keywords(node, name)

    def method(self, node: ast.Call, *, is_used: bool) -> None:
        """Judge a call of a method, which can only be one of a number or a container."""
        if not isinstance(node.func, ast.Attribute):
            raise _HarmfulError
        name = node.func.attr
        if name in _DEFAULTED and len(node.args) < 2:
            raise _HarmfulError
        if name not in _GIVING and (is_used or name not in _CHANGING):
            raise _HarmfulError
        self.expression(node.func.value)
        for item in node.args:
            (self.iterated if name in _ITERATING else self.expression)(item)
        self.keywords(node, name)

    def keywords(self, node: ast.Call, name: str) -> None:
        """Judge named arguments, the key of a sorting among them."""
        for item in node.keywords:
            is_theirs = name in KNOWN_CALLS or isinstance(node.func, ast.Attribute)
            if item.arg is None or name in _PRINTS or (is_theirs and item.arg not in _KEYWORDS):
                raise _HarmfulError
            if isinstance(item.value, ast.Lambda) and name in _BY_KEY and not item.value.args.defaults:
                self.expression(item.value.body)
            else:
                self.expression(item.value)

    def printed(self, node: ast.expr) -> None:
        """Judge what is shown and not kept: it may be text."""
        if isinstance(node, ast.JoinedStr):
            for part in node.values:
                self.printed(part)
        elif isinstance(node, ast.FormattedValue):
            self.expression(node.value)
            if node.format_spec is not None:
                self.printed(node.format_spec)
        elif not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            self.expression(node)

    def factory(self, node: ast.Call) -> None:
        """Judge a `defaultdict`: what fills its gaps, and what it begins with."""
        match node:
            case ast.Call(args=[ast.Name(id=name), *rest], keywords=[]) if name in FACTORIES - self.bound:
                self.found.calls.add(name)
                self.found.makes_sets |= name == "set"
                for item in rest:
                    self.iterated(item)
            case _:
                raise _HarmfulError

    def callee(self, node: ast.Call) -> str | None:
        """Return and note the name of a function from outside; None for a method."""
        match node.func:
            case ast.Name(id=name) if name not in self.bound:
                self.found.calls.add(name)
                return name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES - self.bound:
                self.member(module, name)
                return "abs" if module == "math" else name  # which gives numbers as well
        return None

    def member(self, module: str, name: str) -> None:
        """Note what is taken of a module."""
        if name.startswith("__") or (module != "math" and name not in KNOWN_CALLS):
            raise _HarmfulError
        self.found.members.add((module, name))


def _returns(body: Sequence[ast.stmt]) -> bool:
    """Say whether a block surely ends in ``return`` with a value."""
    match body[-1]:
        case ast.Return(value=value):
            return value is not None
        case ast.If(body=then, orelse=otherwise):
            return bool(otherwise) and _returns(then) and _returns(otherwise)
    return False
