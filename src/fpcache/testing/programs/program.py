"""Programs as data: sessions of cells that share one cache."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

__all__ = ["FILES", "Cell", "Program", "Session"]

# A cell is its statements, so that one can be taken out wherever it occurs.
Cell = tuple[str, ...]

# What lies in the working directory before each session.
_MODULE = "K = {}\nL = []\ndef f(x):\n    L.append(x)\n    return x, K, len(L)\n"
FILES = {
    "in.txt": "3 1 2\n",
    "data/a.csv": "x,y\n1,2.5\n2,0.5\n",
    "mod1.py": _MODULE.format(1),
    "mod2.py": _MODULE.format([2]),
}

_MAGIC = {"explicit": "%%fpcache --quiet", "whole": "%%fpcache --quiet --whole"}


@dataclass(frozen=True, slots=True)
class Session:
    """One run of some cells in a new process.

    Attributes
    ----------
    cells : tuple of tuple of str
        The statements of each cell.
    style : str
        How fpcache is used: auto, explicit, whole, or mixed (each cell in one
        of these ways or without it).
    seed : int
        PYTHONHASHSEED.
    misses, plains : float
        How often a look-up is made to find nothing, and a statement to run plainly.
    chance : int
        Decides which ones.
    loaded : str
        Which libraries are loaded from the start: usual, few, or many.
    """

    cells: tuple[Cell, ...]
    style: str = "auto"
    seed: int = 1
    misses: float = 0.0
    plains: float = 0.0
    chance: int = 0
    loaded: str = "usual"

    @property
    def mode(self) -> str:
        """How the session is started: in automatic mode, or with fpcache only where a cell asks for it."""
        return "auto" if self.style == "auto" else "chosen"

    @property
    def depends_on_text_order(self) -> bool:
        """Whether the order of sets of text is the point: names of such sets begin with ``z``."""
        return any("z0" in text or "z1" in text for cell in self.cells for text in cell)

    def texts(self) -> tuple[str, ...]:
        """Return the cells as they are run."""
        ways = random.Random(self.chance)
        return tuple(self._text(cell, ways) for cell in self.cells)

    def _text(self, cell: Cell, ways: random.Random) -> str:
        text = "\n".join(cell)
        style = ways.choice(["explicit", "whole", ""]) if self.style == "mixed" else self.style
        # A line in any case: lines keep their numbers in every style.
        return f"{_MAGIC.get(style, '#')}\n{text}"


@dataclass(frozen=True, slots=True)
class Program:
    """Sessions that run one after the other with one cache."""

    sessions: tuple[Session, ...]

    def statements(self) -> Iterator[str]:
        """Yield every statement of every cell once, in order."""
        yield from dict.fromkeys(s for session in self.sessions for cell in session.cells for s in cell)

    def without(self, statements: set[str]) -> Program:
        """Return the program with these statements taken out everywhere, and cells that are then empty."""
        return Program(tuple(_without(session, statements) for session in self.sessions))

    def until(self, session: int, cell: int) -> Program:
        """Return the program up to a cell of a session, both from 1; cell 0 is the end."""
        kept = self.sessions[:session]
        cells = kept[-1].cells[:cell] if cell else kept[-1].cells
        return Program((*kept[:-1], replace(kept[-1], cells=cells)))

    def to_json(self) -> str:
        """Return the program as text, one line a statement."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Program:
        """Return the program that `to_json` wrote; what else is beside the sessions is left out."""
        told: list[dict[str, Any]] = json.loads(text)["sessions"]
        return cls(tuple(Session(**{**one, "cells": tuple(map(tuple, one["cells"]))}) for one in told))

    def __str__(self) -> str:
        return "\n".join(_shown(number, session) for number, session in enumerate(self.sessions, 1))


def _without(session: Session, statements: set[str]) -> Session:
    left = (tuple(s for s in cell if s not in statements) for cell in session.cells)
    return replace(session, cells=tuple(cell for cell in left if cell))


def _shown(number: int, session: Session) -> str:
    facts = f"{session.style}, hash seed {session.seed}, {session.loaded} libraries"
    if session.misses or session.plains:
        facts += f", {session.misses} missed, {session.plains} plain, chance {session.chance}"
    cells = "\n# %%\n".join("\n".join(cell) for cell in session.cells)
    return f"#### session {number}: {facts}\n{cells}"
