"""What fingerprinting may cost, and what is remembered of code."""

from __future__ import annotations

import pytest

from fpcache.session.governor import AllowanceSpentError, Governor
from fpcache.store import LocalStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))
    with_store = LocalStore(tmp_path / "cache")
    yield with_store
    with_store.close()


def test_code_is_cheap_only_once_it_was_seen_to_be(store):
    governor = Governor(store)
    assert not governor.is_known_cheap("code", 0.01)
    governor.learn("code", 0.001)
    assert governor.is_known_cheap("code", 0.01)
    assert not governor.is_known_cheap("code", 0.0005)
    assert not governor.is_known_cheap("code", 0)


def test_what_was_learnt_outlives_the_session(store):
    governor = Governor(store)
    governor.learn("code", 0.001, effect_only=True)
    governor.save()
    later = Governor(store)
    assert later.is_known_cheap("code", 0.01)
    assert later.detail("code", "effect_only") is True


def test_details_stay_through_later_runs(store):
    governor = Governor(store)
    governor.learn("code", 1.0, opens_figure=True)
    governor.learn("code", 1.0)
    assert governor.detail("code", "opens_figure") is True


def test_never_seen_code_has_a_small_allowance(store, monkeypatch):
    now = iter([0.0, 0.04, 0.06])
    monkeypatch.setattr("fpcache.session.governor.time.perf_counter", lambda: next(now))
    check = Governor(store).allowance("code", 0.01)
    check()
    with pytest.raises(AllowanceSpentError, match="fingerprinting"):
        check()


def test_code_known_to_be_slow_may_cost_as_much_as_it_runs(store, monkeypatch):
    governor = Governor(store)
    governor.learn("code", 10.0)
    governor.run_time_s = 0.0
    now = iter([0.0, 9.0, 11.0])
    monkeypatch.setattr("fpcache.session.governor.time.perf_counter", lambda: next(now))
    check = governor.allowance("code", 0.01)
    check()
    with pytest.raises(AllowanceSpentError):
        check()


def test_slow_restores_are_not_worth_storing():
    assert Governor.is_worth_storing(1.0, 0.4, 0.01)
    assert not Governor.is_worth_storing(1.0, 0.6, 0.01)
    assert Governor.is_worth_storing(0.001, 0.6, 0)
