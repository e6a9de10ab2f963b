"""The first elements of a value: short, of the value as it is, and made without the user's code."""

from __future__ import annotations

import datetime
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
    (pl.Series([[1, 2]]), ""),
    (pl.DataFrame({"a": [[1]], "b": [None]}), "a List(Int64), b Null"),
    (np.zeros(2, "V30"), ""),
    (np.zeros(2, [("a", "f8"), ("b", "O")]), ""),
    (np.zeros(2, "U2000"), ""),
    (np.array("lone"), "'lone'"),
    ([np.int8(3), np.bool_(True), np.datetime64("2020-01-01")], "3, True, 2020-01-01"),
    (pd.Series(["a", None]), "'a', nan"),
    (pd.Series([1, None], dtype="Int64"), "1, NAType"),
    (pd.Series(pd.Categorical(["u", "v"])), "'u', 'v'"),
    (pd.Series(pd.date_range("2020-01-01", periods=1, tz="UTC")), ""),
    (pd.Series([pd.Period("2020")]), ""),
    (pd.DataFrame({("a", 1): [1]}), "tuple of 2 int64 1"),
    ([datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)], "2020-01-01 00:00:00+00:00"),
    (3, ""),
    ({1, 2}, ""),
    (Own([1]), ""),
]


@pytest.mark.parametrize(("value", "text"), SHOWN, ids=lambda case: str(type(case).__name__))
def test_the_first_elements_are_shown_and_nothing_changes(value, text):
    before = fingerprint(value)
    assert head(value) == text
    assert fingerprint(value) == before


class Zone(datetime.tzinfo):
    def utcoffset(self, moment):
        ASKED.append("utcoffset")
        return datetime.timedelta(0)


class Kind(type):
    __hash__ = None

    def __eq__(cls, other):
        ASKED.append("eq")
        return False

    def __getattribute__(cls, name):
        ASKED.append(name)
        return type.__getattribute__(cls, name)


class OfKind(metaclass=Kind):
    pass


class Copied:
    def __deepcopy__(self, memo):
        ASKED.append("deepcopy")
        return self


def frame_with_attributes():
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["note"] = Copied()
    return frame


def records_of(value):
    records = np.empty(1, dtype=[("a", object)])
    records[0] = (value,)
    return records


ODD = {
    "structured": lambda: records_of(Telling()),
    "zone": lambda: [datetime.datetime(2020, 1, 1, tzinfo=Zone())],
    "zone of a timestamp": lambda: [pd.Timestamp(2020, 1, 1).tz_localize(Zone())],
    "zone of an index": lambda: pd.DatetimeIndex([pd.Timestamp(2020, 1, 1)]).tz_localize(Zone()),
    "attributes": frame_with_attributes,
    "class": lambda: [OfKind()],
    "class itself": OfKind,
    "surrogates": lambda: pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_odd_values_run_none_of_their_code_and_give_text_that_can_be_sent(make):
    value = make()
    ASKED.clear()
    head(value).encode()
    assert [one for one in ASKED if one not in ("__qualname__", "__dict__")] == []


def test_what_a_user_watches_torch_with_is_told_nothing():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watching(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            ASKED.append(str(function))
            return function(*args, **(kwargs or {}))

    value = torch.ones(2)
    ASKED.clear()
    with Watching():
        assert head(value) == ""
    assert ASKED == []


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
