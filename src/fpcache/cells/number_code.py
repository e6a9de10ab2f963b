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

__all__ = ["FACTORIES", "KNOWN", "NumberCode", "number_code"]

KNOWN: dict[str, frozenset[str]] = {
    "builtins": frozenset(
        {
            "abs", "all", "any", "bool", "complex", "dict", "divmod", "enumerate", "float", "frozenset",
            "int", "len", "list", "max", "min", "pow", "print", "range", "reversed", "round", "set",
            "sorted", "sum", "tuple", "zip",
        }
    ),
    "collections": frozenset({"Counter", "defaultdict", "deque"}),
    "heapq": frozenset({"heapify", "heappop", "heappush", "heappushpop", "heapreplace"}),
    "itertools": frozenset({"chain", "combinations", "islice", "pairwise", "permutations", "product"}),
    "math": frozenset(
        {
            "acos", "asin", "atan", "atan2", "ceil", "comb", "copysign", "cos", "cosh", "degrees", "dist",
            "e", "exp", "fabs", "factorial", "floor", "fmod", "gcd", "hypot", "inf", "isclose", "isinf",
            "isnan", "isqrt", "lcm", "log", "log10", "log2", "perm", "pi", "pow", "prod", "radians", "sin",
            "sinh", "sqrt", "tan", "tanh", "tau", "trunc",
        }
    ),
}  # fmt: skip
"""What is known of some modules, by name: it gives numbers, containers or iterators, or nothing."""
FACTORIES = frozenset({"dict", "float", "int", "list", "set", "tuple"})
"""What may fill the gaps of a ``defaultdict``."""
_CONSTANTS = frozenset({"e", "inf", "pi", "tau"})
_ITERABLES = KNOWN["itertools"] | {"enumerate", "range", "reversed", "zip"}
_CONSUMERS = frozenset(  # of their first argument
    {
        "Counter", "all", "any", "deque", "dict", "frozenset", "len", "list", "max", "min", "prod", "set",
        "sorted", "sum", "tuple",
    }
)  # fmt: skip
_GIVING_NOTHING = frozenset({"heapify", "heappush", "print"})
_MODULES = frozenset(KNOWN) - {"builtins"}
_BY_NAME = frozenset[str]().union(*KNOWN.values()) - _CONSTANTS
_KEYWORDS = {  # of others some would become keys
    "enumerate": {"start"},
    "isclose": {"abs_tol", "rel_tol"},
    "max": {"default", "key"},
    "min": {"default", "key"},
    "prod": {"start"},
    "product": {"repeat"},
    "round": {"ndigits"},
    "sort": {"key", "reverse"},
    "sorted": {"key", "reverse"},
    "sum": {"start"},
    "zip": {"strict"},
}
_KEYS = frozenset({"abs", "len", "max", "min", "sum"})
_METHODS = frozenset(
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
_PARTS = frozenset({"imag", "real"})
_PLAIN = (
    ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Dict, ast.Set,
    ast.Starred, ast.NamedExpr, ast.If, ast.While, ast.Assign, ast.AugAssign, ast.Delete, ast.operator,
    ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.Pass, ast.Break, ast.Continue,
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
        Names that it calls: functions that are `KNOWN` under this name, or such code themselves.
    results : set of str
        The names among `calls` whose result it uses, which must not be None.
    members : set of (str, str)
        Names that have to stand for modules, and what it takes of these; the modules' own, too.
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
    judge = _Judge(bound, isinstance(tree, ast.FunctionDef))
    body = tree.body
    if isinstance(tree, ast.FunctionDef):
        if tree.decorator_list or tree.args.kwarg is not None:
            return None
        judge.found.returns = _returns(body)
        body = body[1:] if ast.get_docstring(tree) is not None else body
    try:
        judge.block(body)
    except (_HarmfulError, RecursionError):
        return None
    return judge.found


class _HarmfulError(Exception):
    """Something that may make what is no number."""


@dataclass(slots=True)
class _Judge:
    """Goes through code, and notes what has to hold outside of it."""

    bound: frozenset[str]
    is_function: bool
    found: NumberCode = field(default_factory=NumberCode)

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Judge statements."""
        for node in body:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        """Judge a statement."""
        match node:
            case ast.Expr(value=ast.Call() as call):
                self.call(call, is_used=False)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self.expression(target)
                self.iterated(iterated)
                self.block([*body, *orelse])
            case ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
                self.expression(value)
            case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value, simple=1) if self.is_function:
                self.expression(value)
            case ast.Assert(test=test, msg=None | ast.Constant()):
                self.expression(test)
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
                if name.startswith("__"):  # in a class it would be another name
                    raise _HarmfulError
                (self.found.own if name in self.bound else self.found.values).add(name)
            case ast.Call():
                self.call(node, is_used=True)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in _CONSTANTS:
                self.member("math", name)
            case ast.Attribute(value=owner, attr=name, ctx=ast.Load()) if name in _PARTS:
                self.expression(owner)
            case ast.BinOp(left=left, right=right):
                self.compared(left)
                self.compared(right)
            case ast.Compare(left=left, comparators=others):
                for part in (left, *others):
                    self.compared(part)
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
            case ast.Call() if self.named(node) in _ITERABLES:
                self.known(node)
            case ast.Starred(value=value):
                self.iterated(value)
            case _:
                self.compared(node)

    def compared(self, node: ast.expr) -> None:
        """Judge what may be a view: an operator gives no view."""
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=owner), args=[], keywords=[]) if name in _VIEWS:
                self.expression(owner)
            case _:
                self.expression(node)

    def call(self, node: ast.Call, *, is_used: bool) -> None:
        """Judge a call."""
        name = self.named(node)
        if name is None:
            self.method(node, is_used=is_used)
        elif name in _ITERABLES or (is_used and name in _GIVING_NOTHING):
            raise _HarmfulError
        elif name == "defaultdict":
            self.factory(node)
        elif name == "print":
            self.printing(node)
        elif name in _BY_NAME:
            self.known(node)
        else:
            self.own_function(node, name, is_used=is_used)

    def own_function(self, node: ast.Call, name: str, *, is_used: bool) -> None:
        """Judge the arguments of a function that has to be such code itself."""
        self.found.calls.add(name)
        if is_used:
            self.found.results.add(name)
        for item in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.expression(item)
        if any(keyword.arg is None for keyword in node.keywords):
            raise _HarmfulError

    def known(self, node: ast.Call) -> None:
        """Judge a call of one of Python's functions."""
        name = self.note(node)
        self.found.makes_sets |= name in {"frozenset", "set"}
        takes_all = name in _ITERABLES or (name in _CONSUMERS and len(node.args) == 1)
        takes_first = name in _CONSUMERS - {"max", "min"}  # these two give one of several
        for place, item in enumerate(node.args):
            (self.iterated if takes_all or (takes_first and not place) else self.expression)(item)
        self.keywords(node, name)

    def method(self, node: ast.Call, *, is_used: bool) -> None:
        """Judge a call of a method, which can only be one of a number or a container."""
        if not isinstance(node.func, ast.Attribute):
            raise _HarmfulError
        name, starred = node.func.attr, any(isinstance(item, ast.Starred) for item in node.args)
        if name in _DEFAULTED and (starred or len(node.args) < 2):
            raise _HarmfulError
        if name not in _METHODS and (is_used or name not in _CHANGING):
            raise _HarmfulError
        self.expression(node.func.value)
        for item in node.args:
            (self.iterated if name in _ITERATING else self.expression)(item)
        self.keywords(node, name)

    def keywords(self, node: ast.Call, name: str) -> None:
        """Judge named arguments, the key of a sorting among them."""
        for item in node.keywords:
            if item.arg not in _KEYWORDS.get(name, ()):
                raise _HarmfulError
            match item.value:
                case ast.Lambda(args=ast.arguments(defaults=[], kw_defaults=[])) if item.arg == "key":
                    self.expression(item.value.body)
                case ast.Name(id=key) if item.arg == "key" and key in _KEYS - self.bound:
                    self.found.calls.add(key)
                case _:
                    self.expression(item.value)

    def printing(self, node: ast.Call) -> None:
        """Judge a call of ``print``."""
        self.note(node)
        for item in node.args:
            self.printed(item)
        for keyword in node.keywords:
            if keyword.arg not in {"end", "flush", "sep"} or not isinstance(keyword.value, ast.Constant):
                raise _HarmfulError

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
                self.note(node)
                self.found.calls.add(name)
                self.found.makes_sets |= name == "set"
                for item in rest:
                    self.iterated(item)
            case _:
                raise _HarmfulError

    def named(self, node: ast.Call) -> str | None:
        """Return the name of a function from outside, without that of its module; None for a method."""
        match node.func:
            case ast.Name(id=name) if name not in self.bound and not name.startswith("__"):
                return name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _MODULES - self.bound:
                if name not in KNOWN[module] - _CONSTANTS:
                    raise _HarmfulError
                return name
        return None

    def note(self, node: ast.Call) -> str:
        """Note what is called, and return its name."""
        match node.func:
            case ast.Name(id=name):
                self.found.calls.add(name)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                self.member(module, name)
        return name

    def member(self, module: str, name: str) -> None:
        """Note what is taken of a module."""
        if module in self.bound:
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
