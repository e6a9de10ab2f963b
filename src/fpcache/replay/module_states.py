"""How recurrent layers of torch are changed in place: they keep weak references to their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from fpcache.replay.locate import UnstorableError
from fpcache.replay.mutations import Kind

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["RECURRENT", "reduce_recurrent"]

_WEIGHTS = "_flat_weights"
_REFERENCES = "_flat_weight_refs"


def _content(node: Any) -> tuple[dict[str, Any], tuple[Any, ...] | None]:
    """Return the attributes without the weak references, and what these lead to."""
    attributes = dict(vars(node))
    references = attributes.get(_REFERENCES)
    if references is None:
        return attributes, None
    attributes[_REFERENCES] = None  # its place
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


def reduce_recurrent(writer: Writer, node: Any) -> Any:
    """Write a layer with its attributes as they are; its own reduction puts the references last."""
    if _REFERENCES not in vars(node):
        return NotImplemented
    return object.__new__, (type(node),), _content(node), None, None, _put


RECURRENT = Kind(_content, _put, has_dict=False)
