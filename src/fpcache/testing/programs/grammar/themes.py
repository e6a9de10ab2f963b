"""Themes: the statements that belong together, as templates.

A template's ``{l}`` stands for the name of a list, and so on (see `NAMES`);
``{k}`` for a small number, ``{v}`` for any value, ``{body}`` for an indented
statement. A literal ``\\n`` ends a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["NAMES", "PLACEHOLDER", "Theme", "templates"]

NAMES: dict[str, tuple[str, ...]] = {
    "n": ("n0", "n1", "n2"),
    "l": ("l0", "l1", "l2"),
    "d": ("d0", "d1"),
    "s": ("s0", "s1"),
    "y": ("y0", "y1"),  # sets of text, used only where their order can't be seen
    "z": ("z0", "z1"),  # sets of text, used in any way
    "w": ("w0", "w1"),
    "t": ("t0",),
    "q": ("q0",),
    "e": ("e0",),
    "o": ("o0", "o1", "o2"),
    "c": ("c0", "c1"),
    "i": ("i0", "i1"),
    "a": ("a0", "a1", "a2"),
    "f": ("f0", "f1"),
    "r": ("r0", "r1"),
    "g": ("g0", "g1"),
    "h": ("h0", "h1"),
    "x": ("x0",),
    "p": ("p0", "p1"),
    "b": ("b0", "b1"),
    "j": ("j0",),
    "m": ("m0", "m1"),
    "u": ("u0", "u1", "u2"),
}
PLACEHOLDER = re.compile(r"\{([a-z]|body|def)\}")


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme.

    Attributes
    ----------
    statements, values, shown : tuple of str
        Templates: statements, expressions to bind or pass, last lines of cells.
    """

    statements: tuple[str, ...]
    values: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


def templates(text: str) -> tuple[str, ...]:
    """Return the templates of a text that has one in each line."""
    return tuple(line.strip().replace("\\n", "\n") for line in text.strip().splitlines() if line.strip())
