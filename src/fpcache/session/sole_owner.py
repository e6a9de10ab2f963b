"""Code that works only on an object which nobody else refers to: ``ndarray.resize``.

While a component is recorded, its inputs are referred to. NumPy then refuses
to resize an array in place, so such code is never recorded.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component
from fpcache.dependencies.loaded_source import function_tree
from fpcache.dependencies.records import Refusal
from fpcache.fingerprints.records import Reading

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["refusal"]


def refusal(run: CellRun, component: Component, reading: Reading) -> Refusal | None:
    """Return why a component has to run unwatched, or None."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not any(isinstance(node, numpy.ndarray) for node in reading.nodes):
        return None
    if any(_resizes(tree) for tree in _trees(run, component, reading)):
        reason = "calls `.resize()`, for which NumPy wants an array that nothing else refers to"
        return Refusal(reason, "use np.resize, which makes a new one")
    return None


def _trees(run: CellRun, component: Component, reading: Reading) -> Iterator[ast.AST]:
    yield from run.request.nodes[component.start : component.stop]
    for function in reading.functions:
        if "resize" in function.__code__.co_names:
            tree = function_tree(function)
            if tree is not None:
                yield tree


def _resizes(tree: ast.AST) -> bool:
    """Whether a method ``resize`` is called for its effect: NumPy's returns nothing."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="resize"))):
                return True
    return False
