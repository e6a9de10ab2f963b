"""Gradient graphs that ``backward()`` has gone through: what is left of them can be told in full.

After a training loop, names such as ``loss`` still hang on the graph of the last
batch. Of such a graph there are the names of its steps, what they lead to, and
plain numbers; what they had saved is freed, and going through it once more is an
error. A graph that something can still go through can't be told from outside.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from math import prod
from typing import Any, NamedTuple

from fpcache.fingerprints.graph_hooks import can_have_hooks

__all__ = ["FREED", "RESTORED", "SUMS", "VIEWS", "Edge", "Graph", "LiveGraphError", "Step", "graph_of"]

SUMS = frozenset({"AddBackward0", "SubBackward0", "NegBackward0", "SumBackward0", "MeanBackward0"})
"""Types of steps of which nothing is freed, and that give tensors of their own."""

VIEWS = frozenset(
    f"{name}Backward{number}"
    for number, names in enumerate((
        ("Alias", "Expand", "Permute", "Select", "Slice", "Split", "SplitWithSizes", "Squeeze", "T",
         "Transpose", "Unbind", "Unsqueeze", "View"),
        ("Squeeze",),
        ("Squeeze",),
    ))
    for name in names
)  # fmt: skip
"""Types of steps of which nothing is freed, and that give views."""

RESTORED = "_restored_by_fpcache"
"""An attribute of the steps that stand for those of a stored graph."""

_LEAF = "AccumulateGrad"  # adds to a leaf's ``grad``
_LEAF_NAME = f"torch::autograd::{_LEAF}"
_SAVED = "_saved_"
_FREED_SAYS = "backward through the graph a second time"
_MOST_STEPS = 20_000
_SMALL = 1 << 16
_NUMBERS = (bool, int, float, complex, str, type(None))


class LiveGraphError(ValueError):
    """Says what keeps a graph from being told in full."""


class _Freed:
    """Stands for a saved tensor that is gone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FREED"

    def __reduce__(self) -> str:
        return "FREED"


FREED = _Freed()


class Edge(NamedTuple):
    """Where a gradient goes from a step: to another one's output; `step` is None where it goes nowhere."""

    step: Any
    output: int


class Step(NamedTuple):
    """One step of a graph.

    Attributes
    ----------
    node : Node
        PyTorch's object; it stays the same one as long as it is kept.
    name : str
        Its type.
    leaf : Tensor or None
        The leaf that a last step adds gradients to.
    saved : tuple of (str, object)
        Its attributes ``_saved_…``: numbers, texts, and `FREED`.
    edges : tuple of Edge
    outputs : tuple of (tuple of int, dtype, device)
        What the tensors look like that the step made.
    """

    node: Any
    name: str
    leaf: Any
    saved: tuple[tuple[str, Any], ...]
    edges: tuple[Edge, ...]
    outputs: tuple[tuple[tuple[int, ...], Any, Any], ...]

    @property
    def is_freed(self) -> bool:
        """Whether going through it is an error."""
        return any(value is FREED for _, value in self.saved)


