"""What somebody may have meant who wrote a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the end of a message that names the nearest word; empty where none is near.

    Examples
    --------
    >>> did_you_mean("sorce", ["source", "total"])
    '; did you mean `source`?'
    >>> did_you_mean("sorce", ["total"])
    ''
    """
    near = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
