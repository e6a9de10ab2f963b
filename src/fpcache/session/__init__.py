"""The orchestrator: cells in, components replayed or run, reports out."""

from __future__ import annotations

from fpcache import active
from fpcache.session.report import CellReport, ComponentReport, Stats
from fpcache.session.session import Session
from fpcache.session.settings import CellOptions, Settings

__all__ = ["CellOptions", "CellReport", "ComponentReport", "Session", "Settings", "Stats", "active_session"]


def active_session() -> Session:
    """Return the session of the loaded extension.

    Raises
    ------
    FpcacheError
        If the extension is not loaded.
    """
    session: Session = active.current().session
    return session
