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

_MOST_SHOWN = 6


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
    resource : str or None
        The name of a resource of the model that the run starts from, for the component to load.
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
    resource: str | None = None
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
        if isinstance(targets, str):
            raise GraphSchemaError(f"targets is a list of names; write targets=[{targets!r}]")
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

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as plain data that JSON can keep; `from_dict` gives an equal schema.

        Of each node it has the fields that differ from their defaults, and what the node uses as
        ``"module:qualified.name"``.

        Raises
        ------
        GraphSchemaError
            If a node uses what can't be found by its name (a lambda, a local function), or a config holds
            what JSON would change (a tuple, a set, keys that are no texts, NaN, an object).

        Examples
        --------
        >>> import statistics
        >>> schema = GraphSchema({
        ...     "numbers": SchemaNode(uses=list, is_input=True),
        ...     "mean": SchemaNode(needs={"data": "numbers"}, uses=statistics.mean, is_target=True),
        ... })
        >>> schema.to_dict()["nodes"]["mean"]
        {'needs': {'data': 'numbers'}, 'uses': 'statistics:mean', 'is_target': True}
        >>> GraphSchema.from_dict(schema.to_dict()) == schema
        True
        """
        from fpcache.graph import documents

        return documents.to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GraphSchema:
        """Return the schema that plain data describes; imports the modules that its nodes name.

        To import a module runs its code, so read only documents that you trust.

        Raises
        ------
        GraphSchemaError
            If a field, a type, a module, a name or the format is not known; the message names the node.
        """
        from fpcache.graph import documents

        return documents.from_dict(data)

    def to_json(self) -> str:
        """Return `to_dict` as JSON; raises what it raises."""
        from fpcache.graph import documents

        return documents.to_json(self)

    @classmethod
    def from_json(cls, text: str) -> GraphSchema:
        """Return the schema that a JSON text describes; imports the modules it names, see `from_dict`."""
        from fpcache.graph import documents

        return documents.from_json(text)

    def to_yaml(self) -> str:
        """Return `to_dict` as YAML; needs the extra ``yaml``."""
        from fpcache.graph import documents

        return documents.to_yaml(self)

    @classmethod
    def from_yaml(cls, text: str) -> GraphSchema:
        """Return the schema that a YAML text describes; imports the modules it names, see `from_dict`.

        ``1e-3`` is a number. Words on which versions of YAML disagree (``yes``, ``010``, ``2024-01-01``) are
        errors until they are quoted; aliases and merge keys are not read. Needs the extra ``yaml``.
        """
        from fpcache.graph import documents

        return documents.from_yaml(text)

    def __repr__(self) -> str:
        many = "1 node" if len(self.nodes) == 1 else f"{len(self.nodes)} nodes"
        targets = f"; targets: {_some(self.targets())}" if self.targets() else ""
        return f"<GraphSchema of {many}: {_some(self.nodes)}{targets}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from fpcache.graph.picture import schema_picture

        try:
            return schema_picture(self)._repr_mimebundle_()
        except GraphSchemaError as error:  # a circle can't be drawn
            return {"text/plain": f"{self!r}\n{error}"}

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


def _some(names: Iterable[str]) -> str:
    shown = [str(name) for name in names]
    return ", ".join([*shown[:_MOST_SHOWN], *(["…"] if len(shown) > _MOST_SHOWN else [])]) or "none"
