"""The text of a session: cells, edits of them, and what happens in between."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Cells", "Do", "Edit", "Interrupt", "Step", "edited", "steps_of", "text_for"]

_SEPARATOR = re.compile(r"^# %%.*\n", re.MULTILINE)
_OWN_LINE = re.compile(r"^%(fpcache\b|(re|un)?load_ext fpcache\b)")


@dataclass(frozen=True, slots=True)
class Do:
    """Python that the test runs between cells, unseen by IPython."""

    text: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """A cell during which the user presses Ctrl-C."""

    text: str
    after_s: float = 0.3


Step = str | Do | Interrupt
Cells = str | Sequence[Step]
Edit = tuple[str, str]


def steps_of(cells: Cells) -> tuple[Step, ...]:
    """Return cells as a tuple; a text is cut at lines that begin with ``# %%``."""
    if not isinstance(cells, str):
        return tuple(textwrap.dedent(step).strip("\n") if isinstance(step, str) else step for step in cells)
    parts = (part.strip("\n") for part in _SEPARATOR.split(textwrap.dedent(cells)))
    return tuple(part for part in parts if part.strip())


def edited(steps: Iterable[Step], edits: Iterable[Edit]) -> tuple[Step, ...]:
    """Return the steps with texts replaced; each has to occur exactly once in all of them."""
    changed = list(steps)
    for old, new in edits:
        places = [n for n, step in enumerate(changed) if isinstance(step, str) and old in step]
        occurrences = sum(step.count(old) for step in changed if isinstance(step, str))
        if occurrences != 1:
            raise ValueError(f"{old!r} occurs {occurrences} times in the cells, so the edit is not clear")
        (place,) = places
        step = changed[place]
        assert isinstance(step, str)
        changed[place] = step.replace(old, new)
    return tuple(changed)


def text_for(mode: str, text: str, options: str) -> str:
    """Return a cell's text as the mode has it.

    In plain mode fpcache's own magics become comments, so that lines keep
    their numbers; in explicit mode each cell without one gets a first line.
    """
    if mode == "plain":
        first, newline, rest = text.partition("\n")
        first = f"#{first[1:]}" if first.startswith("%%fpcache") else first
        return "\n".join(
            f"#{line[1:]}" if _OWN_LINE.match(line) else line
            for line in f"{first}{newline}{rest}".split("\n")
        )
    if mode == "explicit" and not text.startswith("%%fpcache"):
        return f"%%fpcache {options}".rstrip() + f"\n{text}"
    return text
