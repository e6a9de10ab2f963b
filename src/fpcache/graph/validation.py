"""Finds what is wrong with a schema before anything of it runs."""

from __future__ import annotations

import inspect
from importlib import metadata
from typing import Any

from fpcache.errors import FpcacheError, GraphSchemaError
from fpcache.graph.component import full_config
from fpcache.graph.guessing import did_you_mean
from fpcache.graph.schema import GraphSchema, SchemaNode
from fpcache.graph.type_checks import check_types

__all__ = ["validate"]

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def validate(schema: GraphSchema) -> None:
    """Pass where the schema can run; the error names the node and what to change.

    Raises
    ------
    GraphSchemaError
        No target, an unknown need, a circle, nothing to run, no such method,
        an argument that is missing or that the method doesn't take, a required
        package that is not installed; an output or a config value that is provably
        of another type than the annotation of the parameter that takes it.
    """
    if not schema.targets():
        raise GraphSchemaError("no node is a target, so nothing would run; mark one with is_target=True")
    for name, node in schema.nodes.items():
        _check_needs(name, node, schema)
        _check_runs(name, node)
        _check_arguments(name, node)
    schema.order()
    check_types(schema)


def _check_needs(name: str, node: SchemaNode, schema: GraphSchema) -> None:
    for parameter, need in node.needs.items():
        if need not in schema.nodes:
            message = f"node `{name}` needs `{need}` (for `{parameter}`), which is not in the schema"
            raise GraphSchemaError(message + did_you_mean(need, schema))
    if node.is_input and node.needs:
        raise GraphSchemaError(f"node `{name}` is an input and must need nothing; drop is_input or its needs")


def _check_runs(name: str, node: SchemaNode) -> None:
    if not callable(node.uses):
        raise GraphSchemaError(f"node `{name}` has nothing to run; set uses= to a component or a function")
    if not node.is_component:
        return
    for role, attribute in (("constructor", node.constructor), ("method", node.fn)):
        if not callable(getattr(node.uses, attribute, None)):
            raise GraphSchemaError(f"node `{name}`: {node.uses.__name__} has no {role} `{attribute}`")
    for package in node.uses.required_packages():
        if not any(metadata.distributions(name=package)):
            raise GraphSchemaError(f"node `{name}` requires the package `{package}`; install it")


def _check_arguments(name: str, node: SchemaNode) -> None:
    target = getattr(node.uses, node.fn) if node.is_component else node.uses
    if inspect.iscoroutinefunction(target):
        raise GraphSchemaError(f"node `{name}`: `{_title(node)}` is async; use a plain function")
    parameters = _parameters(node, target)
    if parameters is None:
        return
    given = set(node.needs) if node.is_component else set(node.needs) | set(_config(name, node))
    if not node.is_component and (both := set(node.needs) & set(node.config)):
        raise GraphSchemaError(f"node `{name}` gets `{min(both)}` from its config and from a node; drop one")
    _check_match(f"node `{name}`: `{_title(node)}`", parameters, given)


def _config(name: str, node: SchemaNode) -> dict[str, Any]:
    try:
        return full_config(node)
    except FpcacheError as error:
        raise GraphSchemaError(f"node `{name}`: {error}") from error


def _check_match(who: str, parameters: dict[str, inspect.Parameter], given: set[str]) -> None:
    missing = {name for name, parameter in parameters.items() if _is_required(parameter)} - given
    if missing:
        raise GraphSchemaError(f"{who} needs an argument `{min(missing)}`; add it to needs=")
    unknown = given - {name for name, parameter in parameters.items() if parameter.kind in _BY_NAME}
    if unknown and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        raise GraphSchemaError(f"{who} takes no argument `{min(unknown)}`")


def _parameters(node: SchemaNode, target: Any) -> dict[str, inspect.Parameter] | None:
    try:
        parameters = dict(inspect.signature(target).parameters)
    except ValueError:  # some builtins have no signature to check against
        return None
    if node.is_component and inspect.isfunction(inspect.getattr_static(node.uses, node.fn)):
        parameters.pop(next(iter(parameters), ""), None)  # self
    return parameters


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.kind in _BY_NAME and parameter.default is inspect.Parameter.empty


def _title(node: SchemaNode) -> str:
    if node.is_component:
        return f"{node.uses.__name__}.{node.fn}"
    return str(getattr(node.uses, "__name__", node.uses))
