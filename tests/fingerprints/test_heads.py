"""The first elements of a value: short, of the value as it is, and made without the user's code."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.heads import head

ASKED = []


class Telling:
    """Writes down what it is asked for."""

    def __getattribute__(self, name):
        ASKED.append(name)
        return object.__getattribute__(self, name)

    def __repr__(self):
        ASKED.append("its text")
        return "told"


class Own(list):
    def __iter__(self):
        raise AssertionError("iterated")


SHOWN = [
    ([1, 2.5, None, "abc", True], "1, 2.5, None, 'abc', …"),
    ((), ""),
    ({"a": [1, 2], 3: b"x"}, "'a': list of 2, 3: bytes of 1"),
    ([1 / 3, 0.1, np.float64(2.5)], "0.333333, 0.1, 2.5"),
    (b"0123456789abcdefg", "b'0123456789abcdef'…"),
    (["x" * 40], "'xxxxxxxxxxxxxxxx…'"),
    ([decimal.Decimal("1.50"), 10**200], "1.50, int of 665 bits"),
    (np.arange(10.0)[::3], "0.0, 3.0, 6.0, 9.0"),
    (np.array(["2020-01-01"], dtype="datetime64[D]"), "2020-01-01"),
    (np.zeros((0, 3)), ""),
    (torch.tensor([[1.5, 2.0], [3.0, 4.0]]).T, "1.5, 3.0, …"),
    (torch.eye(2).to_sparse(), ""),
    (pd.Series([1, 2], name="n"), "1, 2"),
    (pd.date_range("2020-01-01", periods=2), "2020-01-01 00:00:00, 2020-01-02 00:00:00"),
    (pd.DataFrame({"a": [1, 2], 5: [0.5, 1.0]}), "a int64 1, 5 float64 0.5"),
    (pd.DataFrame({name: [1] for name in "abcd"}), "a int64 1, b int64 1, c int64 1, …"),
    (pd.DataFrame({"a": []}, dtype="int64"), "a int64"),
    (pl.DataFrame({"a": [1]}), "a Int64 1"),
    (pl.Series([True, None]), "True, None"),
    (3, ""),
    ({1, 2}, ""),
    (Own([1]), ""),
]


@pytest.mark.parametrize(("value", "text"), SHOWN, ids=lambda case: str(type(case).__name__))
def test_the_first_elements_are_shown_and_nothing_changes(value, text):
    before = fingerprint(value)
    assert head(value) == text
    assert fingerprint(value) == before


def test_it_is_short():
    assert len(head([("x" * 15)] * 10)) <= 80
    assert len(head(pd.DataFrame({"n" * 300: [1]}))) <= 80


def test_no_code_of_the_users_runs():
    objects = np.empty(1, dtype=object)
    objects[0] = Telling()
    values = [Telling()], {"k": Telling()}, objects, pd.Series(objects), pd.DataFrame({"a": objects})
    ASKED.clear()
    told = [head(value) for value in values]
    assert told == ["Telling", "'k': Telling", "Telling", "Telling", "a object Telling"]
    assert ASKED == []


def test_a_frame_that_was_looked_at_still_owns_its_memory():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    place = frame["a"].to_numpy().ctypes.data
    head(frame)
    frame.loc[0, "a"] = 5.0
    assert frame["a"].to_numpy().ctypes.data == place
