"""A graph as immutable data: which nodes there are, what each runs and needs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fpcache.errors import GraphSchemaError
from fpcache.graph.component import GraphComponent

__all__ = ["GraphSchema", "SchemaNode"]


@dataclass(frozen=True, slots=True)
class SchemaNode:
    """One node.

    Attributes
    ----------
    needs : mapping of str to str
        Parameter name → name of the node whose output it takes.
    uses : type or callable
        A `GraphComponent` class, or a plain function that takes the config
        and the inputs by keyword. None only in a graph that is drawn, not run.
    config : mapping of str to object
        Merged over the component's defaults; a function's keyword arguments.
    fn : str
        The component's method that runs; not used for a function.
    constructor : str
        ``"create"``, ``"load"``, or another class method of the same form.
    is_target : bool
        Whether its output is asked for; what no target needs isn't run.
    is_input : bool
        Whether it brings data from outside; such a node always runs.
    eager : bool
        Whether its component is constructed before anything runs, so that a
        wrong config fails early.
    """

    needs: Mapping[str, str] = field(default_factory=dict)
    uses: Any = None
    config: Mapping[str, Any] = field(default_factory=dict)
    fn: str = "run"
    constructor: str = "create"
    is_target: bool = False
    is_input: bool = False
    eager: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", MappingProxyType(dict(self.needs)))
        object.__setattr__(self, "config", MappingProxyType(dict(self.config)))

    @property
    def is_component(self) -> bool:
        """Whether the node uses a component class, not a plain function."""
        return inspect.isclass(self.uses) and issubclass(self.uses, GraphComponent)


@dataclass(frozen=True, slots=True)
class GraphSchema:
    """Nodes by name.

    Examples
    --------
    >>> def total(numbers):
    ...     return sum(numbers)
    >>> schema = GraphSchema({
    ...     "total": SchemaNode(needs={"numbers": "numbers"}, uses=total, is_target=True),
    ...     "numbers": SchemaNode(uses=list, is_input=True),
    ...     "unused": SchemaNode(needs={"numbers": "numbers"}, uses=total),
    ... })
    >>> schema.minimal().order()
    ('numbers', 'total')
    """

    nodes: Mapping[str, SchemaNode]

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, name: str) -> SchemaNode:
        return self.nodes[name]

    def targets(self) -> tuple[str, ...]:
        """Return the names of the target nodes, in the schema's order."""
        return tuple(name for name, node in self.nodes.items() if node.is_target)

    def with_config(self, name: str, **config: Any) -> GraphSchema:
        """Return the schema with `config` merged into that of node `name`."""
        node = self.nodes[name]
        return GraphSchema({**self.nodes, name: replace(node, config={**node.config, **config})})

    def minimal(self, targets: Iterable[str] | None = None) -> GraphSchema:
        """Return the schema of the targets and all they need, and nothing else.

        Parameters
        ----------
        targets : iterable of str, optional
            The nodes to be targets instead of those that the schema marks.

        Raises
        ------
        GraphSchemaError
            If a target or a needed node is not in the schema.
        """
        wanted = self.targets() if targets is None else tuple(targets)
        waiting, kept = list(wanted), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in self.nodes:
                raise GraphSchemaError(f"there is no node `{name}` in the schema; it has: {_listed(self)}")
            if name not in kept:
                kept.add(name)
                waiting.extend(self.nodes[name].needs.values())
        return GraphSchema(
            {
                name: replace(node, is_target=name in wanted)
                for name, node in self.nodes.items()
                if name in kept
            }
        )

    def order(self) -> tuple[str, ...]:
        """Return the names so that each comes after what it needs, else in the schema's order.

        Raises
        ------
        GraphSchemaError
            If nodes need each other in a circle; the message shows it.
        """
        done: dict[str, None] = {}
        for name in self.nodes:
            self._settle(name, done)
        return tuple(done)

    def _settle(self, name: str, done: dict[str, None]) -> None:
        path = [name]  # by hand: a chain of nodes may be longer than the recursion limit
        on_path = {name}
        while path:
            need = next((n for n in self._needed(path[-1]) if n not in done), None)
            if need is None:
                on_path.discard(path[-1])
                done[path.pop()] = None
            elif need in on_path:
                circle = " → ".join([*path[path.index(need) :], need])
                raise GraphSchemaError(f"node `{need}` needs itself: {circle}; break the circle")
            else:
                path.append(need)
                on_path.add(need)

    def _needed(self, name: str) -> list[str]:
        return [need for need in self.nodes[name].needs.values() if need in self.nodes]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
