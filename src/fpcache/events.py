"""Frozen records of what happens in a session, and the bus that carries them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = [
    "CacheFault",
    "CellFinished",
    "CellStarted",
    "ComponentFinished",
    "ComponentStarted",
    "Event",
    "EventBus",
]

logger = logging.getLogger("fpcache")


@dataclass(frozen=True, slots=True)
class Event:
    """The base of all events."""


@dataclass(frozen=True, slots=True)
class CellStarted(Event):
    """A cell was split into components and is about to run."""

    cell: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComponentStarted(Event):
    """A component was decided on; ``status`` is the decision before running."""

    cell: str
    index: int
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ComponentFinished(Event):
    """A component ended; times in seconds."""

    cell: str
    index: int
    status: str
    reason: str
    duration_s: float
    saved_s: float


@dataclass(frozen=True, slots=True)
class CellFinished(Event):
    """A cell ended, also when it raised."""

    cell: str
    failed: bool
    overhead_s: float


@dataclass(frozen=True, slots=True)
class CacheFault(Event):
    """Something is wrong with the cache; the user's code was not affected."""

    message: str


@dataclass(slots=True)
class EventBus:
    """Hands each event to every subscriber; a subscriber's fault stays its own."""

    _subscribers: list[Callable[[Event], None]] = field(default_factory=list)

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
