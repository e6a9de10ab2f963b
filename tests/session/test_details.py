"""A component looked at closely, without a session that ran it."""

from __future__ import annotations

from json import dumps
from types import SimpleNamespace

import pytest

from fpcache.errors import FpcacheError
from fpcache.session.details import component_details, source_difference
from fpcache.session.report import CellReport, ComponentReport
from fpcache.store.entry import Entry

ROOTS = (
    '{"roots": [{"key": "x", "label": "`x`", "kind": "value", "summary": "list of 2", "digest": "aa",'
    ' "head": "1, 2"},'
    ' {"key": "y", "label": "`y`", "kind": "value", "summary": "int 1", "digest": "bb"},'
    ' {"key": "numpy", "label": "package numpy", "kind": "package", "summary": "1.0", "digest": "1.0"}]}'
)


def session_with(row, *entries):
    store = SimpleNamespace(entry={entry.entry_id: entry for entry in entries}.get)
    report = CellReport("cell", [row], number=1)
    return SimpleNamespace(report_of={1: report}.get, services=SimpleNamespace(store=store))


def missed():
    row = ComponentReport("z = x", (1, 1), "miss", "`x` changed")
    row.evidence.against, row.evidence.source = "old", "z = x"
    row.evidence.inputs = [
        {
            "key": "x",
            "label": "`x`",
            "kind": "value",
            "summary": "list of 3",
            "head": "1, 2, 3",
            "digest": "a" * 32,
        },
        {"key": "w", "label": "`w`", "kind": "value", "summary": "int 1", "digest": "c" * 32},
    ]
    row.evidence.packages = {"numpy": "2.0", "pandas": "3.0"}
    return row


def test_inputs_are_compared_with_the_nearest_entry():
    old = Entry(key="k", created_s=1.0, entry_id="old", source="z = x", meta=ROOTS.encode())
    found = component_details(session_with(missed(), old), 1, 0)
    told = [(one["label"], one["change"], one["before"], one["summary"]) for one in found["inputs"]]
    assert told == [
        ("`x`", "changed", "list of 2", "list of 3"),
        ("`w`", "new", "", "int 1"),
        ("`y`", "gone", "int 1", ""),
        ("package numpy", "changed", "1.0", "2.0"),
    ]
    x, w, y, _ = found["inputs"]
    assert (x["digest"], x["head_before"], x["head"]) == ("a" * 12, "1, 2", "1, 2, 3")
    assert (w["head_before"], y["head"]) == ("", "")


def dependencies(row, *entries):
    found = component_details(session_with(row, *entries), 1, 0)["dependencies"]
    return [(one["kind"], one["name"], one["change"]) for one in found]


def entry(entry_id, *recorded):
    return Entry(key="k", created_s=1.0, entry_id=entry_id, dependencies=dumps(recorded).encode())


def test_changed_files_are_told_apart_from_those_that_are_as_before():
    row = missed()
    row.evidence.entry_id = "new"
    old = entry("old", ("file", "a.csv", "1"), ("file", "b.csv", "1"), ("file", "gone.csv", "1"))
    new = entry("new", ("file", "a.csv", "1"), ("file", "b.csv", "2"), ("file", "more.csv", "1"))
    assert dependencies(row, old, new) == [
        ("file", "b.csv", "changed"),
        ("file", "more.csv", "new"),
        ("file", "gone.csv", "gone"),
        ("file", "a.csv", "same"),
    ]


def test_of_a_run_that_was_not_stored_the_dependency_that_did_not_hold_is_told():
    row = missed()
    old = entry("old", ("file", "a.csv", "1"), ("file", "b.csv", "1"))
    assert dependencies(row, old) == []
    row.evidence.broken = ("file", "b.csv")
    assert dependencies(row, old) == [("file", "b.csv", "changed")]


def test_without_an_earlier_entry_nothing_is_compared():
    found = component_details(session_with(missed()), 1, 0)
    assert {one["change"] for one in found["inputs"]} == {""}
    assert found["earlier"] is None


def test_a_refusals_remedy_stands_apart():
    row = ComponentReport("f()", (1, 1), "uncacheable", "reads the clock, line 1; pass the time in")
    found = component_details(session_with(row), 1, 0)
    assert (found["reason"], found["remedy"]) == ("reads the clock, line 1", "pass the time in")


@pytest.mark.parametrize(("number", "index", "words"), [(2, 0, "too long ago"), (1, 1, "not had its turn")])
def test_what_is_not_there_is_said(number, index, words):
    with pytest.raises(FpcacheError, match=words):
        component_details(session_with(missed()), number, index)


def test_of_a_long_text_only_what_differs_is_shown():
    before = "\n".join(map(str, range(100)))
    lines = source_difference(before, before.replace("50", "fifty"))
    assert lines == [
        ["@", ""], [" ", "47"], [" ", "48"], [" ", "49"], ["-", "50"], ["+", "fifty"],
        [" ", "51"], [" ", "52"], [" ", "53"], ["@", ""],
    ]  # fmt: skip
    assert source_difference(before, before) == []
