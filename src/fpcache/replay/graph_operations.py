"""Operations that save nothing for `backward`: their steps are made again by doing them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fpcache.errors import UncacheableError

__all__ = ["OPERATIONS", "operated"]

_Operation = Callable[..., Any]  # of the inputs, the numbers saved and the shape that came of it
_WRAPPED = 1 << 63

OPERATIONS: dict[str, _Operation] = {
    "AliasBackward0": lambda x, n, shape: _library().ops.aten.alias(x),
    "AddBackward0": lambda x, y, n, shape: _library().add(x, y, alpha=n["alpha"]),
    "SubBackward0": lambda x, y, n, shape: _library().sub(x, y, alpha=n["alpha"]),
    "NegBackward0": lambda x, n, shape: -x,
    "SumBackward0": lambda x, n, shape: x.sum(),
    "MeanBackward0": lambda x, n, shape: x.mean(),
    "ExpandBackward0": lambda x, n, shape: x.expand(shape),
    "PermuteBackward0": lambda x, n, shape: x.permute(n["dims"]),
    "SelectBackward0": lambda x, n, shape: x.select(n["dim"], n["index"]),
    "SliceBackward0": lambda x, n, shape: _sliced(x, n),
    "SplitBackward0": lambda x, n, shape: x.split(n["split_size"], n["dim"]),
    "SplitWithSizesBackward0": lambda x, n, shape: x.split(n["split_sizes"], n["dim"]),
    "SqueezeBackward0": lambda x, n, shape: x.squeeze(),
    "SqueezeBackward1": lambda x, n, shape: x.squeeze(n["dim"]),
    "SqueezeBackward2": lambda x, n, shape: x.squeeze(n["dim"]),
    "TBackward0": lambda x, n, shape: x.t(),
    "TransposeBackward0": lambda x, n, shape: x.transpose(n["dim0"], n["dim1"]),
    "UnbindBackward0": lambda x, n, shape: x.unbind(n["dim"]),
    "UnsqueezeBackward0": lambda x, n, shape: x.unsqueeze(n["dim"]),
    "ViewBackward0": lambda x, n, shape: x.view(shape),
}
"""By the type of the step."""


def operated(name: str, saved: Any, inputs: list[Any], outputs: Any) -> tuple[Any, ...]:
    """Return the tensors that an operation gives.

    Raises
    ------
    UncacheableError
        If they don't look as they did.
    """
    numbers = {each.removeprefix("_saved_"): _number(value) for each, value in saved}
    made = OPERATIONS[name](*inputs, numbers, outputs[0][0])
    tensors = made if isinstance(made, tuple) else (made,)
    told = [(tuple(one.shape), one.dtype, one.device, one.grad_fn.name()) for one in tensors]
    if told != [(*output, name) for output in outputs]:
        raise UncacheableError(f"a step of a stored gradient graph ({name}) can't be made again")
    return tensors


def _library() -> Any:
    import torch

    return torch


def _sliced(x: Any, n: Mapping[str, Any]) -> Any:
    import torch

    return torch.ops.aten.slice.Tensor(x, n["dim"], n["start"], n["end"], n["step"])


def _number(value: Any) -> Any:
    """Return a number as it was given: PyTorch tells negative ones as if they had no sign."""
    if isinstance(value, (tuple, list)):
        return [_number(one) for one in value]
    return value - 2 * _WRAPPED if type(value) is int and value >= _WRAPPED else value
