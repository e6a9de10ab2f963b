"""A batch tells how far it has come: seldom, and only where someone listens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fpcache.events import BatchProgress, EventBus, carry
from fpcache.media import fingerprint, fingerprint_batch, fingerprint_each
from fpcache.media.batches import telling
from fpcache.media.batches.telling import Telling

from ..conftest import TEXT, encoded, picture

CUT_OFF = encoded(picture(7))[:300]


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self):
        self.now_s = 100.0

    def perf_counter(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(telling, "time", made)
    return made


@pytest.fixture
def seen():
    """What is told, while someone listens."""
    bus, events = EventBus(), []
    end = carry(bus)
    bus.subscribe(events.append)
    yield events
    end()


def test_a_batch_tells_how_far_it_has_come(seen, clock):
    items = [encoded(picture(1)), CUT_OFF, TEXT]
    for _ in fingerprint_each(items, workers=1):
        clock.now_s += 0.5
    assert [(event.done, event.total, event.failures, event.is_over) for event in seen] == [
        (2, 3, 1, False), (3, 3, 1, False), (3, 3, 1, True),
    ]  # fmt: skip
    assert (seen[0].device, seen[0].dtype, seen[0].workers, seen[0].together) == ("CPU", "", "threads", 1)
    assert seen[-1].per_s == pytest.approx(2.0)


def test_it_tells_at_most_five_times_a_second(seen, clock):
    told = Telling("threads")
    for _ in range(10_000):
        clock.now_s += 0.001
        told.given(True)
    assert 45 <= len(seen) <= 50
    assert all(event.per_s == pytest.approx(1000) for event in seen)


def test_a_short_batch_tells_nothing(seen, clock):
    fingerprint_batch([TEXT] * 20)
    assert seen == []


def test_nothing_is_told_where_nobody_listens(monkeypatch, clock):
    monkeypatch.setattr(telling, "tell", lambda event: pytest.fail("told"))
    told = Telling("threads")
    for _ in range(3):
        clock.now_s += 1
        told.given(True)
    told.end()


def test_how_many_there_are_is_not_drawn_from_a_generator(seen, clock):
    for _ in fingerprint_each((text for text in [TEXT, TEXT + "."]), workers=1):
        clock.now_s += 1
    assert [event.total for event in seen] == [None, None]


def test_a_batch_that_is_closed_or_fails_is_over(seen, clock):
    each = fingerprint_each([TEXT] * 3, workers=1)
    next(each)
    clock.now_s += 1
    next(each)
    each.close()
    assert isinstance(seen[-1], BatchProgress)
    assert seen[-1].is_over


def test_the_network_that_runs_is_named(seen, clock, monkeypatch):
    monkeypatch.setattr(telling, "_device_name", lambda device: f"the card {device}")
    one = fingerprint(picture(1))
    made = replace(one, parts=replace(one.parts, model="net-1", device="cuda:1", dtype="float16"))
    told = Telling("processes", 16)
    told.computed([made] * 16)
    clock.now_s += 1
    told.given(made)
    assert (seen[0].device, seen[0].dtype, seen[0].together) == ("the card cuda:1", "float16", 16)
