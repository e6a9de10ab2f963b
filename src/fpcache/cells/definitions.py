"""Follows function and class definitions, type parameters and type aliases."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .expressions import annotation, arguments, expression, expressions, target
from .findings import Place, State, bind, load
from .scopes import class_scope, function_scope, type_scope

__all__ = ["class_definition", "function_definition", "type_alias"]

Statements = Callable[[Sequence[ast.stmt], Place, State], State]


def function_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place, state: State, follow: Statements
) -> State:
    """Follow ``def``; the body counts as read where the function is made."""
    state = expressions(node.decorator_list, place, state)
    state = arguments(node.args, place, state)
    inner = _with_type_parameters(node, place, state)
    for item in _annotations(node):
        state = annotation(item, inner, state)
    scope = function_scope(inner.scope, node.args, node.body)
    # nothing can call an undecorated function before its name is bound
    after = bind(node.name, place, state)
    follow(node.body, inner.inside(scope), state if node.decorator_list else after)
    return after


def class_definition(node: ast.ClassDef, place: Place, state: State, follow: Statements) -> State:
    """Follow ``class``; its body runs at once, in a namespace of its own."""
    state = expressions(node.decorator_list, place, state)
    inner = _with_type_parameters(node, place, state, private=node.name)
    inside = expressions([*node.bases, *(item.value for item in node.keywords)], inner, state)
    load("__name__", place, inside)
    scope = class_scope(inner.scope, node)
    if inner is place:
        state = inside
    body = replace(inner, scope=scope, loop=None, is_conditional=True)
    end = follow(node.body, body, inside)
    if end is None or state is None:
        return bind(node.name, place, None)
    return bind(node.name, place, frozenset(key for key in end if not key.startswith(scope.prefix)))


def type_alias(node: Any, place: Place, state: State) -> State:
    """Follow ``type X[T] = ...``; the value is evaluated when it is asked for."""
    inner = _with_type_parameters(node, place, state)
    lazy = inner.inside(type_scope(inner.scope, ()))
    expression(node.value, lazy, state)
    return target(node.name, place, state)


def _with_type_parameters(node: Any, place: Place, state: State, private: str | None = None) -> Place:
    """Return the place inside the type parameters; `place` itself if there are none."""
    parameters = getattr(node, "type_params", None)
    if not parameters:
        return place
    scope = type_scope(place.scope, (item.name for item in parameters), private)
    inner = place.inside(scope)
    for item in parameters:
        # bounds, and defaults from Python 3.13 on, are evaluated when they are asked for
        bounds = [getattr(item, "bound", None), getattr(item, "default_value", None)]
        expressions(bounds, inner.inside(type_scope(scope, ())), state)
    return inner


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr | None]:
    given = node.args
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    found = [argument.annotation for argument in every if argument is not None]
    return [*found, node.returns]
