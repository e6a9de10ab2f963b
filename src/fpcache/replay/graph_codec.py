"""What `backward` has left of gradient graphs: stored as names and numbers, made again to look the same.

A step that is made again leads where the first did, to the same leaves, and says
what PyTorch says where something goes through it once more. So a name such as
``loss`` of a training loop needn't keep the loop from being replayed.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from fpcache.errors import UncacheableError
from fpcache.fingerprints.used_up_graphs import FREED, RESTORED, Edge, Graph, LiveGraphError, Step
from fpcache.replay.graph_operations import operated
from fpcache.replay.locate import UnstorableError

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["GraphPart", "hung_up", "reduce_graph"]

_KEPT = "_fpcache"


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
        For each input None, a leaf alone, or where its step is: the part, the row and the output.
    contents : list of tuple
        What the tensors hold that it gives and of which there are views: the output, and how to make it.
    """

    name: str
    is_operation: bool
    saved: Any
    edges: list[Any]
    outputs: Any
    contents: list[Any]


class GraphPart:
    """Stands for steps that no other part stands for yet; a later part may lead to them."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[Row] = []


class _Graphs:
    """The graphs that one payload has met, and which of its tensors hang on their steps."""

    def __init__(self, writer: Writer, window: Window) -> None:
        torch: Any = sys.modules["torch"]
        self._inputs, self._graph = Graph(), Graph()
        for node in writer.nodes:
            if isinstance(node, torch.Tensor) and node.grad_fn is not None:
                self._inputs.add(node)
        self._ledger, self._window = writer.ledger, window
        self._places: dict[int, tuple[GraphPart, int]] = {}
        self._tensors: dict[tuple[int, int], Any] = {}
        self._blocked: set[int] = set()  # what gradients could get to from a tensor, and here don't

    def place(self, tensor: Any) -> tuple[GraphPart, int]:
        """Return where a tensor's step is, having taken in what is new of its graph."""
        root, new = self._graph.add(tensor)
        if tensor._is_view():
            self._ledger.base(tensor._base)
        part = GraphPart()
        for step in new:
            if step.leaf is not None:
                if not step.leaf.requires_grad:
                    raise LiveGraphError("leads to a leaf that requires no gradient any more")
            elif id(step.node) in self._inputs.steps:
                raise LiveGraphError("goes on into that of an input")
            else:
                self._places[id(step.node)] = part, len(part.rows)
                part.rows.append(self._row(step))
        self._blocked |= {id(step.node) for step in self._graph.blocked(root)}
        other = self._tensors.setdefault((id(root.node), tensor.output_nr), tensor)
        if other is not tensor or any(node in self._blocked for node, _ in self._tensors):
            raise LiveGraphError("can still be gone through in part")
        return self._places[id(root.node)]

    def _row(self, step: Step) -> Row:
        bases = self._ledger.bases.get(id(step.node), ((), None))[0]
        return Row(
            step.name, self._graph.is_operation(step), step.saved, [self._edge(edge) for edge in step.edges],
            step.outputs, [(base.output_nr, *self._window(base)[:2]) for base in bases],
        )  # fmt: skip

    def _edge(self, edge: Edge) -> Any:
        if edge.step is None:
            return None
        leaf = self._graph.steps[id(edge.step)].leaf
        return (*self._places[id(edge.step)], edge.output) if leaf is None else (leaf,)


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
    try:
        graphs = writer.lookups.get("graphs")
        if graphs is None:
            graphs = writer.lookups["graphs"] = _Graphs(writer, window)
        part, index = graphs.place(tensor)
    except LiveGraphError as error:
        raise UnstorableError(
            f"is a tensor with a gradient graph (`grad_fn`), which {error}; use .detach()", tensor
        ) from None
    build, arguments, *extras = window(tensor._base if tensor._is_view() else tensor)
    if tensor._is_view():
        return hang_up, (part, index, tensor.output_nr)
    return hang_up, (part, index, tensor.output_nr, build, arguments), *extras


def hang_up(made: list[Any], index: int, output: int, *how: Any) -> Any:
    """Make a tensor that hangs on a step; a view has the memory of what it is a view of."""
    tensor = made[index][output]
    if how:
        build, arguments = how
        tensor.data = build(*arguments)
    return tensor


def reduce_graph(writer: Writer, part: GraphPart) -> Any:
    """Write the steps of a part; others' steps and leaves are written as what they are."""
    return build_graph, (
        [row._replace(edges=[_own_edge(part, edge) for edge in row.edges]) for row in part.rows],
    )


def _own_edge(part: GraphPart, edge: Any) -> Any:
    """Leave out the part itself, which isn't there yet when its rows are read."""
    return (None, *edge[1:]) if edge is not None and edge[0] is part else edge


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
                terms = [_looking_like(*row.outputs[0]) if one is None else one for one in inputs]
                tensors = operated(row.name, row.saved, terms, row.outputs)
            else:
                tensors = _function(row.name).apply(row.saved, row.outputs, *map(_given, inputs))
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
    source, *place = edge
    if not place:
        return source  # a leaf
    step, output = place
    return (made if source is None else source)[step][output]


@lru_cache(maxsize=256)
def _function(name: str) -> Any:
    """Return what makes steps of a type of this name.

    The type's attributes raise in C what PyTorch raises: tracebacks show no line of fpcache.
    """
    import torch
    from torch.autograd.function import BackwardCFunction, FunctionMeta

    function: Any = FunctionMeta(name, (torch.autograd.Function,), {"forward": staticmethod(_forward)})
    function._backward_cls = type(name, (BackwardCFunction,), {
        "__module__": "builtins", "_forward_cls": function, RESTORED: True, "_freed": _Gone(),
        "apply": property(operator.attrgetter("_freed.value")), "saved_tensors": property(_nothing),
    })  # fmt: skip
    return function


def _nothing(step: Any) -> Any:
    raise AttributeError(f"{type(step).__name__!r} object has no attribute 'saved_tensors'")


def _forward(ctx: Any, saved: Any, outputs: Any, *inputs: Any) -> Any:
    """Give tensors that look as those did that the step gave."""
    del inputs
    for name, value in saved:
        vars(ctx)[f"{_KEPT}{name}"] = _Gone() if value is FREED else _Value(value)
        if not hasattr(type(ctx), name):
            setattr(type(ctx), name, property(operator.attrgetter(f"{_KEPT}{name}.value")))
    return tuple(_looking_like(*output) for output in outputs)


def _looking_like(shape: tuple[int, ...], dtype: Any, device: Any) -> Any:
    """Return a tensor of one element's memory that is no view."""
    import torch

    one = torch.empty(1, dtype=dtype, device=device)
    return torch.empty(0, dtype=dtype, device=device).set_(one.untyped_storage(), 0, shape, (0,) * len(shape))


class _Value:
    """Holds a number that a step had saved."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Gone:
    """Holds what a step had saved, and what `backward` freed."""

    __slots__ = ()

    value = property(operator.attrgetter("step._saved_self"))

    @property
    def step(self) -> Any:
        """A step of PyTorch's own that backward has gone through."""
        return _gone_through()


@lru_cache(maxsize=1)
def _gone_through() -> Any:
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        one = torch.ones((), device="cpu", requires_grad=True)
        squared = one.square()
        torch.autograd.grad(squared, one)
    return squared.grad_fn
