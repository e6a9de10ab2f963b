"""What a node of a hand-written graph runs: a component class, or a plain function."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fpcache.errors import FpcacheError
from fpcache.graph.functions import facts_of
from fpcache.graph.resources import ModelStorage, Resource, Written

if TYPE_CHECKING:
    from fpcache.graph.schema import GraphSchema, SchemaNode

__all__ = [
    "ExecutionContext",
    "GraphComponent",
    "addon_of",
    "full_config",
    "make_runnable",
    "required_packages",
]


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """Where a component runs: in which graph, as which node.

    ``resource`` counts for the fingerprint key, and so do ``node_name`` and ``is_finetuning`` where the
    code asks for them. A component whose result depends on the rest of the schema must say so in
    `GraphComponent.fingerprint_addon`.

    Attributes
    ----------
    schema : GraphSchema
        What of the graph is needed for its targets.
    node_name : str
        The node.
    storage : ModelStorage or None
        Where resources are.
    resource : Resource or None
        What the node's ``resource`` names, of the model that this run starts from.
    is_finetuning : bool
        Whether the run goes on with a trained model instead of starting anew.
    """

    schema: GraphSchema
    node_name: str
    storage: ModelStorage | None = None
    resource: Resource | None = None
    is_finetuning: bool = False

    def write_resource(self) -> AbstractContextManager[Written]:
        """Lend a directory; what is written there is the node's resource, to be returned by it.

        Examples
        --------
        >>> class Train(GraphComponent):
        ...     @classmethod
        ...     def create(cls, config, context):
        ...         component = cls(config)
        ...         component.context = context
        ...         return component
        ...
        ...     def run(self, numbers):
        ...         with self.context.write_resource() as written:
        ...             (written.directory / "mean.txt").write_text(str(sum(numbers) / len(numbers)))
        ...         return written.resource
        """
        return self._storage().write_to()

    def read_resource(self, resource: Resource | None = None) -> AbstractContextManager[Path]:
        """Lend the directory of a resource, by default of the one that the node loads.

        Raises
        ------
        FpcacheError
            If there is none.
        """
        found = resource or self.resource
        if found is None:
            raise FpcacheError(f"node `{self.node_name}` loads no resource; name one with resource=")
        return self._storage().read_from(found)

    def _storage(self) -> ModelStorage:
        if self.storage is None:
            raise FpcacheError(
                f"node `{self.node_name}` has no storage for resources; pass storage= to train"
            )
        return self.storage


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
    if node.is_component:
        defaults = node.uses.get_default_config()
    else:
        defaults = copy.deepcopy(dict(facts_of(node.uses).defaults or {}))
    return {**defaults, **{option: _copied(option, value) for option, value in node.config.items()}}


def _copied(option: str, value: object) -> object:
    """Return a value of its own, which no node can change for another one."""
    try:
        return copy.deepcopy(value)
    except Exception as error:
        what = f"config `{option}` is a {type(value).__name__}, which can't be copied ({error})"
        raise FpcacheError(f"{what}; pass what it is made of, or its name") from error


def required_packages(node: SchemaNode) -> Sequence[str]:
    """Return the distributions whose versions count for a node."""
    found: Sequence[str] = (
        node.uses.required_packages() if node.is_component else facts_of(node.uses).packages
    )
    return found


def addon_of(node: SchemaNode, config: Mapping[str, Any]) -> Any:
    """Return the further state that a node's result depends on; None where there is none."""
    if node.is_component:
        return node.uses.fingerprint_addon(config)
    addon = facts_of(node.uses).addon
    return None if addon is None else addon(config)


def make_runnable(node: SchemaNode, context: ExecutionContext) -> Callable[..., Any]:
    """Construct the node's component and return what takes its inputs by name."""
    config = full_config(node)
    if not node.is_component:
        return lambda **inputs: node.uses(**config, **inputs)
    component = getattr(node.uses, node.constructor)(config, context)
    bound: Callable[..., Any] = getattr(component, node.fn)
    return bound
