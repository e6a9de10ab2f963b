"""Which namespace a name of a nested scope refers to, by Python's rules."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "LOCAL",
    "Scope",
    "ScopeKind",
    "binding_scope",
    "class_scope",
    "comprehension_scope",
    "deleted_names",
    "function_scope",
    "module_scope",
    "resolve",
    "type_scope",
]

LOCAL = ""
"""What `resolve` answers for a name that can't refer to a global."""

_numbers = itertools.count()
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class ScopeKind(Enum):
    """The kinds of scope that look names up differently."""

    MODULE = 1
    CLASS = 2
    FUNCTION = 3
    COMPREHENSION = 4
    TYPES = 5


@dataclass(slots=True)
class Scope:
    """One scope, with the names that it binds.

    Attributes
    ----------
    kind : ScopeKind
        How it looks names up.
    parent : Scope or None
        The scope around it.
    bound : frozenset of str
        Names local to it.
    globals : frozenset of str
        Names that it declares ``global``.
    private : str
        The class whose private names (``__x``) are mangled here.
    is_deferred : bool
        Whether its code may run later than where it stands, or never.
    prefix : str
        Marks this scope's names in a flow state.
    """

    kind: ScopeKind
    parent: Scope | None = None
    bound: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    private: str = ""
    is_deferred: bool = False
    prefix: str = field(default_factory=lambda: f"{next(_numbers)}:")

    def mangled(self, name: str) -> str:
        """Return the name as the compiler sees it in this scope."""
        if not self.private or not name.startswith("__") or name.endswith("__") or "." in name:
            return name
        owner = self.private.lstrip("_")
        return f"_{owner}{name}" if owner else name


def module_scope() -> Scope:
    """Return the scope of top-level code."""
    return Scope(ScopeKind.MODULE)


def function_scope(
    parent: Scope, arguments: ast.arguments, body: Iterable[ast.AST], private: str | None = None
) -> Scope:
    """Return the scope of a function or lambda with these arguments and body."""
    scope = Scope(ScopeKind.FUNCTION, parent, private=_private(parent, private), is_deferred=True)
    _declare(scope, body, extra=(argument.arg for argument in _arguments(arguments)))
    return scope


def class_scope(parent: Scope, node: ast.ClassDef) -> Scope:
    """Return the scope of a class body."""
    scope = Scope(ScopeKind.CLASS, parent, private=node.name, is_deferred=parent.is_deferred)
    _declare(scope, node.body)
    return scope


def comprehension_scope(parent: Scope, generators: list[ast.comprehension], *, is_lazy: bool) -> Scope:
    """Return the scope of a comprehension; its targets are local to it."""
    scope = Scope(
        ScopeKind.COMPREHENSION,
        parent,
        private=parent.private,
        is_deferred=is_lazy or parent.is_deferred,
    )
    targets = (node for generator in generators for node in ast.walk(generator.target))
    scope.bound = frozenset(
        scope.mangled(node.id)
        for node in targets
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return scope


def type_scope(parent: Scope, parameters: Iterable[str], private: str | None = None) -> Scope:
    """Return the scope of type parameters; inside a class it sees the class's names."""
    scope = Scope(ScopeKind.TYPES, parent, private=_private(parent, private), is_deferred=True)
    scope.bound = frozenset(map(scope.mangled, parameters))
    return scope


def binding_scope(scope: Scope) -> Scope:
    """Return the scope in which ``:=`` binds: comprehensions don't count."""
    while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
        scope = scope.parent
    return scope


def resolve(scope: Scope, name: str) -> tuple[str, bool]:
    """Say where a mangled name is looked up.

    Returns
    -------
    key : str
        `LOCAL`, the name itself for a global, or a class body's key.
    falls_back : bool
        Whether the global of that name is looked up if the key isn't bound.
    """
    here: Scope | None = scope
    is_direct = True
    while here is not None and here.kind is not ScopeKind.MODULE:
        if here.kind is ScopeKind.CLASS and not is_direct:
            here = here.parent
            continue
        if name in here.globals:
            return name, False
        if name in here.bound:
            return (here.prefix + name, True) if here.kind is ScopeKind.CLASS else (LOCAL, False)
        is_direct = is_direct and here.kind is ScopeKind.TYPES
        here = here.parent
    return name, False


def deleted_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return every name that code somewhere in these nodes may delete."""
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
                found.add(node.id)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                found.add(node.name)
    return frozenset(found)


def _private(parent: Scope, private: str | None) -> str:
    return parent.private if private is None else private


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from arguments.posonlyargs
    yield from arguments.args
    yield from arguments.kwonlyargs
    if arguments.vararg:
        yield arguments.vararg
    if arguments.kwarg:
        yield arguments.kwarg


def _declare(scope: Scope, body: Iterable[ast.AST], extra: Iterable[str] = ()) -> None:
    """Fill in what the body binds and declares, not looking into nested scopes."""
    bound = set(extra)
    declared: set[str] = set()
    elsewhere: set[str] = set()
    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in body]
    while stack:
        node, in_comprehension = stack.pop()
        if isinstance(node, ast.Global):
            declared.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            elsewhere.update(node.names)
        elif not in_comprehension or isinstance(node, ast.NamedExpr):
            bound.update(_bound_by(node))
        in_comprehension = in_comprehension or isinstance(node, _COMPREHENSIONS)
        stack.extend((child, in_comprehension) for child in _same_scope(node))
    scope.globals = frozenset(map(scope.mangled, declared))
    scope.bound = frozenset(map(scope.mangled, bound - elsewhere)) - scope.globals


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        if node.name != "*":
            yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children that belong to the scope of `node` itself."""
    if isinstance(node, _FUNCTIONS):
        yield from node.decorator_list
        yield node.args
        if node.returns:
            yield node.returns
    elif isinstance(node, ast.ClassDef):
        yield from node.decorator_list
        yield from node.bases
        yield from node.keywords
    elif isinstance(node, ast.Lambda):
        yield node.args
    else:
        yield from ast.iter_child_nodes(node)
