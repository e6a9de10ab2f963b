"""Cache faults: told once each, kept for the report, never raised into a cell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fpcache.errors import StoreError
from fpcache.events import CacheFault, EventBus

__all__ = ["FaultLog"]

logger = logging.getLogger("fpcache")


@dataclass(slots=True)
class FaultLog:
    """Remembers what went wrong with the cache, and shows each fault once."""

    bus: EventBus
    show: Callable[[str], None] | None = None
    messages: list[str] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)

    @contextmanager
    def guarded(self, doing: str) -> Iterator[None]:
        """Turn an exception inside into a fault: the user's code goes on."""
        try:
            yield
        except Exception as error:
            self.report(error, doing)

    def note(self, error: StoreError) -> None:
        """Note a fault that the store tells by itself."""
        self.report(error)

    def report(self, error: BaseException | str, doing: str = "") -> str:
        """Note a fault that happened while `doing` something; returns the message.

        A store's fault says all by itself, and is the same one whatever was being done.
        """
        if isinstance(error, StoreError):
            message = str(error)
        else:
            text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
            message = f"{doing}: {text}" if doing else text
        if message not in self._told:
            self._told.add(message)
            self.messages.append(message)
            logger.warning("%s", message, exc_info=error if isinstance(error, BaseException) else None)
            self.bus.publish(CacheFault(message))
            if self.show is not None:
                self.show(message)
        return message
