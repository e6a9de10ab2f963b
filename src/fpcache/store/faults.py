"""Reporting what is wrong with the store, each fault once."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fpcache.errors import StoreError

__all__ = ["FaultReporter", "OnFault"]

OnFault = Callable[[StoreError], None]
_REMEMBERED = 10_000
_log = logging.getLogger("fpcache.store")


class FaultReporter:
    """Hands faults on, but not the same one again.

    Parameters
    ----------
    on_fault : callable, optional
        Called with each new fault; by default faults go to the log.
    """

    def __init__(self, on_fault: OnFault | None = None) -> None:
        self._on_fault = on_fault or _log_fault
        self._told: set[tuple[type[StoreError], str]] = set()

    def report(self, subject: str, fault: StoreError) -> None:
        """Hand on a fault unless one of its kind was told about this subject."""
        told = (type(fault), subject)
        if told in self._told or len(self._told) >= _REMEMBERED:
            return
        self._told.add(told)
        self._on_fault(fault)


def _log_fault(fault: StoreError) -> None:
    """Write a fault to the log."""
    _log.warning("%s", fault)
