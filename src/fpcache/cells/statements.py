"""Follows statements, and what is surely bound on every path through them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .component import Dynamic
from .definitions import class_definition, function_definition, type_alias
from .expressions import annotation, expression, expressions, mutated, removal, target
from .findings import Loop, Place, State, bind, forget, load, meet, without
from .patterns import captures, is_irrefutable
from .scopes import ScopeKind, deleted_names

__all__ = ["statement", "statements"]


def statements(nodes: Sequence[ast.stmt], place: Place, state: State) -> State:
    """Follow statements one after the other; return the state at their end."""
    for node in nodes:
        state = statement(node, place, state)
    return state


def statement(node: ast.AST, place: Place, state: State) -> State:
    """Follow one statement; return the state after it."""
    follow = _FOLLOWERS.get(type(node))
    return expression(node, place, state) if follow is None else follow(node, place, state)


def _assign(node: ast.Assign, place: Place, state: State) -> State:
    state = expression(node.value, place, state)
    for item in node.targets:
        state = target(item, place, state)
    return state


def _augmented(node: ast.AugAssign, place: Place, state: State) -> State:
    mutated(node.target, place)
    if isinstance(node.target, ast.Name):
        load(node.target.id, place, state)
    else:
        state = expression(node.target, place, state)
    state = expression(node.value, place, state)
    return bind(node.target.id, place, state) if isinstance(node.target, ast.Name) else state


def _annotated(node: ast.AnnAssign, place: Place, state: State) -> State:
    if node.value is not None:
        state = target(node.target, place, expression(node.value, place, state))
    elif not isinstance(node.target, ast.Name):
        state = expression(node.target, place, state)
    if place.scope.kind is ScopeKind.FUNCTION:
        return state  # annotations of local variables are never evaluated
    if place.scope.kind is ScopeKind.MODULE and node.simple:
        _note_annotation(node, place, state)
    return annotation(node.annotation, place, state)


def _note_annotation(node: ast.AnnAssign, place: Place, state: State) -> None:
    if place.is_conditional:
        # which branch ran can't be replayed as a declaration: the dict itself is an input
        load("__annotations__", place, state)
        place.found.mutated.add("__annotations__")
        place.found.bound.add("__annotations__")
    else:
        declaration = ast.AnnAssign(node.target, node.annotation, None, 1)
        place.found.annotations.append(ast.unparse(declaration))


def _delete(node: ast.Delete, place: Place, state: State) -> State:
    for item in node.targets:
        state = removal(item, place, state)
    return state


def _import(node: ast.Import | ast.ImportFrom, place: Place, state: State) -> State:
    for alias in node.names:
        if alias.name == "*":
            place.found.dynamic.append(Dynamic("import *", node.lineno))
        else:
            state = bind(alias.asname or alias.name.partition(".")[0], place, state)
    return state


def _if(node: ast.If, place: Place, state: State) -> State:
    branch = place.branch()
    ends: list[State] = []
    rest: Sequence[ast.stmt] = [node]
    # long elif chains nest deeper than a recursive walk can follow
    while len(rest) == 1 and isinstance(rest[0], ast.If):
        case = rest[0]
        state = expression(case.test, place, state)
        body_end = statements(case.body, branch, state)
        always = _constant_truth(case.test)
        ends.append(None if always is False else body_end)
        state = None if always is True else state
        place, rest = branch, case.orelse
    ends.append(statements(rest, branch, state))
    return meet(*ends)


def _constant_truth(test: ast.expr) -> bool | None:
    return bool(test.value) if isinstance(test, ast.Constant) else None


def _while(node: ast.While, place: Place, state: State) -> State:
    gone = _deleted([node], place)
    inside = replace(place.branch(), loop=Loop())
    state = expression(node.test, place, without(state, gone))
    end = statements(node.body, inside, state)
    _again(end, inside, gone)
    leaving = None if _constant_truth(node.test) is True else state
    return _after_loop(node.orelse, place, inside, leaving, gone)


def _for(node: ast.For | ast.AsyncFor, place: Place, state: State) -> State:
    if isinstance(node, ast.AsyncFor):
        _await_here(place)
    state = expression(node.iter, place, state)
    gone = _deleted([node], place)
    inside = replace(place.branch(), loop=Loop())
    head = without(state, gone)
    end = statements(node.body, inside, target(node.target, inside, head))
    again = _again(end, inside, gone)
    leaving = again if _surely_iterates(node.iter) else head
    return _after_loop(node.orelse, place, inside, leaving, gone)


def _again(end: State, inside: Place, gone: frozenset[str]) -> State:
    """Return what is sure where a loop's next iteration would begin."""
    arrivals = inside.loop.continues if inside.loop else []
    return without(meet(end, *arrivals), gone)


