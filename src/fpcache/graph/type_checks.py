"""Finds what is of a wrong class in a schema, told by annotations alone.

Only what is wrong for certain is an error. A value that is declared as a base class may turn out to be of
a derived one, so a base may feed a parameter of a derived class, and so may a class that shares a known
subclass with it.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

from fpcache.errors import GraphSchemaError
from fpcache.graph.annotations import Declared, Kind, Type, declared, title
from fpcache.graph.component import full_config
from fpcache.graph.executing import title_of
from fpcache.graph.schema import GraphSchema, SchemaNode

__all__ = ["check_types"]

# What these take besides their own instances, as type checkers see it too.
_TAKE: dict[type, tuple[type, ...]] = {
    int: (numbers.Integral,),
    float: (numbers.Real,),
    complex: (numbers.Complex,),
    bytes: (bytearray, memoryview),
}
_MOST_SUBCLASSES = 5000


def check_types(schema: GraphSchema) -> None:
    """Pass where no annotation is provably broken by what a node needs, or by a function's config.

    Raises
    ------
    GraphSchemaError
        Naming the node, the parameter, both types, and the node that is needed.
    """
    known = {name: declared(node) for name, node in schema.nodes.items()}
    for name, node in schema.nodes.items():
        wants = known[name].parameters
        config = full_config(node) if wants and not node.is_component else {}
        for parameter, wanted in wants.items():
            if parameter in node.needs:
                _check_need(name, parameter, wanted, schema, known)
            elif parameter in config:
                _check_value(name, node, parameter, wanted, config[parameter])


def _check_need(
    name: str, parameter: str, wanted: Type, schema: GraphSchema, known: dict[str, Declared]
) -> None:
    node, need = schema[name], schema[name].needs[parameter]
    given = known[need].returns
    if given is None or _may_feed(given.kinds, wanted.kinds):
        return
    raise GraphSchemaError(
        f"node `{name}`: `{title_of(node)}` takes `{parameter}` as `{wanted.text}`, but node `{need}` "
        f"(`{title_of(schema[need])}`) gives `{given.text}`; need another node, or correct the annotation"
    )


def _check_value(name: str, node: SchemaNode, parameter: str, wanted: Type, value: object) -> None:
    if any(_is_one(value, kind) for kind in wanted.kinds):
        return
    raise GraphSchemaError(
        f"node `{name}`: `{title_of(node)}` takes `{parameter}` as `{wanted.text}`, but its config gives "
        f"{_shown(value)}, of the class `{title(type(value))}`; change the value, or correct the annotation"
    )


def _may_feed(given: Iterable[Kind], wanted: Iterable[Kind]) -> bool:
    pairs = [(one.cls, other.cls) for one in given for other in wanted]
    return any(_related(*pair) for pair in pairs) or any(_share_subclass(*pair) for pair in pairs)


def _related(given: type, wanted: type) -> bool:
    return _is_kind(given, wanted) or _is_kind(wanted, given)


def _is_kind(cls: type, wanted: type) -> bool:
    try:
        return issubclass(cls, (wanted, *_TAKE.get(wanted, ())))
    except Exception:  # a class may answer this itself, and raise
        return True


def _share_subclass(first: type, second: type) -> bool:
    """Whether a class derives from both; True where there are too many to look at."""
    for cls, other in ((first, second), (second, first)):
        waiting, seen = [cls], {cls}
        while waiting:
            subclasses: list[type] = type.__subclasses__(waiting.pop())
            for sub in subclasses:
                if sub not in seen:
                    if _is_kind(sub, other) or len(seen) > _MOST_SUBCLASSES:
                        return True
                    seen.add(sub)
                    waiting.append(sub)
    return False


def _is_one(value: Any, kind: Kind) -> bool:
    try:
        if not isinstance(value, (kind.cls, *_TAKE.get(kind.cls, ()))):
            return False
        return kind.values is None or any(bool(value == choice) for choice in kind.values)
    except Exception:  # comparing may raise; then it is not known to be wrong
        return True


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        return "a value"
    return text if len(text) <= 60 else f"{text[:59]}…"
