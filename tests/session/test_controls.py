"""Changes from outside a cell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fpcache.errors import FpcacheError
from fpcache.session import controls


def test_automatic_mode_needs_a_shell_that_can_be_hooked():
    switches = SimpleNamespace(auto=False)
    deaf = SimpleNamespace(services=SimpleNamespace(shell=SimpleNamespace(is_hooked=False)))
    with pytest.raises(FpcacheError, match="runs cells in its own way"):
        controls.set_auto(deaf, switches, True)
    controls.set_auto(deaf, switches, False)
    assert switches.auto is False


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), "1", None, True])
def test_what_is_no_number_of_seconds_changes_nothing(seconds):
    switches = SimpleNamespace(min_seconds=0.5)
    with pytest.raises(FpcacheError, match="number of seconds"):
        controls.set_min_seconds(switches, seconds)
    assert switches.min_seconds == 0.5


def test_a_number_of_seconds_is_kept_as_it_is():
    switches = SimpleNamespace(min_seconds=0.5)
    controls.set_min_seconds(switches, 2)
    assert switches.min_seconds == 2.0
