"""What took part in a fingerprint and what didn't, for people and for comparing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Ignored", "Report", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One thing that counts.

    Attributes
    ----------
    name : str
        Such as ``"threshold"``, ``"helpers.norm"`` or a file's path.
    how : str
        ``"code"``, ``"closure"``, ``"default"``, ``"partial"``, ``"self"``,
        ``"argument"``, ``"global"``, ``"depends_on"``, ``"file"``,
        ``"package"``, ``"environment"``, ``"random state"`` or ``"setting"``.
    summary : str
        A few words on the value.
    digest : str
        Of the value, hexadecimal.
    """

    name: str
    how: str
    summary: str
    digest: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """One thing that doesn't count, and why."""

    name: str
    summary: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """A fingerprint and all that it was made of.

    Attributes
    ----------
    fingerprint : str
        Equal in every process in which the same things are taken.
    label : str
        The callable's name.
    taken : tuple of Taken
        What counts.
    ignored : tuple of Ignored
        What was met and doesn't count.
    notes : tuple of str
        What no fingerprint can hold, such as that the code reads the calendar.
    draws : tuple of str
        The generators of random numbers that the code may draw from: what it
        gives depends on how much was drawn before.
    """

    fingerprint: str
    label: str
    taken: tuple[Taken, ...]
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()

    def changes_from(self, earlier: Report) -> list[str]:
        """Say what differs from an earlier report; empty where the fingerprints are equal.

        Examples
        --------
        >>> old = Report("fp1-a", "rows", (Taken("limit", "closure", "int 3", "01"),))
        >>> new = Report("fp1-b", "rows", (Taken("limit", "closure", "int 4", "02"),))
        >>> new.changes_from(old)
        ['`limit` (closure) changed: int 3 → int 4']
        """
        if self.fingerprint == earlier.fingerprint:
            return []
        before = {(one.how, one.name): one for one in earlier.taken}
        after = {(one.how, one.name): one for one in self.taken}
        changes = [_change(before[key], one) for key, one in after.items() if _differs(before.get(key), one)]
        changes += [f"`{one.name}` ({one.how}) counts now" for key, one in after.items() if key not in before]
        changes += [
            f"`{one.name}` ({one.how}) no longer counts" for key, one in before.items() if key not in after
        ]
        return changes or ["which values share objects changed"]

    def __str__(self) -> str:
        parts = [f"{self.label}: {self.fingerprint}", "counts:"]
        parts += _table((one.name, one.how, one.summary) for one in self.taken if one.how != "package")
        versions = ", ".join(f"{one.name} {one.summary}" for one in self.taken if one.how == "package")
        parts += [f"  packages: {versions}"] if versions else []
        if self.ignored:
            parts += ["doesn't count:", *_table((one.name, one.summary, one.reason) for one in self.ignored)]
        if self.notes:
            parts += ["to know:", *(f"  {note}" for note in self.notes)]
        return "\n".join(parts)

    __repr__ = __str__


def _differs(old: Taken | None, new: Taken) -> bool:
    return old is not None and old.digest != new.digest


def _change(old: Taken, new: Taken) -> str:
    told = f": {old.summary} → {new.summary}" if old.summary != new.summary else f" ({new.summary})"
    return f"`{new.name}` ({new.how}) changed{told}"


def _table(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Lay rows out in columns; the last column is as wide as it is."""
    found = list(rows)
    widths = [max((len(row[place]) for row in found), default=0) for place in (0, 1)]
    return [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in found]