class Graph:
    """The steps of one or several tensors' graphs.

    Attributes
    ----------
    steps : dict of int to Step
        By the id of their node; each after those it leads to.
    """

    def __init__(self) -> None:
        self.steps: dict[int, Step] = {}

    def add(self, tensor: Any) -> Step:
        """Take in a tensor's graph; return the step that it hangs on.

        Raises
        ------
        LiveGraphError
            If something can still go through the graph to a leaf, or it holds more than names and numbers.
        """
        import torch

        if type(tensor) is not torch.Tensor or tensor.layout is not torch.strided:
            raise LiveGraphError("is that of a tensor of another kind")
        if any(one.retains_grad for one in (tensor, tensor._base) if one is not None):
            raise LiveGraphError("keeps its gradient (`retain_grad`)")
        self.steps |= {id(step.node): step for step in _in_order(tensor.grad_fn, self.steps)}
        root = self.steps[id(tensor.grad_fn)]
        if tensor._is_view():
            self._check_view(tensor)
        if any(step.leaf is not None for step, _ in self._reached(root)):
            raise LiveGraphError("can still be gone through")
        return root

    def in_time(self) -> list[Step]:
        """Return the steps but those of leaves in the order they were made in: `backward` goes back by it."""
        made = [step for step in self.steps.values() if step.leaf is None]
        return sorted(made, key=lambda step: step.node._sequence_nr())

    def is_operation(self, step: Step) -> bool:
        """Whether its operation makes a step again: a view, or a sum that is small."""
        return step.name in VIEWS or (step.name in SUMS and prod(step.outputs[0][0]) <= _SMALL)

    def _check_view(self, tensor: Any) -> None:
        """See that a view's steps lead to the tensor that it is a view of, and can be made again."""
        edge, base = Edge(tensor.grad_fn, tensor.output_nr), tensor._base
        if base.grad_fn is None:
            raise LiveGraphError("is a view of a leaf")
        while edge != (base.grad_fn, base.output_nr):
            step = self.steps[id(edge.step)]
            if step.name not in VIEWS or step.edges[0].step is None:
                raise LiveGraphError(f"is a view that can't be made again (`{step.name}`)")
            edge = step.edges[0]

    def blocked(self, root: Step) -> Iterator[Step]:
        """Yield what gradients get to from a step by way of one that is made again without its operation."""
        return (step for step, is_behind in self._reached(root) if is_behind)

    def _reached(self, root: Step) -> Iterator[tuple[Step, bool]]:
        """Yield what gradients get to before what is freed, and whether that is past a missing operation."""
        seen: set[tuple[int, bool]] = set()
        waiting = [(root, False)]
        while waiting:
            step, is_behind = waiting.pop()
            is_behind = is_behind or not self.is_operation(step)
            for edge in () if step.is_freed else step.edges:
                if edge.step is not None and (key := (id(edge.step), is_behind)) not in seen:
                    seen.add(key)
                    waiting.append((self.steps[key[0]], is_behind))
                    yield waiting[-1]


def graph_of(tensor: Any) -> Graph:
    """Return a tensor's graph; see `Graph.add` for what is raised."""
    graph = Graph()
    graph.add(tensor)
    return graph


def _in_order(root: Any, known: Container[int]) -> Iterator[Step]:
    """Yield each unknown step once, depth first, without recursion: graphs of long sequences are deep."""
    if id(root) in known:
        return
    seen = {id(root)}
    open_steps = [(made := _step(root), iter(made.edges))]
    while open_steps:
        step, edges = open_steps[-1]
        node = next((edge.step for edge in edges if _is_new(edge.step, seen, known)), None)
        if node is None:
            open_steps.pop()
            yield step
            continue
        if len(seen) >= _MOST_STEPS:
            raise LiveGraphError(f"has more than {_MOST_STEPS} steps")
        seen.add(id(node))
        open_steps.append((made := _step(node), iter(made.edges)))


def _is_new(node: Any, seen: Container[int], known: Container[int]) -> bool:
    return node is not None and id(node) not in seen and id(node) not in known


def _step(node: Any) -> Step:
    import torch

    kind = type(node)
    name = kind.__name__
    is_restored = getattr(kind, RESTORED, False)
    if not is_restored and isinstance(node, torch.autograd.function.FunctionCtx):
        raise LiveGraphError(f"has a step of a kind of its own (`{name}`)")
    if kind.__module__ != "builtins" or node.name() != (_LEAF_NAME if name == _LEAF else name):
        raise LiveGraphError(f"has a step (`{name}`) that can't be made again")
    if name != _LEAF and can_have_hooks(node):
        raise LiveGraphError("may have hooks: some were registered, and those of a graph can't be seen")
    if node.metadata:
        raise LiveGraphError(f"has a step with a note (`{name}`; `detect_anomaly` makes some)")
    edges = tuple(Edge(*edge) for edge in node.next_functions)
    leaf = node.variable if name == _LEAF else None
    saved = tuple((each, _saved(node, each)) for each in dir(kind) if each.startswith(_SAVED))
    return Step(node, name, leaf, saved, edges, tuple(_outputs(node)))


def _saved(node: Any, name: str) -> Any:
    try:
        value = getattr(node, name)
    except RuntimeError as error:
        if _FREED_SAYS in str(error):
            return FREED
        raise LiveGraphError("can still be gone through") from error
    if not _is_number(value):
        raise LiveGraphError("can still be gone through")
    return value


def _is_number(value: Any) -> bool:
    import torch

    if type(value) in (tuple, list):
        return all(map(_is_number, value))
    return type(value) in (*_NUMBERS, torch.dtype, torch.device, torch.layout, torch.memory_format)


def _outputs(node: Any) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    for made in node._input_metadata:
        if made.is_nested_tensor:
            raise LiveGraphError("has a nested tensor")
        yield tuple(int(n) for n in made.shape), made.dtype, made.device
