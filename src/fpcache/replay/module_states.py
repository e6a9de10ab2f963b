"""How recurrent layers of torch are changed in place: they keep weak references to their weights."""

from __future__ import annotations

from typing import Any
from weakref import ref

from fpcache.replay.locate import UnstorableError
from fpcache.replay.mutations import Kind

__all__ = ["RECURRENT"]

_WEIGHTS = "_flat_weights"
_REFERENCES = "_flat_weight_refs"


def _content(node: Any) -> tuple[dict[str, Any], tuple[Any, ...] | None]:
    """Return the attributes without the weak references, and what these lead to."""
    attributes = dict(vars(node))
    references = attributes.pop(_REFERENCES, None)
    if references is None:
        return attributes, None
    weights = tuple(each and each() for each in references)
    if [*map(id, weights)] != [*map(id, attributes.get(_WEIGHTS, ()))]:
        raise UnstorableError("is a recurrent layer with other weights than it last ran with", node)
    return attributes, weights


def _put(node: Any, content: tuple[dict[str, Any], tuple[Any, ...] | None]) -> None:
    attributes, weights = content
    vars(node).clear()
    vars(node).update(attributes)
    if weights is not None:
        vars(node)[_REFERENCES] = [None if each is None else ref(each) for each in weights]


RECURRENT = Kind(_content, _put, has_dict=False)
