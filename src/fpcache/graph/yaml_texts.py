"""YAML in which every version of YAML reads the same: what they disagree on is quoted, or refused."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from fpcache.errors import GraphSchemaError

__all__ = ["read_yaml", "write_yaml"]

_TAG = "tag:yaml.org,2002:"
_REFUSED = "!fpcache-refused"
# What YAML 1.1 (which PyYAML follows) and 1.2 both take for these, and numbers with exponents, where
# 1.1 wants a dot and a sign that nobody expects.
_PLAIN = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(?:0|[1-9][0-9]*)",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
}
# Numbers of 1.2 that are octal ones or texts in 1.1.
_DISPUTED = r"[-+]?0[0-9]+|0o[0-7]+"


def write_yaml(data: Any) -> str:
    """Return plain data as YAML; dicts keep their order.

    Raises
    ------
    GraphSchemaError
        If PyYAML is not installed.
    """
    text: str = _yaml().dump(
        data,
        Dumper=_dialect()[1],
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=float("inf"),
    )
    return text


def read_yaml(text: str) -> Any:
    """Return what a YAML text holds, as plain data.

    ``1e-3`` is a number. Words that are something else in one version of YAML than in another (``yes``,
    ``010``, ``2024-01-01``, ``1:30``, ...) must be quoted. Aliases and merge keys are not read.

    Raises
    ------
    GraphSchemaError
        If PyYAML is not installed, or the text is no such YAML; the message names the line.
    """
    yaml = _yaml()
    try:
        return yaml.load(text, Loader=_dialect()[0])  # derived from the safe loader
    except yaml.YAMLError as error:
        raise GraphSchemaError(f"this is no YAML: {error}") from error


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise GraphSchemaError("YAML needs PyYAML: pip install 'fpcache[yaml]', or use JSON") from error
    return yaml


@cache
def _dialect() -> tuple[type, type]:
    """Return the loader and the dumper; both know what the other would take for no text."""
    yaml = _yaml()
    ours = [(_TAG + kind, re.compile(rf"(?:{pattern})\Z")) for kind, pattern in _PLAIN.items()]
    ours.append((_REFUSED, re.compile(rf"(?:{_DISPUTED})\Z")))
    known = yaml.SafeLoader.yaml_implicit_resolvers
    refused = {
        first: [*ours, *((_REFUSED, pattern) for _, pattern in resolvers)]
        for first, resolvers in known.items()
    }
    loader = type(
        "Loader",
        (yaml.SafeLoader,),
        {
            "yaml_implicit_resolvers": refused | {None: ours},
            "compose_node": _compose_node,
            "construct_mapping": _construct_mapping,
        },
    )
    loader.add_constructor(_REFUSED, _refuse)  # type: ignore[attr-defined]
    dumper = type(
        "Dumper",
        (yaml.SafeDumper,),
        {"yaml_implicit_resolvers": known | {None: ours}, "ignore_aliases": lambda self, data: True},
    )
    dumper.add_representer(str, _represent_text)  # type: ignore[attr-defined]
    return loader, dumper


def _line(node_or_event: Any) -> str:
    return f"line {node_or_event.start_mark.line + 1}"


def _refuse(loader: Any, node: Any) -> Any:
    raise GraphSchemaError(
        f"{_line(node)}: `{node.value}` is not the same in every version of YAML; quote it where it is a "
        "text, else write a bool as true or false, and a number as JSON does"
    )


def _compose_node(loader: Any, parent: Any, index: Any) -> Any:
    yaml = _yaml()
    if loader.check_event(yaml.AliasEvent):
        event = loader.peek_event()
        raise GraphSchemaError(
            f"{_line(event)}: the alias `*{event.anchor}` is not read; write its value out"
        )
    return yaml.SafeLoader.compose_node(loader, parent, index)


def _construct_mapping(loader: Any, node: Any, deep: bool = False) -> Any:
    keys = set()
    for key_node, _ in node.value:
        key = key_node.value if isinstance(key_node.value, str) else None
        if key is not None and (key_node.tag, key) in keys:
            raise GraphSchemaError(f"{_line(key_node)}: `{key}` stands there twice; rename or drop one")
        keys.add((key_node.tag, key))
    return _yaml().SafeLoader.construct_mapping(loader, node, deep)


def _represent_text(dumper: Any, text: str) -> Any:
    """Quote what has breaks or unprintable characters, which other styles fold or lose."""
    return dumper.represent_scalar(_TAG + "str", text, style=None if text.isprintable() else '"')
