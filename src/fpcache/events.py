"""Frozen records of what happens in a session, and the bus that carries them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = [
    "BatchProgress",
    "CacheFault",
    "CellFinished",
    "CellStarted",
    "ComponentFinished",
    "ComponentStarted",
    "Event",
    "EventBus",
    "PlannedComponent",
    "carry",
    "is_carried",
    "tell",
]

logger = logging.getLogger("fpcache")


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all events."""


@dataclass(frozen=True, slots=True)
class PlannedComponent:
    """A component of a cell that is about to run.

    Attributes
    ----------
    label : str
        Its code in a few words.
    first_line, last_line : int
        Lines of the cell, from 1; 0 for a node of a hand-written graph.
    needs : tuple of (int, str)
        Indexes of the components whose names it reads, each with the name.
    """

    label: str
    first_line: int
    last_line: int
    needs: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CellStarted(Event):
    """A cell was split into components and is about to run.

    Attributes
    ----------
    number : int
        Counts the cells that ran in this session, from 1.
    cell : str
        What people know the cell by.
    execution : int
        The number in its prompt.
    started_s : float
        Seconds since the epoch.
    kind : str
        ``"cell"``, or ``"graph"`` for a hand-written graph, whose nodes are told of like components.
    """

    number: int
    cell: str
    components: tuple[PlannedComponent, ...]
    execution: int = 0
    started_s: float = 0.0
    kind: str = "cell"


@dataclass(frozen=True, slots=True)
class ComponentStarted(Event):
    """A component was decided on, at ``at_s`` since the epoch; ``status`` is the decision before running."""

    number: int
    index: int
    status: str
    reason: str
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ComponentFinished(Event):
    """A component ended; times in seconds.

    Attributes
    ----------
    last_index : int
        Index of the last component that it took in; its own where it took in none.
    was_stored : bool
        Whether its run was stored; ``size_bytes`` counts what was stored or restored.
    device : str
        Where its arrays are, such as ``"cuda:0 float16"``; empty where it has none that could be elsewhere.
    """

    number: int
    index: int
    status: str
    reason: str
    duration_s: float = 0.0
    saved_s: float = 0.0
    size_bytes: int = 0
    was_stored: bool = False
    failed: bool = False
    last_index: int = 0
    device: str = ""


@dataclass(frozen=True, slots=True)
class CellFinished(Event):
    """A cell ended, also when it raised."""

    number: int
    failed: bool
    overhead_s: float
    kind: str = "cell"


@dataclass(frozen=True, slots=True)
class CacheFault(Event):
    """Something is wrong with the cache; the user's code was not affected."""

    message: str


@dataclass(frozen=True, slots=True)
class BatchProgress(Event):
    """How far a batch of media has come; told by code that runs, of whatever component runs.

    Attributes
    ----------
    done, failures : int
        Items given back so far, and how many of them failed.
    total : int or None
        How many there are, where the batch could tell without drawing them.
    per_s : float
        Items per second since it began.
    together : int
        How many were last computed together.
    device, dtype : str
        Where a network runs, such as ``"NVIDIA H100"`` and ``"float16"``; ``"CPU"`` and nothing without one.
    workers : str
        Who decodes, as `fpcache.media.fingerprint_batch` calls it.
    is_over : bool
        Whether nothing more will come.
    """

    done: int
    total: int | None = None
    failures: int = 0
    per_s: float = 0.0
    together: int = 0
    device: str = ""
    dtype: str = ""
    workers: str = ""
    is_over: bool = False


@dataclass(slots=True)
class EventBus:
    """Hands each event to every subscriber; a subscriber's fault stays its own."""

    _subscribers: list[Callable[[Event], None]] = field(default_factory=list)

    @property
    def is_heard(self) -> bool:
        """Whether anyone listens, so that details are worth collecting."""
        return bool(self._subscribers)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every later event; returns what ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def publish(self, event: Event) -> None:
        """Hand `event` to all subscribers, in the order they came."""
        for callback in tuple(self._subscribers):
            try:
                callback(event)
            except Exception:
                logger.exception("an fpcache event subscriber failed on %s", type(event).__name__)


_carrying: list[EventBus] = []


def carry(bus: EventBus) -> Callable[[], None]:
    """Have `bus` carry what is told by rooms that know no session; returns what ends it."""
    _carrying.append(bus)
    return lambda: _carrying.remove(bus)


def is_carried() -> bool:
    """Return whether anyone would hear what is told."""
    return any(bus.is_heard for bus in _carrying)


def tell(event: Event) -> None:
    """Publish an event on every bus that carries what is told."""
    for bus in tuple(_carrying):
        bus.publish(event)
