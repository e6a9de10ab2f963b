"""A node's fingerprint key: what it is made of, and what differs from an earlier one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import blake3

from fpcache.fingerprints import fingerprint
from fpcache.graph.component import ExecutionContext, addon_of, required_packages
from fpcache.graph.own_code import OWN, OwnCode
from fpcache.graph.schema import SchemaNode

__all__ = ["difference", "input_parts", "key_of", "node_parts", "start_parts"]

FORMAT = "graph-1"


def node_parts(node: SchemaNode, config: Mapping[str, Any], code: OwnCode) -> dict[str, str]:
    """Return what the key holds of the node itself: code, config and packages.

    The node's name takes no part, so renaming a node does not miss.

    Parameters
    ----------
    node : SchemaNode
        The node.
    config : mapping of str to object
        Its config, merged over the defaults.
    code : OwnCode
        What its code reads.

    Raises
    ------
    UnfingerprintableValueError
        If the config has no fingerprint.
    """
    reading = code.reading
    parts = {f"code {root.label}": root.digest.hex() for root in reading.roots}
    parts["code"] = reading.digest
    parts |= {f"code module `{name}`": digest for name, digest in code.late.items()}
    parts |= {f"package {package}": version for package, version in reading.packages.items()}
    parts |= {f"config {option}": fingerprint(value) for option, value in config.items()}
    if node.is_component:
        parts["method"] = f"{node.constructor} {node.fn}"
    addon = addon_of(node, config)
    if node.is_component or addon is not None:
        parts["addon"] = fingerprint(addon)
    order = _order(node, config)
    if order:
        parts["order"] = fingerprint(order)
    for package in required_packages(node):
        parts[f"package {package}"] = metadata.version(package)
    return parts


def _order(node: SchemaNode, config: Mapping[str, Any]) -> list[str]:
    """Return the order in which the code may meet its options and inputs, where it can tell."""
    named = [*config, *node.needs] if _takes_any_name(node) else list(config) if node.is_component else []
    return named if len(named) > 1 else []


def _takes_any_name(node: SchemaNode) -> bool:
    target = getattr(node.uses, node.fn) if node.is_component else node.uses
    seen = set[int]()
    while target is not None and id(target) not in seen:  # a wrapper may take any, whatever it wraps
        seen.add(id(target))
        code = getattr(target, "__code__", None)
        if code is None:
            return _says_any_name(target)
        if code.co_flags & inspect.CO_VARKEYWORDS:
            return True
        target = getattr(target, "__wrapped__", None)
    return False


def _says_any_name(target: object) -> bool:
    """Look at the signature of what is no function; some builtins don't tell, and may take any."""
    try:
        parameters = inspect.signature(target).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
    return any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)


def start_parts(context: ExecutionContext, code: OwnCode) -> dict[str, str]:
    """Return what the key holds of where a component runs: of the model that it starts from, as a rule."""
    names = code.names()
    parts = {} if context.resource is None else {"resource": context.resource.digest}
    if context.is_finetuning and (parts or "is_finetuning" in names):
        parts["finetuning"] = "yes"
    if "node_name" in names:
        parts["node"] = context.node_name
    return parts


def input_parts(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return what the key holds of the inputs: parameter name → fingerprint."""
    return {f"input {parameter}": digest for parameter, digest in inputs.items()}


def key_of(parts: Mapping[str, str]) -> str:
    """Return the key of all parts together; their order doesn't count."""
    digest = blake3.blake3(FORMAT.encode())
    for name in sorted(parts):
        for text in (name.encode(), parts[name].encode()):
            digest.update(len(text).to_bytes(8, "little") + text)
    return f"{FORMAT}-{digest.hexdigest(length=16)}"


def difference(parts: Mapping[str, str], earlier: Mapping[str, str], title: str = OWN) -> str:
    """Say what differs, most telling first; `title` is what people call what the node uses.

    Examples
    --------
    >>> difference({"config depth": "a", "input x": "b"}, {"config depth": "a", "input x": "c"})
    'input `x` changed'
    """
    changed = [name for name in {**earlier, **parts} if parts.get(name) != earlier.get(name)]
    for kind, text in _WORDS.items():
        names = [name.removeprefix(kind) for name in changed if name.startswith(kind)]
        if names:
            said = _quoted(names).replace(f"`{OWN}`", f"`{title}`").replace("`__main__.", "`")
            return text.format(said, parts.get(kind + names[0], "gone"))
    return "the code changed" if changed else "nothing changed, but it is no longer stored"


_WORDS = {
    "config ": "config {0} changed",
    "input ": "input {0} changed",
    "code function ": "function {0} was edited",
    "code class ": "class {0} was edited",
    "code module ": "module {0} was edited",
    "code ": "{0} changed",
    "package ": "package {0} is now {1}",
    "addon": "fingerprint_addon changed",
    "method": "another method is used",
    "order": "the order of its options or inputs changed",
    "node": "the node was renamed, and its code asks for its name",
    "resource": "it starts from another resource",
    "finetuning": "it goes on with a trained model now, or no longer does",
}


def _quoted(names: list[str]) -> str:
    return ", ".join(name if "`" in name else f"`{name}`" for name in names)
