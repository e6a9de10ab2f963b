"""What `backward` has left of gradient graphs: stored as names and numbers, made again to look the same.

A step that is made again leads where the first did, to the same leaves, and says
what PyTorch says where something goes through it once more. So a name such as
``loss`` of a training loop needn't keep the loop from being replayed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from fpcache.errors import UncacheableError
from fpcache.fingerprints.used_up_graphs import Edge, Graph, LiveGraphError, Step, graph_of
from fpcache.replay.graph_operations import operated
from fpcache.replay.locate import UnstorableError
from fpcache.replay.stand_in_steps import looking_like, stand_ins

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["Graphs", "hung_up", "reduce_graph"]

Window = Callable[[Any], Any]


class Row(NamedTuple):
    """How to make a step.

    Attributes
    ----------
    name : str
    is_operation : bool
        Whether its operation makes it.
    saved, outputs : tuple
        As a `Step` has them.
    edges : list
        For each input None, a leaf alone, or where its step is: the row and the output.
    contents : list of tuple
        What the tensors hold that it gives and of which there are views: the output, and how to make it.
    """

    name: str
    is_operation: bool
    saved: Any
    edges: list[Any]
    outputs: Any
    contents: list[Any]


class Graphs:
    """The graphs of all tensors of a payload, written as one in the order in which their steps were made."""

    def __init__(self, writer: Writer, window: Window) -> None:
        torch: Any = sys.modules["torch"]
        inputs, self._graph = Graph(), Graph()
        for node in writer.nodes:
            if isinstance(node, torch.Tensor) and node.grad_fn is not None:
                inputs.add(node)
        roots = [(tensor, self._graph.add(tensor)) for tensor in writer.ledger.hung]
        self._check(inputs, roots)
        steps = self._graph.in_time()
        self.places = {id(step.node): place for place, step in enumerate(steps)}
        bases = {id(base): base for tensor, _ in roots if (base := tensor._base) is not None}
        self.rows = [self._row(step, bases.values(), window) for step in steps]

    def _check(self, inputs: Graph, roots: list[tuple[Any, Step]]) -> None:
        for key, step in self._graph.steps.items():
            if step.leaf is None and key in inputs.steps:
                raise LiveGraphError("goes on into that of an input")
            if step.leaf is not None and not step.leaf.requires_grad:
                raise LiveGraphError("leads to a leaf that requires no gradient any more")
        if len({(id(step.node), tensor.output_nr) for tensor, step in roots}) < len(roots):
            raise LiveGraphError("is another tensor's, too")
        keys = {id(step.node) for _, step in roots}
        if any(id(below.node) in keys for _, step in roots for below in self._graph.blocked(step)):
            raise LiveGraphError("can still be gone through in part")

    def _row(self, step: Step, bases: Iterable[Any], window: Window) -> Row:
        held = [base for base in bases if base.grad_fn is step.node]
        if any(self.places.get(id(edge.step), -1) >= self.places[id(step.node)] for edge in step.edges):
            raise LiveGraphError("was made by several threads")
        return Row(
            step.name, self._graph.is_operation(step), step.saved, [self._edge(edge) for edge in step.edges],
            step.outputs, [(base.output_nr, *window(base)[:2]) for base in held],
        )  # fmt: skip

    def _edge(self, edge: Edge) -> Any:
        if edge.step is None:
            return None
        leaf = self._graph.steps[id(edge.step)].leaf
        return (self.places[id(edge.step)], edge.output) if leaf is None else (leaf,)


def hung_up(writer: Writer, tensor: Any, window: Window) -> Any:
    """Return how to make a tensor that hangs on a graph.

    Parameters
    ----------
    writer : Writer
    tensor : Tensor
    window : callable
        Returns how to make a tensor like another one that hangs on none: a function, its arguments, and what
        else a reduce value has.

    Raises
    ------
    UnstorableError
        If something can still go through the graph.
    """
    build, arguments, *extras = window(tensor._base if tensor._is_view() else tensor)
    try:
        if not writer.ledger.hang(tensor):  # what is written now is written again when all are known
            graph_of(tensor)
            return build, arguments, *extras
        graphs = writer.lookups.get("graphs")
        if graphs is None:
            graphs = writer.lookups["graphs"] = Graphs(writer, window)
    except LiveGraphError as error:
        raise UnstorableError(
            f"is a tensor with a gradient graph (`grad_fn`), which {error}; use .detach()", tensor
        ) from None
    place = graphs, graphs.places[id(tensor.grad_fn)], tensor.output_nr
    return (hang_up, place) if tensor._is_view() else (hang_up, (*place, build, arguments), *extras)


def hang_up(made: list[Any], index: int, output: int, *how: Any) -> Any:
    """Make a tensor that hangs on a step; a view has the memory of what it is a view of."""
    tensor = made[index][output]
    if how:
        build, arguments = how
        tensor.data = build(*arguments)
    return tensor


def reduce_graph(writer: Writer, graphs: Graphs) -> Any:
    """Write the steps; leaves are written as what they are."""
    return build_graph, (graphs.rows,)


def build_graph(rows: list[Any]) -> list[Any]:
    """Make steps, and of each the tensors that it gives.

    Raises
    ------
    UncacheableError
        If a leaf requires no gradient now.
    """
    import torch

    made: list[Any] = []
    with torch.inference_mode(False), torch.enable_grad(), torch._C.DisableTorchFunctionSubclass():
        for row in map(Row._make, rows):
            inputs = [_input(made, edge) for edge in row.edges]
            if row.is_operation:
                terms = [looking_like(*row.outputs[0]) if one is None else one for one in inputs]
                tensors = operated(row.name, row.saved, terms, row.outputs)
            else:
                tensors = stand_ins(row.name).apply(row.saved, row.outputs, *map(_given, inputs))
            if _leads(tensors[0]) != [edge is not None for edge in row.edges]:
                raise UncacheableError("a leaf of a stored gradient graph requires no gradient now")
            for output, build, arguments in row.contents:
                tensors[output].data = build(*arguments)
            made.append(tensors)
    return made


def _leads(tensor: Any) -> list[bool]:
    """Return which of the edges of a tensor's step lead somewhere."""
    return [] if tensor.grad_fn is None else [step is not None for step, _ in tensor.grad_fn.next_functions]


def _given(tensor: Any) -> Any:
    """Return a tensor that requires no gradient where there is none: each has its place among the edges."""
    import torch

    return torch.empty(0, device="cpu") if tensor is None else tensor


def _input(made: list[Any], edge: Any) -> Any:
    if edge is None:
        return None
    place, *output = edge
    return made[place][output[0]] if output else place  # a leaf
