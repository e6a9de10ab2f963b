"""Follows expressions in the order in which Python evaluates them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from .component import Dynamic
from .dynamic import DYNAMIC_NAMES, dynamic_attribute, dynamic_call
from .findings import Place, State, bind, bind_walrus, delete, load, meet
from .scopes import comprehension_scope, function_scope, resolve
from .texts import names_in_text, text_use

__all__ = [
    "annotation",
    "arguments",
    "expression",
    "expressions",
    "mutated",
    "removal",
    "root_name",
    "target",
]


def expression(node: ast.AST, place: Place, state: State) -> State:
    """Follow one expression; return the state after it."""
    follow = _FOLLOWERS.get(type(node))
    if follow is not None:
        return follow(node, place, state)
    for child in ast.iter_child_nodes(node):
        state = expression(child, place, state)
    return state


def expressions(nodes: Sequence[ast.AST | None], place: Place, state: State) -> State:
    """Follow expressions one after the other; None stands for one left out."""
    for node in nodes:
        if node is not None:
            state = expression(node, place, state)
    return state


def target(node: ast.AST, place: Place, state: State) -> State:
    """Follow what is assigned to; return the state after it."""
    if isinstance(node, ast.Name):
        return bind(node.id, place, state)
    if isinstance(node, (ast.Tuple, ast.List)):
        for item in node.elts:
            state = target(item, place, state)
        return state
    if isinstance(node, ast.Starred):
        return target(node.value, place, state)
    mutated(node, place)
    return expression(node, place, state)


def removal(node: ast.AST, place: Place, state: State) -> State:
    """Follow what a ``del`` statement deletes; return the state after it."""
    if isinstance(node, ast.Name):
        return delete(node.id, place, state)
    if isinstance(node, (ast.Tuple, ast.List)):
        for item in node.elts:
            state = removal(item, place, state)
        return state
    mutated(node, place)
    return expression(node, place, state)


def root_name(node: ast.AST) -> str | None:
    """Return the variable at the root of ``x.a[i].b``; None for other expressions."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def mutated(node: ast.AST, place: Place) -> None:
    """Note that the value of the variable at the root changes in place."""
    name = root_name(node)
    if name is not None:
        _hint(name, place, place.found.mutated.add)


def annotation(node: ast.AST | None, place: Place, state: State) -> State:
    """Follow an annotation; names inside string annotations may be looked up later."""
    if node is None:
        return state
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            for name in names_in_text(part.value):
                load(name, place, state)
    return expression(node, place, state)


def arguments(node: ast.arguments, place: Place, state: State) -> State:
    """Follow the default values, which are evaluated where the function is made."""
    return expressions([*node.defaults, *node.kw_defaults], place, state)


def _hint(name: str, place: Place, note: Callable[[str], object]) -> None:
    """Note a global name of code that runs right here."""
    if not place.scope.is_deferred:
        key, _ = resolve(place.scope, place.scope.mangled(name))
        if key and ":" not in key:
            note(key)


def _name(node: ast.Name, place: Place, state: State) -> State:
    key = load(node.id, place, state)
    if key in DYNAMIC_NAMES and key in place.found.loads:
        place.found.dynamic.append(Dynamic(key, node.lineno))
    return state


def _constant(node: ast.Constant, place: Place, state: State) -> State:
    if isinstance(node.value, str):
        place.found.strings[node.value] = None
    return state


def _attribute(node: ast.Attribute, place: Place, state: State) -> State:
    feature = dynamic_attribute(node)
    if feature is not None:
        place.found.dynamic.append(Dynamic(feature, node.lineno))
    return expression(node.value, place, state)


def _call(node: ast.Call, place: Place, state: State) -> State:
    feature = dynamic_call(node)
    if feature is not None:
        place.found.dynamic.append(Dynamic(feature, node.lineno))
    if isinstance(node.func, ast.Attribute):
        name = root_name(node.func)
        if name is not None:
            _hint(name, place, lambda key: place.found.method_calls.setdefault(key))
    _texts(node, place, state)
    state = expression(node.func, place, state)
    state = expressions(node.args, place, state)
    return expressions([item.value for item in node.keywords], place, state)


def _texts(node: ast.Call, place: Place, state: State) -> None:
    use = text_use(node)
    if use is None:
        return
    for name in use.names:
        load(name, place, state)
    for variable in use.variables:
        key = load(variable.id, place, state)
        if key is not None:
            place.found.texts[key] = None
    if use.is_computed:
        place.found.dynamic.append(Dynamic("a computed query text", node.lineno))


def _binary(node: ast.BinOp, place: Place, state: State) -> State:
    # long sums nest to the left, deeper than a recursive walk can follow
    rights: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        rights.append(left.right)
        left = left.left
    return expressions([left, *reversed(rights)], place, state)


def _boolean(node: ast.BoolOp, place: Place, state: State) -> State:
    state = expression(node.values[0], place, state)
    _some(node.values[1:], place, state)
    return state


def _compare(node: ast.Compare, place: Place, state: State) -> State:
    state = expressions([node.left, node.comparators[0]], place, state)
    _some(node.comparators[1:], place, state)
    return state


def _some(nodes: Sequence[ast.expr], place: Place, state: State) -> None:
    """Follow expressions of which only the first few may be evaluated."""
    for node in nodes:
        state = expression(node, place.branch(), state)


def _conditional(node: ast.IfExp, place: Place, state: State) -> State:
    state = expression(node.test, place, state)
    branch = place.branch()
    return meet(expression(node.body, branch, state), expression(node.orelse, branch, state))


def _dict(node: ast.Dict, place: Place, state: State) -> State:
    for key, value in zip(node.keys, node.values, strict=True):
        state = expressions([key, value], place, state)
    return state


def _walrus(node: ast.NamedExpr, place: Place, state: State) -> State:
    state = expression(node.value, place, state)
    return bind_walrus(node.target.id, place, state)


def _await(node: ast.Await, place: Place, state: State) -> State:
    if not place.scope.is_deferred:
        place.found.is_async = True
    return expression(node.value, place, state)


def _lambda(node: ast.Lambda, place: Place, state: State) -> State:
    state = arguments(node.args, place, state)
    scope = function_scope(place.scope, node.args, [node.body])
    expression(node.body, place.inside(scope), state)
    return state


def _comprehension(node: Any, place: Place, state: State) -> State:
    is_lazy = isinstance(node, ast.GeneratorExp)
    generators: list[ast.comprehension] = node.generators
    state = expression(generators[0].iter, place, state)
    inner = place.inside(comprehension_scope(place.scope, generators, is_lazy=is_lazy))
    # the compiler wants a coroutine even around a lazy asynchronous comprehension
    if any(generator.is_async for generator in generators) and not place.scope.is_deferred:
        place.found.is_async = True
    inside = state
    for position, generator in enumerate(generators):
        if position:
            inside = expression(generator.iter, inner, inside)
        inside = target(generator.target, inner, inside)
        inside = expressions(generator.ifs, inner, inside)
    results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    expressions(results, inner, inside)
    return state


def _stored_name(node: ast.Name, place: Place, state: State) -> State:
    if isinstance(node.ctx, ast.Store):
        return bind(node.id, place, state)
    return _name(node, place, state)


_FOLLOWERS: dict[type[ast.AST], Callable[..., State]] = {
    ast.Name: _stored_name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Dict: _dict,
    ast.NamedExpr: _walrus,
    ast.Await: _await,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
}
