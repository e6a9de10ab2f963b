"""Weak references in what installed code wraps around a method, to the very object that holds the wrapper.

A scheduler of PyTorch replaces its optimizer's ``step`` by a function that
finds the optimizer through such a reference. The optimizer holds the
function, and nothing but PyTorch's own code follows the reference, so
whether the referent lives is no question: it is what the walk came from.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any
from weakref import ref

__all__ = ["holder_of"]

_MODULES = {"torch.optim.lr_scheduler"}


def holder_of(function: FunctionType, content: object) -> Any:
    """Return the object that a weak reference in a closure leads to, where that object holds the function.

    Returns
    -------
    object or None
        None for what is no such reference, or leads elsewhere or nowhere.
    """
    if type(content) is not ref or function.__globals__.get("__name__") not in _MODULES:
        return None
    holder = content()
    held = getattr(holder, "__dict__", {})
    return holder if any(value is function for value in held.values()) else None
