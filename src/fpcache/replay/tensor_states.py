"""How torch tensors and generators are changed in place."""

from __future__ import annotations

from typing import Any, NamedTuple

from fpcache.replay.locate import UnstorableError
from fpcache.replay.mutations import Kind

__all__ = ["GENERATOR", "TENSOR"]


class _Content(NamedTuple):
    """What a tensor holds.

    `written` is for the memory that it lay on before the run, None where nothing
    is to be written there. `other` lies on the memory that the run gave it instead
    (``p.data = …``), None where it kept its own.
    """

    written: Any
    other: Any
    gradient: Any
    requires_grad: bool


def _content(node: Any) -> _Content:
    _check(node)
    return _Content(node.detach().clone(), None, node.grad, node.requires_grad)


def _moved_content(node: Any, before: Any, is_written: bool) -> _Content:
    _check(node)
    return _Content(before.clone() if is_written else None, node.data, node.grad, node.requires_grad)


def _check(node: Any) -> None:
    import torch

    if node.grad_fn is not None:
        raise UnstorableError("is a tensor with a gradient graph (`grad_fn`); use .detach()", node)
    if node.layout is not torch.strided or node.is_quantized:
        raise UnstorableError("is a tensor that is not strided, which can't be changed in place", node)


def _prepare(node: Any, content: _Content) -> None:
    """Write to the memory that is there, and let the node lie on other memory; gradients need both done."""
    import torch

    if content.written is not None:
        with torch.no_grad():
            _write(node, content.written)
    if content.other is not None:
        if node.requires_grad and not content.requires_grad:
            node.requires_grad_(False)
        node.data = content.other


def _write(node: Any, values: Any) -> None:
    """Write each byte once: torch refuses to write to what an `expand` repeats."""
    if 0 in node.stride() and node.numel():
        node = node.detach()
        for axis, step in enumerate(node.stride()):
            if step == 0:
                node, values = node.narrow(axis, 0, 1), values.narrow(axis, 0, 1)
    if not _is_same(node, values):  # else PyTorch would count a change
        node.copy_(values)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two tensors of the same shape and type hold the same bytes."""
    import torch

    if one.is_conj() != other.is_conj() or one.is_neg() != other.is_neg() or one.device != other.device:
        return False
    flat = [torch.empty(tensor.numel(), dtype=tensor.dtype, device=tensor.device) for tensor in (one, other)]
    for into, tensor in zip(flat, (one, other), strict=True):
        into.copy_(tensor.detach().reshape(-1))
    return bool(torch.equal(*(tensor.view(torch.uint8) for tensor in flat)))


def _put(node: Any, content: _Content) -> None:
    if node.grad is not content.gradient:
        node.grad = content.gradient
    node.requires_grad_(content.requires_grad)


def _obstacle(node: Any, content: _Content) -> str | None:
    import torch

    values = content.written
    if values is not None and (node.shape, node.dtype, node.device) != (
        values.shape,
        values.dtype,
        values.device,
    ):
        return "changes its shape, dtype or device in place"
    if content.other is not None and not torch._has_compatible_shallow_copy_type(node, content.other):
        return "can't be given memory of that kind"
    return None


def _fixed(node: Any) -> str | None:
    import torch

    with torch._C.DisableTorchFunctionSubclass():
        has_graph, is_inference = node.grad_fn is not None, node.is_inference()
    if has_graph:
        return "is a tensor with a gradient graph (`grad_fn`); use .detach()"
    return "is a tensor of `torch.inference_mode`; use .clone()" if is_inference else None


def _put_generator(node: Any, content: Any) -> None:
    node.set_state(content)


TENSOR = Kind(_content, _put, _obstacle, moved=_moved_content, prepare=_prepare, fixed=_fixed)
GENERATOR = Kind(lambda node: node.get_state(), _put_generator)
