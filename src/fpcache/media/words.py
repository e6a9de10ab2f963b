"""How messages write what they were given: short, and the same in every process."""

from __future__ import annotations

import re
import reprlib

__all__ = ["in_words", "without_addresses"]

_MOST_CHARACTERS = 80
_FEW_BYTES = 20
# As `object.__repr__`, functions, Pillow's images and open files write where in memory they are.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=[>;])")


def without_addresses(text: str) -> str:
    """Return a text without the places in memory that it tells of objects.

    Examples
    --------
    >>> without_addresses("can't identify <_io.BytesIO object at 0x7f12c2f3a1b0>")
    "can't identify <_io.BytesIO object>"
    """
    return _ADDRESS.sub("", text)


class _Words(reprlib.Repr):
    """Bounds each part of a value, and the time that it takes to write it."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxlong = self.maxother = _MOST_CHARACTERS

    def repr_instance(self, x: object, level: int) -> str:
        if isinstance(x, (bytes, bytearray)) and len(x) > _FEW_BYTES:
            return f"{len(x):,} bytes"
        try:
            text = without_addresses(repr(x))
        except Exception:  # of a class of the user's, anything
            return f"an object of type {type(x).__name__}"
        return text if len(text) <= self.maxother else f"{text[: self.maxother - 3]}..."


def in_words(value: object) -> str:
    """Return a value as messages show it: without its place in memory, and no longer than a line.

    Examples
    --------
    >>> in_words(object()), in_words("a.png"), in_words(bytes(4000))
    ('<object object>', "'a.png'", '4,000 bytes')
    """
    text = _Words().repr(value)
    return text if len(text) <= 2 * _MOST_CHARACTERS else f"{text[: 2 * _MOST_CHARACTERS - 3]}..."
