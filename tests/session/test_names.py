"""What counts as a change of the namespace."""

from __future__ import annotations

import pytest

from fpcache.session.names import bound_names, deleted_names, is_shells_own


@pytest.mark.parametrize("name", ["_", "__", "___", "_3", "_i", "_i12", "_oh", "In", "Out", "_dh"])
def test_names_that_ipython_keeps_are_not_the_users(name):
    assert is_shells_own(name)


@pytest.mark.parametrize("name", ["x", "_x", "_private", "Input", "_1a", "____"])
def test_other_names_are_the_users(name):
    assert not is_shells_own(name)


def test_a_name_surely_bound_counts_though_its_object_is_the_same():
    before = {"x": 1, "y": 2}
    assert bound_names(before, {"x": 1, "y": 2}, {"x"}) == ["x"]


def test_a_name_bound_unseen_by_the_analysis_counts():
    assert bound_names({}, {"x": 1, "_": 1, "_1": 1}, ()) == ["x"]


def test_a_shells_name_counts_where_the_code_binds_it():
    assert bound_names({"_": 1}, {"_": 2, "__": 1}, {"_"}) == ["_"]
    assert bound_names({"_": 1}, {"_": 2, "__": 1}, (), {"_"}) == ["_"]
    assert bound_names({"_": 1}, {"_": 1}, (), {"_"}) == []


def test_an_equal_but_other_object_is_a_binding():
    old, new = [1], [1]
    assert bound_names({"x": old}, {"x": new}, ()) == ["x"]


def test_what_is_gone_was_deleted():
    assert deleted_names({"x": 1, "y": 2, "_i": ""}, {"y": 2}) == ["x"]
