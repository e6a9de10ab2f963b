"""What a dashboard asks of a session, answered as plain data: questions by name, changes by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from fpcache.errors import FpcacheError, StoreError
from fpcache.events import Event
from fpcache.session import controls
from fpcache.session.controls import Switches
from fpcache.session.details import component_details, entry_facts
from fpcache.session.session import Session
from fpcache.session.telling import past_events
from fpcache.store.entry import Entry
from fpcache.store.protocol import Sort

__all__ = ["PanelAnswers"]

_MOST_ROWS = 200
_MOST_SOURCE = 2000


@dataclass(frozen=True, slots=True)
class PanelAnswers:
    """Answers questions about a session and its store, from any thread.

    Attributes
    ----------
    session : Session
        The session.
    switches : Switches
        The traits that hold its settings.
    """

    session: Session
    switches: Switches

    def __call__(self, ask: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question or make one change.

        Raises
        ------
        FpcacheError
            If that is not possible, with the reason.
        """
        asked: Callable[[Mapping[str, Any]], dict[str, Any]] | None = getattr(self, f"_on_{ask}", None)
        if asked is None:
            raise FpcacheError(f"there is no request {ask!r}")
        try:
            return asked(given)
        except (KeyError, TypeError, ValueError) as error:
            raise FpcacheError(f"the request {ask!r} can't be read ({error})") from error

    def facts(self) -> dict[str, Any]:
        """Return the settings, and what the store holds in all."""
        settings = self.session.services.settings
        return {
            "enabled": self.session.is_enabled,
            "auto": settings.auto,
            "is_attended": self.session.services.shell.is_interactive(),
            "has_front_end": self.session.services.shell.has_front_end,
            "can_auto": self.session.services.shell.is_hooked,
            "min_seconds": settings.min_seconds,
            "store": self._store_facts(),
        }

    def _store_facts(self) -> dict[str, Any]:
        try:
            totals = self.session.services.store.totals()
        except StoreError as error:
            return {"problem": str(error)}
        return {
            "entries": totals.entries,
            "pinned": totals.pinned,
            "size_bytes": totals.size_bytes,
            "hits": totals.hits,
            "saved_s": totals.saved_s,
        }

    def past(self) -> list[Event]:
        """Return the events of the last cells that ended."""
        session = self.session
        reports = sorted([*session.reports, *session.graph_reports], key=lambda report: report.number)
        return list(past_events(reports))

    def totals(self) -> dict[str, Any]:
        """Return the sums over all cells that ended."""
        stats = self.session.stats
        return {
            "hits": stats.hits,
            "misses": stats.misses,
            "uncacheable": stats.uncacheable,
            "plain": stats.plain,
            "saved_s": stats.time_saved_s,
            "overhead_s": stats.overhead_s,
            "stored_bytes": stats.stored_bytes,
            "restored_bytes": stats.restored_bytes,
        }

    def note_opened(self) -> None:
        """Note that one more dashboard was opened: a cell that did so is not replayed."""
        self.session.services.dashboards += 1

    # -- questions -------------------------------------------------------

    def _on_component(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return component_details(self.session, int(given["number"]), int(given["index"]))

    def _on_entries(self, given: Mapping[str, Any]) -> dict[str, Any]:
        sort, search = given.get("sort", "created"), str(given.get("search", ""))
        if sort not in get_args(Sort):
            raise FpcacheError(f"entries can't be sorted by {sort!r}")
        limit = max(1, min(int(given.get("limit", 50)), _MOST_ROWS))
        offset = max(0, int(given.get("offset", 0)))
        store = self.session.services.store
        entries = store.entries(search=search, sort=sort, limit=limit, offset=offset)
        return {"rows": [_listed(entry) for entry in entries], "count": store.count(search), "offset": offset}

    # -- changes ---------------------------------------------------------

    def _on_auto(self, given: Mapping[str, Any]) -> dict[str, Any]:
        controls.set_auto(self.session, self.switches, bool(given["on"]))
        return {}

    def _on_enabled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        controls.set_enabled(self.switches, bool(given["on"]))
        return {}

    def _on_min_seconds(self, given: Mapping[str, Any]) -> dict[str, Any]:
        controls.set_min_seconds(self.switches, given["seconds"])
        return {}

    def _on_pin(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return _done(controls.pin(self.session, str(given["entry_id"]), bool(given["pinned"])))

    def _on_evict(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return _done(controls.evict(self.session, str(given["entry_id"])))

    def _on_force(self, given: Mapping[str, Any]) -> dict[str, Any]:
        controls.force(self.session, str(given["code_digest"]))
        return {}

    def _on_clear(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("confirmed") is not True:
            raise FpcacheError("clearing the cache has to be confirmed")
        return {"entries": controls.clear(self.session).entries}


def _done(is_there: bool) -> dict[str, Any]:
    if not is_there:
        raise FpcacheError("that entry is no longer there")
    return {}


def _listed(entry: Entry) -> dict[str, Any]:
    return {**entry_facts(entry), "source": entry.source[:_MOST_SOURCE]}
