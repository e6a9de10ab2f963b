"""What people change from outside a cell: the magics and the dashboard call the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fpcache.errors import FpcacheError
from fpcache.store.entry import Collected

if TYPE_CHECKING:
    from fpcache.session.session import Session

__all__ = ["Switches", "clear", "evict", "force", "pin", "set_auto", "set_enabled", "set_min_seconds"]


class Switches(Protocol):
    """The traits that hold the session's settings."""

    enabled: bool
    auto: bool
    min_seconds: float


def set_auto(session: Session, switches: Switches, on: bool) -> None:
    """Cache every later cell, or only those that ask for it.

    Raises
    ------
    FpcacheError
        If this shell runs cells in a way of its own.
    """
    if on and not session.services.shell.is_hooked:
        raise FpcacheError("this shell runs cells in its own way, so automatic mode can't work here")
    switches.auto = on


def set_enabled(switches: Switches, on: bool) -> None:
    """Cache as the other settings say, or nothing at all."""
    switches.enabled = on


def set_min_seconds(switches: Switches, seconds: Any) -> None:
    """Run statements quicker than this for real.

    Raises
    ------
    FpcacheError
        If it is no number of seconds.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise FpcacheError(f"min_seconds is a number of seconds from 0, not {seconds!r}")
    switches.min_seconds = float(seconds)


def pin(session: Session, entry_id: str, pinned: bool = True) -> bool:
    """Keep an entry through `clear`, or let it go; False where there is none."""
    return session.services.store.pin(entry_id, pinned)


def evict(session: Session, entry_id: str) -> bool:
    """Forget one entry; False where there is none."""
    return session.services.store.remove(entry_id)


def clear(session: Session) -> Collected:
    """Forget all entries but pinned ones."""
    return session.services.store.clear()


def force(session: Session, code_digest: str) -> None:
    """Run this code for real the next time, whatever is stored, and store what it gives."""
    session.services.forced.add(code_digest)
