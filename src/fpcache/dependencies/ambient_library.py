"""What is known of a library that has options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Library", "Options"]

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Library:
    """One library's options.

    Attributes
    ----------
    name : str
        The library, as people know it.
    title : str
        What an option is called, such as ``"pandas option"``.
    module : str
        The module that must be loaded for options to differ from the defaults.
    distribution : str
        Whose reach makes the options matter; empty for Python's own.
    read : callable
        Returns all options by name.
    defaults : callable
        Returns the options of a new process.
    write : callable or None
        Sets some options; None where they can't be set.
    quiet : frozenset of str
        Options that change no result: restored, never a dependency.
    counts : bool
        Whether the options count what was made: a dependency only of what moves them.
    """

    name: str
    title: str
    module: str
    distribution: str
    read: Callable[[], Options]
    defaults: Callable[[], Mapping[str, Any]]
    write: Callable[[Options], None] | None
    quiet: frozenset[str] = frozenset()
    counts: bool = False
