"""A change is explained in words that name the culprit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fpcache.fingerprints.explaining import explain_change, root_records
from fpcache.fingerprints.summaries import summary

CELL = "LIMIT = 3\ndef norm(x): return x + LIMIT\ndef clean(x): return norm(x)\nx = [1]\n"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ("def norm(x): return x - LIMIT", "function `norm` was edited (through `clean` → `norm`)"),
        ("def clean(x): return -norm(x)", "function `clean` was edited"),
        ("LIMIT = 4", "`LIMIT` changed (int 3 → int 4) (through `clean` → `norm` → `LIMIT`)"),
        ("x = [1, 2]", "`x` changed (list of 1 → list of 2)"),
        ("x = [2]", "`x` changed (list of 1)"),
        ("del LIMIT", "`LIMIT` is no longer defined"),
        ("norm.__defaults__ = (1,)", "function `norm` holds other values (through `clean` → `norm`)"),
        ("sum = 1", "`sum` is new"),
    ],
)
def test_a_change_is_named(notebook, edit, reason):
    records = json.loads(json.dumps(root_records(notebook.run(CELL).read("clean(x), sum(x)"))))
    assert explain_change(records, notebook.run(edit).read("clean(x), sum(x)")) == [reason]


def test_an_edited_class_is_named(notebook):
    records = root_records(notebook.run("class Model:\n x = 1").read("Model()"))
    after = notebook.run("class Model:\n x = 2").read("Model()")
    assert explain_change(records, after) == ["class `Model` was edited"]


def test_a_name_that_gets_defined_is_new(notebook):
    records = root_records(notebook.run("def f(): return absent_yet").read("f()"))
    assert explain_change(records, notebook.run("absent_yet = 1").read("f()")) == ["`absent_yet` is new"]


def test_another_package_version_is_named(notebook):
    reading = replace(notebook.run("x = 1").read("x"), packages={"pandas": "2.2.1"})
    after = replace(reading, packages={"pandas": "2.2.2"})
    assert explain_change(root_records(reading), after) == ["package pandas 2.2.1 → 2.2.2"]


def test_other_sharing_of_equal_inputs_is_named(notebook):
    records = root_records(notebook.run("a = [1]\nb = a").read("a, b"))
    reasons = explain_change(records, notebook.run("b = [1]").read("a, b"))
    assert reasons == ["`a` and `b` no longer share objects or memory"]


def test_memory_shared_by_equal_arrays_is_named(notebook):
    pytest.importorskip("numpy")
    notebook.run("import numpy as np\nx = np.arange(9)\nv = x[:3].copy()\nw = v.copy()")
    records = json.loads(json.dumps(root_records(notebook.read("x, v, w"))))
    reasons = explain_change(records, notebook.run("v = x[:3]").read("x, v, w"))
    assert reasons == ["`v` and `x` share objects or memory now"]


def test_the_same_two_inputs_that_share_something_else_are_not_named_wrongly(notebook):
    notebook.run("p, q = [1], [1]\na, b = [p, q], [p, [1]]")
    records = root_records(notebook.read("a, b"))
    reasons = explain_change(records, notebook.run("b = [[1], p]").read("a, b"))
    assert reasons == ["which inputs share objects or memory changed"]


class _Hostile:
    def __repr__(self):
        raise RuntimeError

    def __len__(self):
        raise RuntimeError

    def __getattr__(self, name):
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "int 3"),
        (True, "bool True"),
        (None, "None"),
        (1 << 200, "int of 201 bits"),
        ("abc", "str 'abc'"),
        (b"abc", "bytes of 3"),
        ([1, 2], "list of 2"),
        ({1: 2}, "dict of 1"),
        (len, "builtin len"),
        (json, "module json"),
    ],
)
def test_a_summary_says_what_a_value_is(value, text):
    assert summary(value) == text


def test_a_summary_runs_none_of_the_users_code():
    assert summary(_Hostile()) == "_Hostile"
    assert summary(_Hostile) == "class _Hostile"
    assert summary([_Hostile()]) == "list of 1"


def test_summaries_are_short():
    assert len(summary("x" * 1000)) <= 60
    assert len(summary(type("N" * 100, (), {}))) <= 60


def test_arrays_and_frames_are_summed_up_by_shape():
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    assert summary(numpy.zeros((3, 4))) == "ndarray float64 (3, 4)"
    assert summary(pandas.DataFrame({"a": [1, 2], "b": [1, 2]})) == "DataFrame 2×2"
    assert summary(pandas.Series([1, 2])) == "Series int64 2"
