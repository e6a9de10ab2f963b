"""Parameters of a notebook, set for a check as papermill sets them for a run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .notebooks import CannotCheckError, Notebook, NotebookCell
from .sources import parsed

__all__ = ["parameter_value", "with_parameters"]


def parameter_value(text: str) -> Any:
    """Return what a text on the command line stands for: a Python literal, or else the text itself.

    Examples
    --------
    >>> parameter_value("10"), parameter_value("[1, None]"), parameter_value("red")
    (10, [1, None], 'red')
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def with_parameters(notebook: Notebook, parameters: Mapping[str, Any]) -> Notebook:
    """Return a notebook whose parameters have other values.

    They are assigned at the end of the cell with the tag ``parameters``, so
    cells keep their numbers (papermill assigns them in a cell after it).

    Parameters
    ----------
    parameters : mapping of str to object
        By name; the values are Python literals.

    Raises
    ------
    CannotCheckError
        If no cell has that tag, or the first one that has doesn't assign such a name.
    """
    if not parameters:
        return notebook
    place = next((place for place, cell in enumerate(notebook.cells) if cell.has_parameters), None)
    if place is None:
        raise CannotCheckError(
            f"{notebook.path} has no parameters: give the cell that assigns them the tag 'parameters'"
        )
    cell = notebook.cells[place]
    assigned = _assigned(cell)
    for name in parameters:
        if name not in assigned:
            raise CannotCheckError(
                f"{notebook.path} has no parameter {name}: cell {cell.number}, which has the tag "
                f"'parameters', assigns {', '.join(sorted(assigned)) or 'none'}"
            )
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    changed = replace(cell, source="\n".join([cell.source.rstrip(), *lines]))
    cells = (*notebook.cells[:place], changed, *notebook.cells[place + 1 :])
    return replace(notebook, cells=cells, parameters=dict(parameters))


def _assigned(cell: NotebookCell) -> set[str]:
    """Return the names that the cell's own statements assign."""
    tree = parsed(cell.source)
    targets = [
        target
        for statement in (tree.statements if tree else ())
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
    ]
    return {target.id for target in targets if isinstance(target, ast.Name)}
