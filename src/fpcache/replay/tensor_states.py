"""How torch tensors and generators are changed in place."""

from __future__ import annotations

from typing import Any

from fpcache.replay.locate import UnstorableError
from fpcache.replay.mutations import Kind

__all__ = ["GENERATOR", "TENSOR"]


def _content(node: Any) -> tuple[Any, Any, bool]:
    import torch

    if node.grad_fn is not None:
        raise UnstorableError("is a tensor with a gradient graph (`grad_fn`); use .detach()", node)
    if node.layout is not torch.strided or node.is_quantized:
        raise UnstorableError("is a tensor that is not strided, which can't be changed in place", node)
    return node.detach().clone(), node.grad, node.requires_grad


def _put(node: Any, content: tuple[Any, Any, bool]) -> None:
    import torch

    values, gradient, requires_grad = content
    with torch.no_grad():
        node.copy_(values)
    node.grad = gradient
    node.requires_grad_(requires_grad)


def _obstacle(node: Any, content: tuple[Any, Any, bool]) -> str | None:
    values = content[0]
    if node.grad_fn is not None or node.is_inference():
        return "is a tensor that can't be written to"
    if (node.shape, node.dtype, node.device) != (values.shape, values.dtype, values.device):
        return "changes its shape, dtype or device in place"
    return None


def _put_generator(node: Any, content: Any) -> None:
    node.set_state(content)


TENSOR = Kind(_content, _put, _obstacle)
GENERATOR = Kind(lambda node: node.get_state(), _put_generator)
