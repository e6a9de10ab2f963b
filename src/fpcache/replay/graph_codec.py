"""What `backward` has left of gradient graphs: stored as names and numbers, made again to look the same.

A step that is made again leads where the first did, to the same leaves, and says
what PyTorch says where something goes through it once more. So a name such as
``loss`` of a training loop needn't keep the loop from being replayed.
"""

from __future__ import annotations

import operator
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.used_up_graphs import FREED, LINEAR, RESTORED, Edge, Graph, LiveGraphError, Step
from fpcache.replay.locate import UnstorableError

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["GraphPart", "hung_up", "reduce_graph"]

_KEPT = "_fpcache"


class GraphPart:
    """Stands for steps that no other part stands for yet; a later part may lead to them."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[Any] = []


class _Graphs:
    """The graphs that one payload has met, and which of its tensors hang on their steps."""

    def __init__(self, inputs: list[Any]) -> None:
        self._inputs, self._graph = Graph(), Graph()
        for tensor in inputs:
            self._inputs.add(tensor)
        self._places: dict[int, tuple[GraphPart, int]] = {}
        self._tensors: dict[tuple[int, int], Any] = {}
        self._blocked: set[int] = set()  # what gradients could get to from a tensor, and here don't

    def place(self, tensor: Any) -> tuple[GraphPart, int]:
        """Return where a tensor's step is, having taken in what is new of its graph."""
        root, new = self._graph.add(tensor)
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

    def _row(self, step: Step) -> Any:
        edges = [self._edge(edge) for edge in step.edges]
        return step.name, self._graph.is_linear(step), step.saved, edges, step.outputs

    def _edge(self, edge: Edge) -> Any:
        if edge.step is None:
            return None
        leaf = self._graph.steps[id(edge.step)].leaf
        return (*self._places[id(edge.step)], edge.output) if leaf is None else (leaf,)


def hung_up(writer: Writer, tensor: Any, build: Any, arguments: tuple[Any, ...]) -> Any:
    """Return how to make a tensor that hangs on a graph, from how to make one like it that doesn't.

    Raises
    ------
    UnstorableError
        If something can still go through the graph.
    """
    torch: Any = sys.modules["torch"]
    try:
        graphs = writer.lookups.get("graphs")
        if graphs is None:
            inputs = [n for n in writer.nodes if isinstance(n, torch.Tensor) and n.grad_fn is not None]
            graphs = writer.lookups["graphs"] = _Graphs(inputs)
        part, index = graphs.place(tensor)
    except LiveGraphError as error:
        raise UnstorableError(
            f"is a tensor with a gradient graph (`grad_fn`), which {error}; use .detach()", tensor
        ) from None
    return hang_up, (part, index, tensor.output_nr, build, arguments)


def hang_up(made: list[Any], index: int, output: int, build: Any, arguments: tuple[Any, ...]) -> Any:
    """Make a tensor that hangs on a step."""
    tensor = made[index][output]
    tensor.data = build(*arguments)
    return tensor


def reduce_graph(writer: Writer, part: GraphPart) -> Any:
    """Write the steps of a part; others' steps and leaves are written as what they are."""
    own = [
        (name, is_linear, saved, [_own_edge(part, edge) for edge in edges], outputs)
        for name, is_linear, saved, edges, outputs in part.rows
    ]
    return build_graph, (own,)


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
        for name, is_linear, saved, edges, outputs in rows:
            inputs = [_input(made, edge) for edge in edges]
            if is_linear:
                tensors = _operated(name, saved, inputs, *outputs[0])
            else:
                tensors = _function(name).apply(saved, outputs, *map(_given, inputs))
            if _leads(tensors[0]) != [edge is not None for edge in edges]:
                raise UncacheableError("a leaf of a stored gradient graph requires no gradient now")
            made.append(tensors)
    return made


def _leads(tensor: Any) -> list[bool]:
    """Return which of the edges of a tensor's step lead somewhere."""
    return [] if tensor.grad_fn is None else [step is not None for step, _ in tensor.grad_fn.next_functions]


def _operated(
    name: str, saved: Any, inputs: list[Any], shape: Any, dtype: Any, device: Any
) -> tuple[Any, ...]:
    """Make a step by the operation itself: gradients go through it as they did through the first."""
    import torch

    terms = [_looking_like(shape, dtype, device) if each is None else each for each in inputs]
    numbers = {"alpha": dict(saved)["_saved_alpha"]} if "_saved_alpha" in dict(saved) else {}
    made = getattr(torch, LINEAR[name])(*terms, **numbers)
    if (tuple(made.shape), made.dtype, made.device, made.grad_fn.name()) != (shape, dtype, device, name):
        raise UncacheableError(f"a step of a stored gradient graph ({name}) can't be made again")
    return (made,)


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
