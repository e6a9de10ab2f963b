"""What a node of a hand-written graph runs: a component class, or a plain function."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from fpcache.graph.schema import GraphSchema, SchemaNode

__all__ = ["ExecutionContext", "GraphComponent", "full_config", "make_runnable"]


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """Where a component runs: in which graph, as which node.

    It is no part of the fingerprint key, so a component whose result depends
    on it must say so in `GraphComponent.fingerprint_addon`.
    """

    schema: GraphSchema
    node_name: str


class GraphComponent:
    """A piece of work in a graph; subclasses add the method that a node names.

    Examples
    --------
    >>> class Scale(GraphComponent):
    ...     default_config = {"factor": 2}
    ...
    ...     def run(self, numbers):
    ...         return [self.config["factor"] * number for number in numbers]
    >>> Scale.get_default_config()
    {'factor': 2}
    """

    default_config: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @classmethod
    def create(cls, config: Mapping[str, Any], context: ExecutionContext) -> Self:
        """Make a new component; `config` has the defaults merged in."""
        return cls(config)

    @classmethod
    def load(cls, config: Mapping[str, Any], context: ExecutionContext) -> Self:
        """Make a component from what an earlier run left; by default, as `create`."""
        return cls.create(config, context)

    @classmethod
    def get_default_config(cls) -> dict[str, Any]:
        """Return what a node's config is merged over."""
        return copy.deepcopy(dict(cls.default_config))

    @staticmethod
    def required_packages() -> list[str]:
        """Name the distributions whose versions enter the fingerprint key."""
        return []

    @classmethod
    def fingerprint_addon(cls, config: Mapping[str, Any]) -> Any:
        """Return further state that the result depends on, such as a file's digest.

        Any value that has a fingerprint will do; None adds nothing.
        """
        return None


def full_config(node: SchemaNode) -> dict[str, Any]:
    """Return the node's config merged over its component's defaults."""
    defaults = node.uses.get_default_config() if node.is_component else {}
    return {**defaults, **copy.deepcopy(dict(node.config))}


def make_runnable(node: SchemaNode, context: ExecutionContext) -> Callable[..., Any]:
    """Construct the node's component and return what takes its inputs by name."""
    config = full_config(node)
    if not node.is_component:
        return lambda **inputs: node.uses(**config, **inputs)
    component = getattr(node.uses, node.constructor)(config, context)
    bound: Callable[..., Any] = getattr(component, node.fn)
    return bound
