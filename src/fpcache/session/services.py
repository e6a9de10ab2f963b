"""What every part of a session shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fpcache.events import EventBus
from fpcache.session.faults import FaultLog
from fpcache.session.governor import Governor
from fpcache.session.history import AmbientHistory
from fpcache.session.memories import Memories
from fpcache.session.settings import Settings
from fpcache.shell import ShellAdapter
from fpcache.store.protocol import Store

__all__ = ["Services"]


@dataclass(slots=True)
class Services:
    """The shell, the store and the session's memory, handed to each step.

    Attributes
    ----------
    origin : dict
        What the dependency probes keep for the life of the process.
    seen_in : dict
        By code digest: the cell that the code was last looked up for, and the number of its execution.
    forced : set of str
        Digests of code that is to run for real once more, whatever is stored.
    memories : Memories
        The runs of this session, replaced or recorded, that called memoised functions.
    dashboards : int
        How many dashboards were opened so far.
    """

    shell: ShellAdapter
    store: Store
    settings: Settings
    bus: EventBus
    faults: FaultLog
    governor: Governor
    history: AmbientHistory = field(default_factory=AmbientHistory)
    origin: dict[str, Any] = field(default_factory=dict)
    seen_in: dict[str, tuple[str, int]] = field(default_factory=dict)
    forced: set[str] = field(default_factory=set)
    memories: Memories = field(default_factory=Memories)
    dashboards: int = 0

    def unseeded(self) -> str:
        """Return ``"replay"`` or ``"run"``: what untouched random states do now."""
        if self.settings.unseeded != "auto":
            return self.settings.unseeded
        return "replay" if self.shell.is_interactive() else "run"
