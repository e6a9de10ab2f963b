"""The widget by itself: what closing leaves, and what an observer may do."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from fpcache.events import EventBus
from fpcache.panel.hub import Hub
from fpcache.panel.widget import Dashboard


class Quiet:
    """A session in which nothing happens."""

    def __call__(self, ask, given):
        return {}

    def past(self):
        return []

    def totals(self):
        return {}

    def note_opened(self):
        """Nothing is counted here."""

    def facts(self):
        return {"enabled": True, "auto": False, "store": {}, "has_front_end": False, "is_attended": True}


@pytest.fixture
def hub():
    made = Hub(EventBus(), Quiet())
    yield made
    made.close()


def test_closed_dashboards_are_not_kept(hub):
    gone = []
    for _ in range(20):
        panel = Dashboard(hub)
        gone.append(weakref.ref(panel))
        panel.close()
    del panel
    gc.collect()
    assert not [one for one in gone if one() is not None]


def test_the_collector_may_take_closed_dashboards_while_another_is_opened(hub):
    def open_and_close():
        gc.disable()  # so that closed ones wait for the next collection, which falls into an opening
        for _ in range(10):
            Dashboard(hub).close()
        gc.set_threshold(1, 1, 1)
        gc.enable()
        Dashboard(hub).close()

    thresholds = gc.get_threshold()
    worker = threading.Thread(target=open_and_close, daemon=True)
    worker.start()
    worker.join(30)
    gc.set_threshold(*thresholds)
    gc.enable()
    assert not worker.is_alive()


def test_an_observer_may_close_the_dashboard_that_tells_it(hub):
    panel = Dashboard(hub)
    closed = threading.Event()

    def close(change):
        panel.close()
        closed.set()

    panel.observe(close, "overview")
    hub.answer("pin", {"entry_id": "a"})
    assert closed.wait(10)
    panel.close()
    assert hub.views == ()


def test_an_answer_goes_to_the_question_of_its_number(hub, monkeypatch):
    panel, sent = Dashboard(hub), []
    monkeypatch.setattr(panel, "send", sent.append)
    panel._received(panel, {"number": "a-1", "ask": "entries", "given": {}}, [])
    panel._received(panel, {"number": "a-2", "ask": "cell"}, [])
    panel._received(panel, {"ask": "drawn"}, [])
    assert sent[0] == {"number": "a-1", "answer": {}}
    assert sent[1]["number"] == "a-2"
    assert "KeyError" in sent[1]["problem"]
    assert len(sent) == 2
