"""Statements made for their effect on an installed module."""

from __future__ import annotations

import ast
import builtins
import json
import logging
import types
from collections import OrderedDict

import pytest

from fpcache.fingerprints.reading import read
from fpcache.session.history import AmbientHistory, effect_root, histories


class Local:
    pass


NAMESPACE = {
    "logging": logging,
    "json": json,
    "getLogger": logging.getLogger,
    "x": [],
    "Local": Local,
    "obj": Local(),
}


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("logging.basicConfig(level=10)", "logging"),
        ("json.encoder.FLOAT_REPR = repr", "json"),
        ("json.settings['a'] = 1", "json"),
        ("json.count += 1", "json"),
        ("del json.count", "json"),
        ("getLogger('a')", "logging"),
        ("y = json.dumps(1)", None),
        ("x.append(1)", None),
        ("obj.run()", None),
        ("Local.count = 1", None),
        ("unknown.run()", None),
        ("json.seed(1)", "json"),
    ],
)
def test_what_is_affected_is_read_off_the_statement(source, package):
    assert effect_root(ast.parse(source).body, NAMESPACE) == package


@pytest.mark.parametrize("hold", [lambda value: value, lambda value: [value], lambda value: {"k": (value,)}])
def test_the_packages_of_the_inputs_types_have_a_history_that_counts(hold):
    reading = read(frozenset({"x"}), None, {"x": hold(OrderedDict()), "__builtins__": builtins})
    assert "collections" in histories(reading)


def test_what_extends_a_package_without_being_required_by_it_has_a_history_too():
    pandas = pytest.importorskip("pandas")
    reading = read(frozenset({"x"}), None, {"x": pandas.Series([1]), "__builtins__": builtins})
    assert {"pandas", "tqdm"} <= histories(reading)


def test_a_local_module_is_followed_by_content_instead():
    module = types.ModuleType("helpers")
    assert effect_root(ast.parse("helpers.run()").body, {"helpers": module}) is None


def test_a_statement_with_other_arguments_changes_the_history():
    one, other = AmbientHistory(), AmbientHistory()
    one.note("p", "code", lambda: "1")
    other.note("p", "code", lambda: "2")
    assert one.digest("p") != other.digest("p")


def test_running_the_same_statements_again_leaves_the_history():
    history = AmbientHistory()
    history.note("p", "a", lambda: "1")
    history.note("p", "b", lambda: "1")
    before = history.digest("p")
    history.note("p", "a", lambda: "1")
    assert history.digest("p") != before  # what "a" set is set again, after "b"
    history.note("p", "b", lambda: "1")
    assert history.digest("p") == before


def test_arguments_without_a_fingerprint_never_match():
    def refuse() -> str:
        raise TypeError("no")

    one, other = AmbientHistory(), AmbientHistory()
    one.note("p", "a", refuse)
    recorded = one.dependencies(["p"])[0]
    other.note("q", "a", refuse)
    other.note("p", "a", refuse)
    assert other.check(recorded) == "settings of `p` were changed by another statement"
    same = AmbientHistory()  # as another process has one
    same.note("p", "a", refuse)
    assert same.check(recorded) is not None


def test_an_untouched_package_holds_until_it_is_touched():
    history = AmbientHistory()
    recorded = history.dependencies(["p"])[0]
    assert history.check(recorded) is None
    history.note("p", "a", lambda: "1")
    assert history.check(recorded) is not None
