"""The event bus."""

from __future__ import annotations

from fpcache.events import CacheFault, EventBus, carry, is_carried, tell


def test_events_reach_subscribers_in_order_until_they_leave():
    bus, seen = EventBus(), []
    leave = bus.subscribe(lambda event: seen.append(("a", event)))
    bus.subscribe(lambda event: seen.append(("b", event)))
    bus.publish(CacheFault("one"))
    leave()
    bus.publish(CacheFault("two"))
    assert seen == [("a", CacheFault("one")), ("b", CacheFault("one")), ("b", CacheFault("two"))]


def test_a_failing_subscriber_does_not_keep_the_event_from_others(caplog):
    bus, seen = EventBus(), []

    def fail(event):
        raise ValueError("broken")

    bus.subscribe(fail)
    bus.subscribe(seen.append)
    bus.publish(CacheFault("one"))
    assert seen == [CacheFault("one")]
    assert "subscriber failed on CacheFault" in caplog.text


def test_what_rooms_without_a_session_tell_is_carried_to_those_who_listen():
    bus, seen = EventBus(), []
    end = carry(bus)
    assert not is_carried(), "nobody listens"
    leave = bus.subscribe(seen.append)
    assert is_carried()
    tell(CacheFault("one"))
    leave()
    assert not is_carried()
    bus.subscribe(seen.append)
    end()
    assert not is_carried()
    tell(CacheFault("two"))
    assert seen == [CacheFault("one")]
