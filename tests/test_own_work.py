"""What fpcache does for itself on the user's thread."""

from __future__ import annotations

import gc

import pytest

from fpcache.own_work import is_collecting, uncollected


@pytest.fixture(autouse=True)
def _collector():
    was_on = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_on else gc.disable)()


def test_the_collector_rests_and_counts_as_on():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
        assert is_collecting()
    assert gc.isenabled()


def test_a_collector_that_the_user_turned_off_stays_off():
    gc.disable()
    with uncollected():
        assert not is_collecting()
    assert not gc.isenabled()


def test_an_error_turns_it_on_again():
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()
    assert is_collecting()
