"""Views that PyTorch made without gradients: it refuses to change them in place where there are some."""

from __future__ import annotations

from typing import Any

__all__ = ["mode_of", "set_mode"]

_MODES = ("NO_GRAD_MODE", "INFERENCE_MODE")


def mode_of(tensor: Any) -> str | None:
    """Return the mode in which a view was made; None for other tensors, and for views made with gradients."""
    import torch

    if not tensor._is_view() or tensor.is_inference() or tensor._base.is_inference():
        return None
    name = torch._C._autograd._get_creation_meta(tensor).name
    return name if name in _MODES else None


def set_mode(tensor: Any, mode: str | None) -> Any:
    """Return a tensor as a view that was made in this mode."""
    import torch

    if mode is None:
        return tensor
    if not tensor._is_view():
        with torch.no_grad():
            tensor = torch.ops.aten.alias(tensor)
    torch._C._autograd._set_creation_meta(tensor, getattr(torch._C._autograd.CreationMeta, mode))
    return tensor
