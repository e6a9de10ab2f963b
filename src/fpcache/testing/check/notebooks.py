"""Reading notebooks: their code cells, as Jupyter would run them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fpcache.testing.sessions.steps import text_for

__all__ = ["CannotCheckError", "Notebook", "NotebookCell", "read_notebook"]

_MAY_RAISE = "raises-exception"
_PARAMETERS = "parameters"


class CannotCheckError(Exception):
    """There is nothing to check here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """One code cell.

    Attributes
    ----------
    number : int
        The ``n`` of its ``In [n]`` when all cells have run.
    may_raise : bool
        Whether it has the tag ``raises-exception``.
    has_parameters : bool
        Whether it has the tag ``parameters``.
    """

    number: int
    source: str
    may_raise: bool = False
    has_parameters: bool = False


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's code cells; empty ones are left out, as Jupyter doesn't run them.

    `parameters` are those that have other values than the notebook says.
    """

    path: Path
    cells: tuple[NotebookCell, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_notebook(path: Path) -> Notebook:
    """Read a notebook; fpcache's own magics in it become comments.

    The check itself says which runs are cached.

    Raises
    ------
    CannotCheckError
        If there is no notebook of Python cells at that path.
    """
    document = _document(path)
    language = document.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise CannotCheckError(f"{path} is a notebook for {language}; fpcache caches Python")
    code = [cell for cell in document.cells if cell.cell_type == "code" and cell.source.strip()]
    if not code:
        raise CannotCheckError(f"{path} has no code cell")
    return Notebook(path, tuple(_cell(number, cell) for number, cell in enumerate(code, 1)))


def _document(path: Path) -> Any:
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        return nbformat.reads(text, as_version=4)
    except FileNotFoundError:
        raise CannotCheckError(f"{path} does not exist") from None
    except OSError as error:
        raise CannotCheckError(f"{path} can't be read: {error}") from None
    except Exception as error:
        raise CannotCheckError(f"{path} is not a notebook: {error}") from None


def _cell(number: int, cell: Any) -> NotebookCell:
    source = text_for("plain", cell.source, "")
    tags = cell.metadata.get("tags", ())
    return NotebookCell(number, source, _MAY_RAISE in tags, _PARAMETERS in tags)
