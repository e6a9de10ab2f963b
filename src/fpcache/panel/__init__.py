"""The dashboard: events become state, state is shown; the front end only renders."""

from __future__ import annotations

from fpcache.panel.hub import Answers, Hub, View
from fpcache.panel.reducer import reduce
from fpcache.panel.state import SessionState

__all__ = ["Answers", "Hub", "SessionState", "View", "reduce"]
