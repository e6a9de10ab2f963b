"""What happens to a notebook between runs: edits, harmful and harmless, and cells run in another order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from ..program import Cell
from .beginnings import DEFINITIONS, VALUES
from .notebooks import Notebook
from .themes import NAMES
from .writing import Author

__all__ = ["EDITS", "edited", "in_some_order"]

_OPERATORS = {
    "+": "-", "-": "+", "*": "+", ">": "<", "<": ">=", "==": "!=", "is": "is not", "and": "or", "or": "and",
    "append": "extend", "True": "False", "min": "max", "sum": "len", "copy": "deepcopy",
}  # fmt: skip
_OPERATOR = re.compile(r"(?<= )(?:[-+*<>]|==|is|and|or)(?= )|\b(?:append|True|min|sum|copy)(?=\()")
_TEXT = re.compile(r"(?<=')\w+(?=')")
_NAME = re.compile(r"\b([a-z])[012]\b")
_NUMBER = re.compile(r"(?<![\w'.@])\d+(?![\w'.])")
_COPIED = re.compile(r"([ldaufs]\d) = (\w+)")
_SHADOWS = (
    "len = lambda x: 9",
    "sorted = list",
    "touch = lambda l, k=1: l",
    "del touch",
    "memo = str",
    "del n0",
)
_KEEPS = (
    "u2 = {l}",
    "u2 = {v}",
    "u2 = [{v}]",
    "u2 = {o}.kids",
    "u2 = lambda: {l}",
    "u2 = {a}[1:]",
    "u2 = {f}",
    "u2 = {d}",
)


def _with_cell(notebook: Notebook, number: int, cell: Cell) -> Notebook:
    cells = (*notebook.cells[:number], cell, *notebook.cells[number + 1 :])
    return replace(notebook, cells=tuple(cell for cell in cells if cell))


def _replaced(author: Author, cell: Cell) -> Cell:
    at = author.one_of(range(len(cell)))
    return (*cell[:at], author.statement(), *cell[at + 1 :])


def _inserted(author: Author, cell: Cell) -> Cell:
    at = author.one_of(range(len(cell) + 1))
    return (*cell[:at], author.statement(), *cell[at:])


def _removed(author: Author, cell: Cell) -> Cell:
    at = author.one_of(range(len(cell)))
    return (*cell[:at], *cell[at + 1 :])


def _moved(author: Author, cell: Cell) -> Cell:
    at = author.one_of(range(len(cell)))
    left = (*cell[:at], *cell[at + 1 :])
    to = author.one_of(range(len(left) + 1))
    return (*left[:to], cell[at], *left[to:])


def _exchanged(author: Author, cell: Cell, what: re.Pattern[str], other: Callable[[str], str]) -> Cell:
    """Exchange one place in one statement."""
    at = author.one_of(range(len(cell)))
    found = list(what.finditer(cell[at]))
    if not found:
        return cell
    place = author.one_of(found)
    text = cell[at][: place.start()] + other(place[0]) + cell[at][place.end() :]
    return (*cell[:at], text, *cell[at + 1 :])


def _other_operator(author: Author, cell: Cell) -> Cell:
    return _exchanged(author, cell, _OPERATOR, lambda found: _OPERATORS[found])


def _other_text(author: Author, cell: Cell) -> Cell:
    return _exchanged(author, cell, _TEXT, lambda found: "b" if found == "a" else "a")


def _other_name(author: Author, cell: Cell) -> Cell:
    return _exchanged(author, cell, _NAME, lambda found: author.one_of(NAMES.get(found[0], (found,))))


def _other_number(author: Author, cell: Cell) -> Cell:
    return _exchanged(author, cell, _NUMBER, lambda found: author.one_of("12304"))


def _copied(author: Author, cell: Cell) -> Cell:
    """Make an alias a copy."""
    at = author.one_of(range(len(cell)))
    text = _COPIED.sub(r"\1 = copy.copy(\2)", cell[at], count=1)
    return (*cell[:at], text, *cell[at + 1 :])


def _kept(author: Author, cell: Cell) -> Cell:
    """Hold on to something in front of what may change it."""
    at = author.one_of(range(len(cell) + 1))
    return (*cell[:at], author.filled(author.one_of(_KEEPS), 0), *cell[at:])


def _shadowed(author: Author, cell: Cell) -> Cell:
    return (author.one_of(_SHADOWS), *cell)


def _commented(author: Author, cell: Cell) -> Cell:
    """Change nothing: a comment, a blank line, blanks around a comma."""
    at = author.one_of(range(len(cell)))
    text = cell[at]
    is_text = "'" in text or '"' in text
    texts = [f"{text}  # a remark", f"\n{text}", text if is_text else text.replace(", ", " ,  ")]
    return (*cell[:at], author.one_of(texts), *cell[at + 1 :])


_IN_A_CELL: tuple[Callable[[Author, Cell], Cell], ...] = (
    _other_number,
    _removed,
    _inserted,
    _replaced,
    _moved,
    _copied,
    _kept,
    _commented,
    _shadowed,
    _other_operator,
    _other_name,
    _other_text,
)


def _changed(author: Author, cell: Cell) -> Cell:
    return author.one_of(_IN_A_CELL)(author, cell) or cell


def _edited_cell(author: Author, notebook: Notebook) -> Notebook:
    number = author.one_of(range(len(notebook.cells)))
    cell = notebook.cells[number]
    return _with_cell(notebook, number, author.one_of(_IN_A_CELL)(author, cell) if cell else cell)


def _edited_beginning(author: Author, notebook: Notebook) -> Notebook:
    """Take another variant of a definition or a first value that is needed."""
    needed = notebook.needed()
    names = tuple(name for name in (*DEFINITIONS, *VALUES) if name in needed)
    if not names:
        return notebook
    changed = {author.one_of(names): author.one_of((1, 2, 0, 3))}
    return replace(notebook, variants={**notebook.variants, **changed})


def _split(author: Author, notebook: Notebook) -> Notebook:
    number = author.one_of(range(len(notebook.cells)))
    cell = notebook.cells[number]
    at = author.one_of(range(len(cell)))
    cells = (*notebook.cells[:number], cell[:at], cell[at:], *notebook.cells[number + 1 :])
    return replace(notebook, cells=tuple(cell for cell in cells if cell))


def _joined(author: Author, notebook: Notebook) -> Notebook:
    if len(notebook.cells) < 2:
        return notebook
    at = author.one_of(range(len(notebook.cells) - 1))
    one, other = notebook.cells[at : at + 2]
    return replace(notebook, cells=(*notebook.cells[:at], (*one, *other), *notebook.cells[at + 2 :]))


def _aliased(author: Author, notebook: Notebook) -> Notebook:
    """Make one object of two, of such as are used together where there are any."""
    pairs = _used_together(notebook)
    if pairs:
        one, other = author.one_of(pairs)
        alias = f"{other} = {one}"
    else:
        ways = ("{l} = {l}", "{d} = {d}", "{u} = {l}", "{o} = {o}", "{a} = {a}")
        alias = author.filled(author.one_of(ways), 0)
    return replace(notebook, extra=(*notebook.extra, alias))


def _used_together(notebook: Notebook) -> tuple[tuple[str, str], ...]:
    """Return the pairs of names of one kind that a statement has."""
    found = set()
    for statement in (statement for cell in notebook.cells for statement in cell):
        names = sorted({name[0] for name in _NAME.finditer(statement)})
        found |= {(one, other) for one, other in pairwise(names) if one[0] == other[0]}
    return tuple(sorted(found))


def _parted(author: Author, notebook: Notebook) -> Notebook:
    """Make copies of what were aliases from the beginning, or aliases where there are none."""
    if not notebook.extra:
        return _aliased(author, notebook)
    extra = tuple(_COPIED.sub(r"\1 = copy.copy(\2)", text, count=1) for text in notebook.extra)
    return replace(notebook, extra=extra)


def _unseeded(author: Author, notebook: Notebook) -> Notebook:
    return replace(notebook, is_seeded=not notebook.is_seeded)


EDITS: tuple[Callable[[Author, Notebook], Notebook], ...] = (
    _edited_cell,
    _edited_cell,
    _edited_cell,
    _edited_cell,
    _edited_beginning,
    _edited_beginning,
    _split,
    _joined,
    _aliased,
    _parted,
    _unseeded,
)


def edited(author: Author, notebook: Notebook) -> Notebook:
    """Return a notebook after one to three edits."""
    for _ in range(author.one_of((1, 1, 2, 3))):
        if notebook.cells:
            notebook = author.one_of(EDITS)(author, notebook)
    return notebook


def in_some_order(author: Author, cells: tuple[Cell, ...], fixed: int) -> tuple[Cell, ...]:
    """Return cells as they are run: mostly in order, or one again, all again, two swapped, or not all.

    The first `fixed` ones stay in front.
    """
    first, rest = cells[:fixed], cells[fixed:]
    way = author.one_of(
        (*("in order",) * 3, "one again", "one again, edited", "all again", "swapped", "not all")
    )
    if not rest or way == "in order":
        return cells
    at = author.one_of(range(len(rest)))
    orders = {
        "one again, edited": (*rest[: at + 1], _changed(author, rest[at]), *rest[at + 1 :]),
        "one again": (*rest[: at + 1], rest[at], *rest[at + 1 :]),
        "all again": rest + rest,
        "swapped": (*rest[:at], *rest[at + 1 :], rest[at]),
        "not all": rest[:at] + rest[at + 1 :],
    }
    return (*first, *orders[way])
