"""Filling templates with drawn names, numbers and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from .basics import CONTROL, FUNCTIONS, LISTS, MAPPINGS, NAMING, SETS, TEXTS
from .beginnings import DEFINITIONS
from .choosing import Draw, sampled_from
from .standard import CLASSES, NOTEBOOK, PATCHING, SCOPES, STANDARD
from .themes import NAMES, PLACEHOLDER, Theme
from .values import ARRAYS, CHANCE, FRAMES, OBJECTS, WORLD

__all__ = ["THEMES", "Author"]

THEMES: dict[str, Theme] = {
    "lists": LISTS,
    "functions": FUNCTIONS,
    "naming": NAMING,
    "control": CONTROL,
    "mappings": MAPPINGS,
    "objects": OBJECTS,
    "sets": SETS,
    "texts": TEXTS,
    "chance": CHANCE,
    "world": WORLD,
    "arrays": ARRAYS,
    "frames": FRAMES,
    "standard": STANDARD,
    "classes": CLASSES,
    "scopes": SCOPES,
    "patching": PATCHING,
    "notebook": NOTEBOOK,
}
_NUMBERS = ("1", "2", "3", "0", "4")
_ANY_NAME = tuple(name for kind in "nldou" for name in NAMES[kind])
_DEEPEST = 2
_AT_THE_TOP = re.compile(
    r"^\s*(await |from \w+ import \*|[%!])|= [%!]|\b(nonlocal|global|yield)\b", re.MULTILINE
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Author:
    """Writes statements on some themes.

    Parameters
    ----------
    draw : callable
        Draws from a strategy; every choice is made by it.
    themes : tuple of str
        What to write on.
    """

    draw: Draw
    themes: tuple[str, ...]

    def one_of(self, choices: Sequence[_T]) -> _T:
        """Draw one of some things; earlier ones are simpler.

        What is drawn is a place. Hypothesis tells strategies apart by the hash
        of what they choose from, which for most objects is an address: a seed
        would decide the programs only as long as no address is used twice.
        """
        place: int = self.draw(sampled_from(range(len(choices))))
        return choices[place]

    def statement(self, depth: int = 0) -> str:
        """Return a statement."""
        return self.filled(self.one_of(THEMES[self.one_of(self.themes)].statements), depth)

    def shown(self) -> str:
        """Return an expression for the last line of a cell."""
        return self.filled(self.one_of(THEMES[self.one_of(self.themes)].shown), 0)

    def value(self, depth: int) -> str:
        """Return an expression."""
        if depth > _DEEPEST:
            return self.one_of(_NUMBERS)
        if self.one_of((True, False)):
            return self.one_of(_ANY_NAME if depth else (*_ANY_NAME, *_NUMBERS))
        return self.filled(self.one_of(THEMES[self.one_of(self.themes)].values), depth + 1)

    def filled(self, template: str, depth: int) -> str:
        """Fill a template's placeholders from left to right."""
        text, rest = "", template
        while (found := PLACEHOLDER.search(rest)) is not None:
            text += rest[: found.start()]
            text += self.part(found[1], depth, _indent(text)) or found[0]
            rest = rest[found.end() :]
        return text + rest

    def part(self, kind: str, depth: int, indent: str) -> str:
        """Return what stands at a placeholder; nothing for one that is none."""
        if kind == "k":
            return self.one_of(_NUMBERS)
        if kind == "v":
            return self.value(depth)
        if kind == "body":
            return self.body(depth, indent)
        if kind == "def":
            return self.one_of(DEFINITIONS[self.one_of(tuple(DEFINITIONS))])
        return self.one_of(NAMES[kind]) if kind in NAMES else ""

    def body(self, depth: int, indent: str) -> str:
        """Return a statement for inside another one, on a line of its own where it must be."""
        statement = self.statement(depth + 1) if depth < _DEEPEST else f"l0.append({self.one_of(_NUMBERS)})"
        if _AT_THE_TOP.search(statement):
            return "pass"
        if indent.strip():  # after a colon: what needs more lines can't stand here
            return statement if _fits_on_a_line(statement) else "pass"
        return statement.replace("\n", f"\n{indent}")


def _indent(text: str) -> str:
    """Return the line so far: blanks alone where a statement may have several lines."""
    return text.rpartition("\n")[2]


def _fits_on_a_line(statement: str) -> bool:
    openers = ("if ", "for ", "while ", "with ", "def ", "class ", "try:", "match ", "async ")
    return "\n" not in statement and not statement.startswith(openers)
