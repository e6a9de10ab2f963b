"""Notebooks put together by chance, before they are texts: so that edits know what they edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..program import Cell
from .beginnings import DEFINITIONS, IMPORTS, VALUES
from .choosing import Draw, sampled_from
from .writing import THEMES, Author

__all__ = ["Notebook", "author_for", "notebook"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_SEEDING = {"random": "random.seed(0)", "np": "np.random.seed(0)"}
_DRAWING = re.compile(r"\b(random|shuffle|draw|np\.random|sample)\b")


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells, and which variant of each definition and first value they begin with.

    Attributes
    ----------
    cells : tuple of tuple of str
        The statements of each cell.
    variants : mapping of str to int
        Variants other than the first, by name.
    extra : tuple of str
        Statements added after the first values, such as ``l1 = l0``.
    is_seeded : bool
        Whether it begins with seeding what it draws from.
    """

    cells: tuple[Cell, ...]
    variants: Mapping[str, int] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    is_seeded: bool = True

    def written(self) -> tuple[Cell, ...]:
        """Return all cells: imports, definitions and first values as far as needed, then its own."""
        names = self.needed()
        texts = " ".join(self._variant(DEFINITIONS, name) for name in DEFINITIONS if name in names)
        drawing = _DRAWING.search(texts + " ".join(s for cell in self.cells for s in cell))
        imports = tuple(dict.fromkeys(line for name, line in IMPORTS.items() if name in names))
        seeding = tuple(s for name, s in _SEEDING.items() if name in names and drawing and self.is_seeded)
        definitions = tuple(self._variant(DEFINITIONS, name) for name in _ordered(DEFINITIONS, names, self))
        values = (f"{name} = {self._variant(VALUES, name)}" for name in _ordered(VALUES, names, self))
        beginning = (imports, (*definitions,), (*seeding, *values, *self.extra))
        return (*(cell for cell in beginning if cell), *self.cells)

    def _variant(self, table: Mapping[str, tuple[str, ...]], name: str) -> str:
        return table[name][self.variants.get(name, 0) % len(table[name])]

    def needed(self) -> set[str]:
        """Return the names that the cells mention, and those that their beginnings do."""
        found: set[str] = set()
        todo = {word for cell in (*self.cells, self.extra) for text in cell for word in _WORD.findall(text)}
        while todo:
            found |= todo
            tables = [(DEFINITIONS, name) for name in todo & DEFINITIONS.keys()]
            tables += [(VALUES, name) for name in todo & VALUES.keys()]
            todo = set(_WORD.findall(" ".join(self._variant(table, name) for table, name in tables))) - found
        return found

    def mentions(self, name: str, table: Mapping[str, tuple[str, ...]]) -> set[str]:
        """Return the names of a table that the variant in use of one of them mentions."""
        return set(_WORD.findall(self._variant(table, name))) & table.keys() - {name}


def _ordered(table: Mapping[str, tuple[str, ...]], names: set[str], notebook: Notebook) -> list[str]:
    """Return the needed names of a table, each after those that it mentions."""
    ordered: list[str] = []

    def add(name: str, above: frozenset[str]) -> None:
        if name in ordered or name in above:
            return
        for other in table:
            if other in notebook.mentions(name, table):
                add(other, above | {name})
        ordered.append(name)

    for name in table:
        if name in names:
            add(name, frozenset())
    return ordered


def author_for(draw: Draw) -> Author:
    """Return an author with one to four themes."""
    count = draw(sampled_from((1, 2, 3, 4)))
    return Author(draw, tuple(draw(sampled_from(tuple(THEMES))) for _ in range(count)))


def notebook(author: Author) -> Notebook:
    """Return a notebook of one to five cells."""
    cells = tuple(_cell(author) for _ in range(author.one_of((2, 1, 3, 4, 5))))
    needed = Notebook(cells).needed()
    variants = {name: author.one_of((0, 0, 1, 2)) for name in (*DEFINITIONS, *VALUES) if name in needed}
    extra = (_alias(author),) if author.one_of((0, 0, 0, 1)) else ()
    return Notebook(cells, variants, extra, author.one_of((True,) * 9 + (False,)))


def _cell(author: Author) -> Cell:
    statements = tuple(author.statement() for _ in range(author.one_of((1, 2, 3, 4, 5))))
    return (*statements, author.shown()) if author.one_of((False, False, True)) else statements


def _alias(author: Author) -> str:
    return author.filled(author.one_of(("{l} = {l}", "{d} = {d}", "{o} = {o}", "{a} = {a}", "{f} = {f}")), 0)
