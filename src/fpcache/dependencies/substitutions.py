"""Attributes of modules and classes that are replaced while a component runs, and put back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Substitution", "substitute", "undo"]

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Substitution:
    """One attribute that was replaced.

    Attributes
    ----------
    owner : object
        The module or class.
    name : str
        The attribute's name.
    original, stand_in : object
        What it was, and what stands there now.
    """

    owner: object
    name: str
    original: object
    stand_in: object


def substitute(owner: object, name: str, stand_in: object) -> Substitution:
    """Replace an attribute that the owner itself holds, and return how to undo that."""
    found = Substitution(owner, name, vars(owner)[name], stand_in)
    setattr(owner, name, stand_in)
    return found


def undo(substitutions: Iterable[Substitution]) -> None:
    """Put the originals back, except where the run itself has set something else since."""
    for found in substitutions:
        if vars(found.owner).get(found.name, _ABSENT) is found.stand_in:
            setattr(found.owner, found.name, found.original)
