"""Steps of gradient graphs that stand for those that `backward` has gone through.

They are steps of custom functions that look like PyTorch's own: their type has the
same name, numbers that were saved are there, and what was freed, or is gone through,
raises what PyTorch raises. It does so in C, so that tracebacks show no line of fpcache.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

from fpcache.fingerprints.used_up_graphs import FREED, RESTORED

__all__ = ["looking_like", "stand_ins"]

_KEPT = "_fpcache"


@lru_cache(maxsize=256)
def stand_ins(name: str) -> Any:
    """Return the function whose steps have a type of this name; see `_forward` for its arguments."""
    import torch
    from torch.autograd.function import BackwardCFunction, FunctionMeta

    function: Any = FunctionMeta(name, (torch.autograd.Function,), {"forward": staticmethod(_forward)})
    own = dir(type(_gone_through()))
    hidden = [each for each in dir(BackwardCFunction) if each not in own and not each.startswith("_")]
    function._backward_cls = type(name, (BackwardCFunction,), {
        **{each: _Hidden(each) for each in hidden}, "apply": property(operator.attrgetter("_freed.value")),
        "__module__": "builtins", "_forward_cls": function, RESTORED: True, "_freed": _Gone(),
        "__call__": _called, "__dict__": _Hidden("__dict__"), "__dir__": _listed,
    })  # fmt: skip
    return function


class _Hidden:
    """Stands for what the steps of custom functions have, and PyTorch's own don't."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, step: Any, kind: type) -> Any:
        raise AttributeError(f"{kind.__name__!r} object has no attribute {self._name!r}")


def _called(step: Any, *_: Any) -> Any:
    return step.apply


def _listed(step: Any) -> list[str]:
    own = [each for each in dir(type(_gone_through())) if not each.startswith("_saved_")]
    return sorted([*own, *(each for each in vars(type(step)) if each.startswith("_saved_"))])


def _attributes_of(step: Any) -> dict[str, Any]:
    """Return the attributes of a step, whose type says that it has none."""
    from torch.autograd.function import BackwardCFunction

    found: dict[str, Any] = vars(BackwardCFunction)["__dict__"].__get__(step)
    return found


def _forward(ctx: Any, saved: Any, outputs: Any, *inputs: Any) -> Any:
    """Give tensors that look as those did that the step gave."""
    del inputs
    attributes = _attributes_of(ctx)
    for name, value in saved:
        attributes[f"{_KEPT}{name}"] = _Gone() if value is FREED else _Value(value)
        if not hasattr(type(ctx), name):
            setattr(type(ctx), name, property(operator.attrgetter(f"{_KEPT}{name}.value")))
    return tuple(looking_like(*output) for output in outputs)


def looking_like(shape: tuple[int, ...], dtype: Any, device: Any) -> Any:
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