def _after_loop(
    orelse: list[ast.stmt], place: Place, inside: Place, leaving: State, gone: frozenset[str]
) -> State:
    leaving = statements(orelse, place.branch(), leaving)
    breaks = inside.loop.breaks if inside.loop else []
    return meet(leaving, *(without(state, gone) for state in breaks))


def _surely_iterates(node: ast.expr) -> bool:
    """Say whether a loop over this surely has an iteration."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return any(not isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Dict):
        return any(key is not None for key in node.keys)
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and bool(node.value)


def _break(node: ast.Break, place: Place, state: State) -> State:
    if place.loop is not None:
        place.loop.breaks.append(state)
    return None


def _continue(node: ast.Continue, place: Place, state: State) -> State:
    if place.loop is not None:
        place.loop.continues.append(state)
    return None


def _leave(node: ast.Raise | ast.Return, place: Place, state: State) -> State:
    for child in ast.iter_child_nodes(node):
        state = expression(child, place, state)
    return None


def _assert(node: ast.Assert, place: Place, state: State) -> State:
    state = expression(node.test, place, state)
    expressions([node.msg], place, state)
    return state


def _with(node: ast.With | ast.AsyncWith, place: Place, state: State) -> State:
    if isinstance(node, ast.AsyncWith):
        _await_here(place)
    first = node.items[0]
    entered = state = expression(first.context_expr, place, state)
    if first.optional_vars is not None:
        state = target(first.optional_vars, place, state)
        if isinstance(first.optional_vars, ast.Name):
            entered = state
    for item in node.items[1:]:
        state = expression(item.context_expr, place, state)
        if item.optional_vars is not None:
            state = target(item.optional_vars, place, state)
    end = statements(node.body, place.branch(), state)
    # a context manager may swallow an exception raised anywhere inside
    return meet(without(entered, _deleted([node], place)), end)


def _try(node: Any, place: Place, state: State) -> State:
    branch = place.branch()
    raised = without(state, _deleted(node.body, place))
    body_end = statements(node.body, branch, state)
    ends = [statements(node.orelse, branch, body_end)]
    for handler in node.handlers:
        raised = expressions([handler.type], branch, raised)
        ends.append(_handler(handler, branch, raised))
        # several handlers of except* may run, one after the other
        raised = without(raised, _deleted([handler], place))
    end = meet(*ends)
    if not node.finalbody:
        return end
    return _finally(node, place, state, end)


def _handler(node: ast.ExceptHandler, place: Place, state: State) -> State:
    if not node.name:
        return statements(node.body, place, state)
    state = bind_handler(node.name, place, state)
    return forget(node.name, place, statements(node.body, place, state))


def bind_handler(name: str, place: Place, state: State) -> State:
    """Bind an exception's name, which is not bound any more after the handler."""
    known = place.found.bound.copy()
    state = bind(name, place, state)
    place.found.bound &= known
    return state


def _finally(node: Any, place: Place, before: State, end: State) -> State:
    whole = [*node.body, *node.handlers, *node.orelse]
    start = without(before, _deleted(whole, place))
    final = statements(node.finalbody, place, start)
    if final is None or end is None:
        return None
    return final | (without(end, _deleted(node.finalbody, place)) or frozenset())


def _deleted(nodes: Sequence[ast.AST], place: Place) -> frozenset[str]:
    return deleted_names(nodes) if place.found.deletable else frozenset()


def _match(node: ast.Match, place: Place, state: State) -> State:
    state = expression(node.subject, place, state)
    branch = place.branch()
    ends: list[State] = []
    for case in node.cases:
        matched = captures(case.pattern, branch, state)
        matched = expressions([case.guard], branch, matched)
        ends.append(statements(case.body, branch, matched))
        if is_irrefutable(case):
            state = None
    return meet(state, *ends)


def _await_here(place: Place) -> None:
    if not place.scope.is_deferred:
        place.found.is_async = True


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place, state: State) -> State:
    return function_definition(node, place, state, statements)


def _class(node: ast.ClassDef, place: Place, state: State) -> State:
    return class_definition(node, place, state, statements)


def _nothing(node: ast.stmt, place: Place, state: State) -> State:
    return state


_FOLLOWERS: dict[type[ast.AST], Callable[..., State]] = {
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.AnnAssign: _annotated,
    ast.Delete: _delete,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Raise: _leave,
    ast.Return: _leave,
    ast.Assert: _assert,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
    ast.Pass: _nothing,
}
if hasattr(ast, "TypeAlias"):
    _FOLLOWERS[ast.TypeAlias] = type_alias
