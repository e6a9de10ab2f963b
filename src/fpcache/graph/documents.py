"""Graph schemas as documents: plain data, JSON and YAML.

A document has the number of its format and the nodes by name; of each node the fields that differ from
their defaults, and what it uses as ``"module:qualified.name"``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_type_hints

from fpcache.errors import GraphSchemaError
from fpcache.graph.guessing import did_you_mean
from fpcache.graph.plain_values import plain_value
from fpcache.graph.references import reference_to, referred
from fpcache.graph.schema import GraphSchema, SchemaNode
from fpcache.graph.yaml_texts import read_yaml, write_yaml

__all__ = ["FORMAT", "from_dict", "from_json", "from_yaml", "to_dict", "to_json", "to_yaml"]

FORMAT = 1


def to_dict(schema: GraphSchema) -> dict[str, Any]:
    """Return the schema's document as plain data."""
    with _depth():
        for name in schema:
            _check_name(name)
        nodes = {name: _write_node(name, node) for name, node in schema.nodes.items()}
    return {"format": FORMAT, "nodes": nodes}


def from_dict(data: Mapping[str, Any]) -> GraphSchema:
    """Return the schema that a document describes."""
    nodes = _checked_nodes(data)
    with _depth():
        return GraphSchema({name: _read_node(name, node) for name, node in nodes.items()})


def to_json(schema: GraphSchema) -> str:
    """Return the schema's document as JSON."""
    with _depth():
        return json.dumps(to_dict(schema), indent=2, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> GraphSchema:
    """Return the schema that a JSON text describes."""
    _check_text(text, "from_json")
    with _depth():
        return from_dict(_read_json(text))


def to_yaml(schema: GraphSchema) -> str:
    """Return the schema's document as YAML."""
    with _depth():
        return write_yaml(to_dict(schema))


def from_yaml(text: str) -> GraphSchema:
    """Return the schema that a YAML text describes."""
    _check_text(text, "from_yaml")
    with _depth():
        return from_dict(read_yaml(text))


@contextmanager
def _depth() -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise GraphSchemaError("a config is nested too deeply for a document; make it flatter") from error


@contextmanager
def _in_node(name: str) -> Iterator[None]:
    try:
        yield
    except GraphSchemaError as error:
        raise GraphSchemaError(f"node `{name}`: {error}") from error


def _check_text(text: object, call: str) -> None:
    if not isinstance(text, str):
        raise GraphSchemaError(f"{call} takes a text, not {type(text).__name__}; read the file first")


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except GraphSchemaError:
        raise
    except ValueError as error:  # also where a number has too many digits
        raise GraphSchemaError(f"this is no JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise GraphSchemaError(f"`{key}` stands twice in one object of the document; rename or drop one")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise GraphSchemaError(f"the document holds {name}, which JSON does not have; write null or a text")


def _write_node(name: str, node: SchemaNode) -> dict[str, Any]:
    data: dict[str, Any] = {}
    with _in_node(name):
        for field in _FIELDS:
            value = _form(field.name).write(getattr(node, field.name), field.name)
            if field.name == "uses" or value != _default(field):
                data[field.name] = value
    return data


def _checked_nodes(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise GraphSchemaError(
            f"a graph's document is a mapping with `format` and `nodes`, not {_shown(data)}"
        )
    _check_known(data, ("format", "nodes"), "the document")
    number, nodes = data.get("format"), data.get("nodes")
    if type(number) is not int:
        raise GraphSchemaError(f"the document's `format` is {_shown(number)}; write the number {FORMAT}")
    if number != FORMAT:
        raise GraphSchemaError(
            f"the document has format {number}, and this fpcache reads {FORMAT}; use the one that wrote it"
        )
    if not isinstance(nodes, Mapping):
        raise GraphSchemaError(
            f"the document's `nodes` is {_shown(nodes)}; write a mapping of names to nodes"
        )
    for name in nodes:
        _check_name(name)
    return nodes


def _read_node(name: str, data: object) -> SchemaNode:
    with _in_node(name):
        if not isinstance(data, Mapping):
            raise GraphSchemaError(f"it is {_shown(data)}; write a mapping of its fields")
        _check_known(data, [field.name for field in _FIELDS], "it")
        return SchemaNode(**{option: _form(option).read(value, option) for option, value in data.items()})


def _check_known(data: Mapping[Any, Any], known: Iterable[str], who: str) -> None:
    known = tuple(known)
    for option in data:
        if option not in known:
            guess = did_you_mean(option, known) if isinstance(option, str) else ""
            fields = ", ".join(f"`{field}`" for field in known)
            raise GraphSchemaError(f"{who} has no field {option!r}{guess or f'; there are {fields}'}")


def _check_name(name: object) -> None:
    if type(name) is not str:
        raise GraphSchemaError(f"the node's name {name!r} is not a text; in a document, names are texts")
    plain_value(name, f"the node's name {name!r}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field is written and read; each takes the value and the field's name."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any, str], Any]


def _write_uses(uses: Any, option: str) -> str | None:
    return None if uses is None else reference_to(uses)


def _read_uses(text: Any, option: str) -> Any:
    return None if text is None else referred(text)


def _needs(needs: Any, option: str) -> dict[str, str]:
    _check_mapping(needs, option, "names of parameters to names of nodes")
    for parameter, need in needs.items():
        if type(parameter) is not str or type(need) is not str:
            raise GraphSchemaError(f"`needs` has {parameter!r}: {need!r}; write names of nodes by parameters")
    checked: dict[str, str] = plain_value(dict(needs), "`needs`")
    return checked


def _config(config: Any, option: str) -> dict[str, Any]:
    _check_mapping(config, option, "options to values")
    for key in config:
        if type(key) is not str:
            raise GraphSchemaError(f"its config has the option {key!r}; options are texts")
        plain_value(key, f"the config option {key!r}")
    return {key: plain_value(value, f"config `{key}`") for key, value in config.items()}


def _check_mapping(value: object, option: str, what: str) -> None:
    if not isinstance(value, Mapping):
        raise GraphSchemaError(f"`{option}` is {_shown(value)}; write a mapping of {what}")


def _simple(value: Any, option: str) -> Any:
    """Pass a value of the type that the field is declared with."""
    if not isinstance(value, _HINTS[option]):
        wanted = _WORDS.get(_HINTS[option], str(_HINTS[option]))
        raise GraphSchemaError(f"`{option}` is {_shown(value)}; it must be {wanted}")
    return plain_value(value, f"`{option}`")


_FIELDS: tuple[Field[Any], ...] = fields(SchemaNode)
_HINTS = get_type_hints(SchemaNode)
_WORDS = {bool: "true or false", str: "a text", str | None: "a text or null"}
_FORMS = {
    "needs": _Form(_needs, _needs),
    "uses": _Form(_write_uses, _read_uses),
    "config": _Form(_config, _config),
}


def _form(option: str) -> _Form:
    return _FORMS.get(option) or _Form(_simple, _simple)


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
