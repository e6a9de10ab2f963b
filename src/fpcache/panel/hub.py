"""Between one session and its open dashboards: takes events in, shows them from a thread of its own.

The cell's thread only puts an event into a queue, so that a dashboard costs a
component microseconds. A service thread folds, puts together what is shown and
sends it, at most every tenth of a second and in at most a twentieth of its time;
where a turn took long, as the garbage collector may have it, it rests for four seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import reduce as fold
from typing import Any, Protocol

from fpcache.events import CellFinished, Event, EventBus
from fpcache.panel.devices import devices
from fpcache.panel.reducer import reduce
from fpcache.panel.state import SessionState, Totals
from fpcache.panel.views import overview, shown_cell

__all__ = ["Answers", "Hub", "View"]

logger = logging.getLogger("fpcache")

REST_S = 0.1
REST_SHARE = 20
REST_MOST_S = 4.0
LOOK_S = 2.0
JOIN_S = 5.0


class Answers(Protocol):
    """What a session answers."""

    def __call__(self, ask: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question, or make a change."""

    def facts(self) -> dict[str, Any]:
        """Return the settings, and what the store holds."""

    def past(self) -> Iterable[Event]:
        """Return the events of the last cells that ended."""

    def totals(self) -> Mapping[str, Any]:
        """Return the sums over all cells that ended, by the names of `Totals`' fields."""

    def note_opened(self) -> None:
        """Note that one more dashboard was opened."""


class View(Protocol):
    """One open dashboard."""

    def show(self, overview: Mapping[str, Any], cell: Mapping[str, Any]) -> None:
        """Show this; called from the hub's thread."""

    def keep(self) -> None:
        """Bring what a saved notebook holds up to date; called in the cell's thread when a cell ends."""

    def close(self) -> None:
        """Let go of everything."""


class Hub:
    """What the dashboards of one session have in common.

    Parameters
    ----------
    bus : EventBus
        Where the session's events come from.
    answers : Answers
        Whom to ask about the session.
    """

    def __init__(self, bus: EventBus, answers: Answers) -> None:
        self._bus = bus
        self._answers = answers
        self._lock = threading.RLock()
        self._folding = threading.Lock()
        self._state = SessionState()
        self._queue: deque[Event] = deque()
        self._views: list[View] = []
        self._changes = 0
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._leave: Callable[[], None] | None = None

    @property
    def state(self) -> SessionState:
        """What was seen of the session so far."""
        with self._folding:
            while self._queue:
                event = self._queue.popleft()
                self._state = reduce(self._state, event)
                if isinstance(event, CellFinished) and not self._state.has_cell(event.number):
                    self._begin_anew()  # the dashboard was opened in that cell
            return self._state

    def _begin_anew(self) -> None:
        """Take the state from what the session keeps of its last cells."""
        self._queue.clear()
        past = fold(reduce, self._answers.past(), SessionState())
        self._state = replace(past, totals=Totals(**self._answers.totals()))

    @property
    def views(self) -> tuple[View, ...]:
        """The open dashboards."""
        return tuple(self._views)

    def open(self, view: View) -> None:
        """Keep a dashboard up to date from now on."""
        self._answers.note_opened()
        with self._lock:
            self._views.append(view)
            if self._leave is None:
                with self._folding:
                    self._begin_anew()
                self._leave = self._bus.subscribe(self._take_in)
            if self._thread is None:
                self._ended = threading.Event()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._ended,), name="fpcache-dashboard", daemon=True
                )
                self._thread.start()
        self._news.set()

    def leave(self, view: View) -> None:
        """Forget a dashboard; with the last one the thread and the subscription end."""
        with self._lock:
            if view in self._views:
                self._views.remove(view)
            if self._views:
                return
            thread, self._thread = self._thread, None
            self._ended.set()
            if self._leave is not None:
                self._leave()
                self._leave = None
        self._news.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def close(self) -> None:
        """Close all dashboards."""
        for view in self.views:
            view.close()

    def answer(self, ask: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a dashboard; after a change all of them are told."""
        if ask == "cell":
            return self.cell(int(given["number"]))
        answer = self._answers(ask, given)
        if ask not in ("component", "entries"):
            self._changes += 1
            self._news.set()
        return answer

    def facts(self) -> dict[str, Any]:
        """Return the session's settings, and what its store holds."""
        return self._answers.facts()

    def cell(self, number: int | None = None) -> dict[str, Any]:
        """Return the cell of this number, or the last one, as a dashboard shows it; empty where is none."""
        cells = self.state.cells
        found = next((cell for cell in reversed(cells) if number in (None, cell.number)), None)
        return shown_cell(found) if found is not None else {}

    def overview(self) -> dict[str, Any]:
        """Return all but the cell's components, as a dashboard shows it."""
        return overview(self.state, self._answers.facts(), devices(), self._changes)

    def _take_in(self, event: Event) -> None:
        """Queue an event; called in the cell's thread, and for the store's faults in any other."""
        self._queue.append(event)
        if isinstance(event, CellFinished) and event.kind == "cell":
            for view in self.views:
                view.keep()
        self._news.set()

    def _serve(self, ended: threading.Event) -> None:
        """Show what is new until the last dashboard is closed."""
        while not ended.is_set():
            self._news.wait(LOOK_S)  # devices and other kernels tell no news
            self._news.clear()
            started = time.thread_time()
            self._show()
            rest_s = REST_SHARE * (time.thread_time() - started)
            ended.wait(min(max(REST_S, rest_s), REST_MOST_S))

    def _show(self) -> None:
        try:
            seen, cell = self.overview(), self.cell()
        except Exception:
            logger.exception("fpcache's dashboard could not put its state together")
            return
        for view in self.views:
            try:
                view.show(seen, cell)
            except Exception:
                logger.exception("one of fpcache's dashboards could not be brought up to date")
