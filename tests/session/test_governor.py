"""What fingerprinting may cost, and what is remembered of code."""

from __future__ import annotations

from contextlib import suppress

import pytest

from fpcache.session.governor import (
    INPUTS_S,
    LEAST_S,
    SHARE_OF_RUN_TIME,
    START_S,
    TRIED_AGAIN,
    AllowanceSpentError,
    Governor,
)
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


def test_what_was_too_dear_to_fingerprint_is_not_tried_again_with_hardly_more(store, clock):
    governor = Governor(store, spent_s=START_S)
    governor.learn("code", 0.2, **{INPUTS_S: 0.1})
    with pytest.raises(AllowanceSpentError, match="took over 0.10 s before"):
        governor.allowance("code", 0.01)
    assert limit_of(governor.allowance("code", 0), clock) == float("inf")
    governor.run_time_s = 10.0
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(0.4, abs=0.011)
    governor.run_time_s = 0.0
    for _ in range(TRIED_AGAIN - 1):
        governor.learn("code", 0.2)
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(0.1, abs=0.011)


def test_code_that_has_become_slow_is_tried_again_at_once(store, clock):
    governor = Governor(store, spent_s=START_S)
    governor.learn("code", 0.2, **{INPUTS_S: 0.1})
    governor.learn("code", 2.0)
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(1.0, abs=0.011)


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


@pytest.fixture
def clock(monkeypatch):
    """Let the thread's clock say what a test sets."""
    now = [0.0]
    monkeypatch.setattr("fpcache.session.governor.time.thread_time", lambda: now[0])
    monkeypatch.setattr("fpcache.session.governor.time.perf_counter", lambda: 3 * now[0])
    return now


def limit_of(check, clock) -> float:
    """Return after how many seconds a check raises, in steps of 10 ms."""
    started = clock[0]
    for steps in range(10_000):
        clock[0] = started + steps / 100
        try:
            check(0.0)
        except AllowanceSpentError:
            return steps / 100
    return float("inf")


def test_never_seen_code_has_half_of_the_purse(store, clock):
    governor = Governor(store)
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(START_S / 2, abs=0.011)
    governor.run_time_s = 10.0
    expected = (START_S + 10 * SHARE_OF_RUN_TIME) / 2
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(expected, abs=0.011)


def test_what_was_spent_is_no_longer_there(store, clock):
    governor = Governor(store)
    with governor.spending():
        clock[0] += START_S
    assert governor.left_s == pytest.approx(0)
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(LEAST_S, abs=0.011)
    with suppress(KeyError), governor.spending():
        clock[0] += 1
        raise KeyError
    assert governor.left_s == pytest.approx(-1)


def test_a_long_session_tries_a_little_more_though_its_purse_is_empty(store, clock):
    governor = Governor(store, run_time_s=20.0, spent_s=2.5)
    assert governor.left_s < 0
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(0.1, abs=0.011)
    governor.spent_s = 4.0  # far more than there is
    assert limit_of(governor.allowance("code", 0.01), clock) == pytest.approx(LEAST_S, abs=0.011)


def test_a_result_that_was_too_dear_to_look_at_waits_for_a_run_with_more_to_spend(store, clock):
    governor = Governor(store, spent_s=5.0)
    governor.learn("code", 10.0, result_s=1.5)
    with pytest.raises(AllowanceSpentError, match=r"over 1\.50 s"):
        governor.storing_allowance("code", 10.0, 0.01)
    governor.spent_s = 0.0
    governor.run_time_s = 60.0
    assert limit_of(governor.storing_allowance("code", 10.0, 0.01), clock) == pytest.approx(2.525, abs=0.011)


def test_code_known_to_be_slow_may_cost_half_of_what_it_runs(store, clock):
    governor = Governor(store, spent_s=5.0)
    governor.learn("code", 10.0)
    check = governor.allowance("code", 0.01)
    assert limit_of(check, clock) == pytest.approx(5.0, abs=0.011)


def test_what_the_user_asked_for_is_read_whole_the_first_time(store, clock):
    governor = Governor(store, spent_s=5.0)
    assert limit_of(governor.allowance("code", 0.01, explicit=True), clock) == float("inf")
    governor.learn("code", 1.0)
    assert limit_of(governor.allowance("code", 0.01, explicit=True), clock) == pytest.approx(0.5, abs=0.011)


def test_where_all_is_cached_nothing_is_limited(store, clock):
    governor = Governor(store, spent_s=5.0)
    assert limit_of(governor.allowance("code", 0), clock) == float("inf")
    assert limit_of(governor.storing_allowance("code", 0.001, 0), clock) == float("inf")
    assert governor.can_afford_storing(0.001, 0)


def test_storing_may_take_a_share_of_the_run_also_when_the_purse_is_empty(store, clock):
    governor = Governor(store, spent_s=5.0)
    assert limit_of(governor.storing_allowance("code", 10, 0.01), clock) == pytest.approx(1.5, abs=0.011)
    assert governor.can_afford_storing(1.0, 0.01)
    assert not governor.can_afford_storing(0.02, 0.01)
    governor.run_time_s = 100.0
    assert governor.can_afford_storing(0.02, 0.01)


def test_a_result_is_not_looked_at_for_longer_than_a_replay_may_take(store, clock):
    governor = Governor(store, run_time_s=100.0)
    assert limit_of(governor.storing_allowance("code", 0.1, 0.01), clock) == pytest.approx(0.05, abs=0.011)


def test_a_result_that_was_dear_to_refuse_is_tried_again_now_and_then(store):
    governor = Governor(store)
    governor.learn_refusal("code", 1.0, "holds a socket", 0.3)
    found = []
    for _ in range(2 * TRIED_AGAIN):
        found.append(governor.known_refusal("code", 0.01))
        governor.learn("code", 1.0)
    assert found.count("holds a socket") == 2 * TRIED_AGAIN - 2
    assert governor.known_refusal("code", 0) is None
    governor.learn("code", 1.0, refused=None)
    governor.learn("code", 1.0)
    assert governor.known_refusal("code", 0.01) is None


def test_a_result_that_was_cheap_to_refuse_is_looked_at_each_time(store):
    governor = Governor(store)
    governor.learn_refusal("code", 1.0, "holds a socket", 0.01)
    assert governor.known_refusal("code", 0.01) is None


def test_slow_restores_are_not_worth_storing():
    assert Governor.is_worth_storing(1.0, 0.4, 0.01)
    assert not Governor.is_worth_storing(1.0, 0.6, 0.01)
    assert Governor.is_worth_storing(0.001, 0.6, 0)
