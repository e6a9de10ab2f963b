"""The runs of a session that called memoised functions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpcache.session.refilling import LeftOut

__all__ = ["ANY", "Memories", "Memory"]

ANY = "*"


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A run that calls memoised functions, recorded or replaced by a hit.

    Attributes
    ----------
    names : str
        The functions, for people.
    left_out : LeftOut or None
        What a hit replaced; None where nothing was, or it can't be made up for.
    """

    code_digest: str
    names: str
    was_hit: bool = False
    left_out: LeftOut | None = None

    @property
    def all_names(self) -> list[str]:
        """The functions, one by one."""
        return self.names.split(", ")

    def forgotten(self) -> Memory:
        """Return the same as something that can't be made up for."""
        return replace(self, left_out=None)


@dataclass(slots=True)
class Memories:
    """These runs, and what was done about them.

    Attributes
    ----------
    asked : set of str
        The functions whose ``cache_info`` any code named, which may have kept it under another
        name; `ANY` where nobody knows of which.
    cleared : bool
        Whether any code named ``cache_clear``.
    """

    runs: list[Memory] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    cleared: bool = False

    def is_asked(self, names: str) -> bool:
        """Whether any of these functions may be asked what it remembers."""
        return ANY in self.asked or not self.asked.isdisjoint(names.split(", "))

    def clear(self) -> None:
        """Note that what was remembered may be forgotten, now or later."""
        self.cleared = True
        self.runs[:] = [memory.forgotten() for memory in self.runs]
