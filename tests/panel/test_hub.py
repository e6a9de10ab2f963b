"""Between a session and its dashboards: threads, several views, what stays after closing."""

from __future__ import annotations

import threading
import time

import pytest

from fpcache.errors import FpcacheError
from fpcache.events import CellFinished, CellStarted, ComponentFinished, EventBus, PlannedComponent
from fpcache.panel.hub import Hub


class Answering:
    """A session that knows one question and one change."""

    def __init__(self):
        self.asked, self.ended, self.opened = [], [], 0

    def past(self):
        return [event for number in self.ended for event in cell_events(number, 1)]

    def __call__(self, ask, given):
        if ask == "odd":
            raise FpcacheError("there is no request 'odd'")
        self.asked.append((ask, dict(given), threading.current_thread()))
        return {"ask": ask}

    def facts(self):
        return {"enabled": True, "auto": False, "store": {}}

    def totals(self):
        return {"hits": len(self.ended)}

    def note_opened(self):
        self.opened += 1


class Watcher:
    """A view that keeps what it is shown."""

    def __init__(self, hub):
        self.hub, self.shown, self.threads, self.kept = hub, [], set(), []

    def show(self, overview, cell):
        self.shown.append((overview, cell))
        self.threads.add(threading.current_thread())

    def keep(self):
        self.kept.append((self.hub.cell()["number"], threading.current_thread()))

    def close(self):
        self.hub.leave(self)


@pytest.fixture
def hub():
    made = Hub(EventBus(), Answering())
    yield made
    made.close()


def opened(hub):
    view = Watcher(hub)
    hub.open(view)
    return view


def until(holds, patience_s=10.0):
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def cell_events(number, count):
    parts = tuple(PlannedComponent(f"x{index} = 1", index, index) for index in range(count))
    yield CellStarted(number, "a", parts)
    for index in range(count):
        yield ComponentFinished(number, index, "hit", "same", saved_s=1.0, last_index=index)
    yield CellFinished(number, False, 0.0)


def publish_cell(hub, number, count=1):
    for event in cell_events(number, count):
        hub._bus.publish(event)


def dashboards():
    return [thread for thread in threading.enumerate() if thread.name == "fpcache-dashboard"]


def test_every_view_comes_to_show_the_last_state_from_another_thread(hub):
    views = [opened(hub), opened(hub)]
    for number in range(1, 31):
        publish_cell(hub, number)
    for view in views:
        until(lambda view=view: view.shown and view.shown[-1][1].get("number") == 30)
        assert view.shown[-1][0]["totals"]["hits"] == 30
        assert threading.current_thread() not in view.threads
    assert len(dashboards()) == 1


def test_many_events_are_shown_in_few_steps(hub):
    view = opened(hub)
    started = time.monotonic()
    for number in range(1, 101):
        publish_cell(hub, number, count=100)
    until(lambda: view.shown[-1][1].get("number") == 100)
    assert hub.state.totals.hits == 10_000
    assert len(view.shown) <= 3 + (time.monotonic() - started) / 0.1


def test_a_change_is_told_to_all_and_a_question_is_not(hub):
    view = opened(hub)
    until(lambda: view.shown)
    assert hub.answer("entries", {"limit": 1}) == {"ask": "entries"}
    assert hub.overview()["changes"] == 0
    hub.answer("pin", {"entry_id": "a"})
    until(lambda: view.shown[-1][0]["changes"] == 1)


def test_an_earlier_cell_can_be_asked_for(hub):
    opened(hub)
    publish_cell(hub, 1, count=3)
    publish_cell(hub, 2)
    assert len(hub.answer("cell", {"number": 1})["nodes"]) == 3
    assert hub.cell()["number"] == 2
    assert hub.answer("cell", {"number": 77}) == {}


def test_what_cannot_be_answered_is_raised_and_changes_nothing(hub):
    with pytest.raises(FpcacheError, match="no request 'odd'"):
        hub.answer("odd", {})
    assert hub.overview()["changes"] == 0


def test_a_dashboard_that_is_opened_late_shows_the_cells_before_it(hub):
    hub._answers.ended = [1, 2]
    opened(hub)
    assert [cell.number for cell in hub.state.cells] == [1, 2]
    publish_cell(hub, 3)
    assert hub.state.totals.hits == 3


def test_the_cell_in_which_it_was_opened_appears_when_it_ends(hub):
    opened(hub)
    _, component, end = cell_events(1, 1)
    hub._bus.publish(component)
    assert hub.state.totals.hits == 0
    hub._answers.ended = [1]
    hub._bus.publish(end)
    assert [cell.number for cell in hub.state.cells] == [1]
    assert hub.state.totals.hits == 1


def test_closing_and_opening_leaves_no_hole_and_nothing_running(hub):
    first = opened(hub)
    hub._bus.publish(next(cell_events(1, 2)))
    assert hub.state.cells[-1].phase == "running"
    first.close()
    hub._answers.ended = [1, 2]
    opened(hub)
    assert [(cell.number, cell.phase) for cell in hub.state.cells] == [(1, "finished"), (2, "finished")]


def test_at_each_cells_end_views_are_told_in_the_cells_own_thread(hub):
    view = opened(hub)
    publish_cell(hub, 1)
    publish_cell(hub, 2)
    assert view.kept == [(1, threading.current_thread()), (2, threading.current_thread())]


def test_closing_the_last_view_ends_thread_and_subscription(hub):
    first, second = opened(hub), opened(hub)
    first.close()
    assert len(dashboards()) == 1
    second.close()
    second.close()
    assert dashboards() == []
    assert not hub._bus.is_heard
    opened(hub)
    assert hub._bus.is_heard
    assert len(dashboards()) == 1


def test_a_view_that_fails_does_not_keep_the_others_from_being_shown(hub, caplog):
    bad = opened(hub)
    bad.show = lambda overview, cell: 1 / 0
    good = opened(hub)
    publish_cell(hub, 1)
    until(lambda: good.shown and good.shown[-1][1].get("number") == 1)
    assert "ZeroDivisionError" in caplog.text


def test_facts_that_cannot_be_had_do_not_end_the_thread(hub, caplog):
    view = opened(hub)
    until(lambda: view.shown)
    known = hub._answers.facts
    hub._answers.facts = lambda: 1 / 0
    publish_cell(hub, 1)
    until(lambda: "ZeroDivisionError" in caplog.text)
    hub._answers.facts = known
    publish_cell(hub, 2)
    until(lambda: view.shown[-1][1].get("number") == 2)
    assert len(dashboards()) == 1
