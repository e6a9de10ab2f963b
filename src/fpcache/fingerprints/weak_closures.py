"""The weak reference by which a scheduler of PyTorch leads an optimizer's ``step`` back to the optimizer.

Only PyTorch's own code follows it, from a function that the optimizer holds, so
whether the optimizer lives is no question where the optimizer itself was met.
"""

from __future__ import annotations

from types import CellType, FunctionType
from typing import Any
from weakref import ref

__all__ = ["holder_of"]

_MODULE = "torch.optim.lr_scheduler"


def holder_of(function: FunctionType, cell: CellType) -> Any:
    """Return what the weak reference in a cell of a function's closure leads to; None for other cells."""
    if function.__globals__.get("__name__") != _MODULE or cell == CellType():
        return None
    return cell.cell_contents() if type(cell.cell_contents) is ref else None
