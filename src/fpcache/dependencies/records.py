"""What a run was seen to read, to change, and to do that no replay can honour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Dependency", "Effect", "Observation", "Probe", "Refusal"]


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something read beyond the named inputs, with what it was then.

    Attributes
    ----------
    kind : str
        The probe that recorded it, such as ``"file"`` or ``"environment"``.
    name : str
        What was read: a path, a variable's name, a library.
    expected : str
        A digest or a short text of what it was when the component ran.
    """

    kind: str
    name: str
    expected: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a run changed beyond names and values, and how it looks after.

    Attributes
    ----------
    kind : str
        The probe that recorded it.
    name : str
        What was changed.
    state : bytes
        How it was left; ``apply`` of the same kind understands it. Never a
        pickle: JSON, raw bytes, or another format that runs no code.
    before : bytes
        How it was before, where ``apply`` or ``ready`` need that.
    """

    kind: str
    name: str
    state: bytes
    before: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a component can't be cached, and what its author can do.

    Attributes
    ----------
    reason : str
        Reads after "not cached: ", such as "ran other processes".
    remedy : str
        What to do next; may be empty.
    line : int or None
        The line of the cell, where one can be named.
    explicit_ok : bool
        Whether an explicit ``%%fpcache`` caches it nevertheless, and says so.
    """

    reason: str
    remedy: str = ""
    line: int | None = None
    explicit_ok: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the probes saw of one run."""

    dependencies: tuple[Dependency, ...] = ()
    effects: tuple[Effect, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


class Probe(Protocol):
    """Watches one kind of reads and changes while a component runs."""

    def start(self) -> None:
        """Take what must be known before the run and begin to watch."""

    def stop(self) -> None:
        """Stop watching; cheap, and safe to call when start failed."""

    def observation(self) -> Observation:
        """Return what was seen; asked for only when the run is worth storing."""
