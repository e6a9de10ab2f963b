"""What a node runs and is given, as texts for people: none of it takes part in a key."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress

from fpcache.fingerprints.heads import head
from fpcache.fingerprints.summaries import summary
from fpcache.graph.schema import SchemaNode
from fpcache.own_work import quiet

__all__ = ["given", "source_of"]


def source_of(node: SchemaNode) -> str:
    """Return the text of the class or function that a node uses; empty where that is not to be had."""
    with quiet(), suppress(Exception):  # its file may be in the middle of an edit
        return inspect.getsource(node.uses)
    return ""


def given(
    node: SchemaNode, parts: Mapping[str, str], config: Mapping[str, object], values: Mapping[str, object]
) -> Iterator[dict[str, str]]:
    """Describe what a node is given: its inputs, its config, and the packages it needs.

    Parameters
    ----------
    node : SchemaNode
        The node.
    parts : mapping of str to str
        What its key is made of.
    config : mapping of str to object
        Its config, merged over the defaults.
    values : mapping of str to object
        Its inputs' values by parameter, as far as they are at hand.
    """
    for name, digest in parts.items():
        kind, _, rest = name.partition(" ")
        if kind == "input":
            label = f"`{rest}`, from `{node.needs[rest]}`"
            yield _record(name, label, digest, values, rest)
        elif kind == "config":
            yield _record(name, f"config `{rest}`", digest, config, rest)
        elif kind == "package":
            yield {"key": rest, "label": f"package {rest}", "kind": kind, "summary": digest, "digest": digest}


def _record(key: str, label: str, digest: str, values: Mapping[str, object], name: str) -> dict[str, str]:
    known = name in values
    return {
        "key": key,
        "label": label,
        "kind": "value",
        "summary": summary(values[name]) if known else "",
        "head": head(values[name]) if known else "",
        "digest": digest,
    }
