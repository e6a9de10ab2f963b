"""pandas objects come back whole and share memory with nothing."""

from __future__ import annotations

import pytest
from round_trips import notebook, round_trip, without

from fpcache.errors import UncacheableError
from fpcache.replay.codec import dump

pandas = pytest.importorskip("pandas")
numpy = pytest.importorskip("numpy")


def make_frame():
    frame = pandas.DataFrame(
        {
            "int": [1, 2, 3],
            "float": [1.0, None, 3.0],
            "text": ["a", None, "c"],
            "object": [[1], {"k": 2}, None],
            "category": pandas.Categorical(["x", "y", "x"], categories=["y", "x"], ordered=True),
            "zone": pandas.to_datetime(["2020-01-01", None, "2021-01-01"]).tz_localize("Europe/Berlin"),
            "delta": pandas.to_timedelta([1, 2, 3], unit="s"),
            "nullable": pandas.array([1, None, 3], dtype="Int64"),
            "boolean": pandas.array([True, None, False], dtype="boolean"),
            "interval": pandas.interval_range(0, 3),
            "period": pandas.period_range("2020-01", periods=3, freq="M"),
            "sparse": pandas.arrays.SparseArray([0, 0, 1]),
        },
        index=pandas.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["l", "n"]),
    )
    frame.columns.name = "columns"
    frame.attrs["source"] = {"file": "x.csv"}
    return frame


def test_a_frame_of_every_kind_of_column_is_equal():
    frame = make_frame()
    restored = round_trip(frame)
    pandas.testing.assert_frame_equal(restored, frame, check_freq=True, check_flags=True)
    assert restored.attrs == frame.attrs
    assert restored.columns.name == "columns"
    assert restored.index.names == ["l", "n"]
    assert restored["object"].iloc[0] == [1]


@pytest.mark.parametrize("dtype", ["string[pyarrow]", "string[python]", "int64[pyarrow]", "double[pyarrow]"])
def test_arrow_and_string_columns_are_equal(dtype):
    pytest.importorskip("pyarrow")
    series = (
        pandas.Series(["1", None, "3"]).astype(dtype)
        if "string" in dtype
        else pandas.Series([1, None], dtype=dtype)
    )
    pandas.testing.assert_series_equal(round_trip(series), series)


@pytest.mark.parametrize(
    "index",
    [
        pandas.RangeIndex(3, name="r"),
        pandas.Index([3, 1, 2]),
        pandas.Index(["a", "b"], name="t"),
        pandas.date_range("2020", periods=3, freq="D", tz="UTC"),
        pandas.CategoricalIndex(["a", "b"]),
        pandas.interval_range(0, 2),
        pandas.period_range("2020", periods=2, freq="Y"),
        pandas.Index([(1, 2), "x"], dtype=object),
    ],
)
def test_indexes_are_equal(index):
    pandas.testing.assert_index_equal(round_trip(index), index)
    assert getattr(round_trip(index), "freq", None) == getattr(index, "freq", None)


def test_writing_to_a_frame_does_not_show_in_a_series_taken_from_it():
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    one, column, rows, shallow = round_trip((frame, frame["a"], frame.iloc[1:], frame.copy(deep=False)))
    one.iloc[1, 0] = 99
    assert column.tolist() == [1, 2, 3]
    assert rows["a"].tolist() == [2, 3]
    column.iloc[0] = 50
    assert one["a"].tolist() == [1, 99, 3]
    assert shallow["a"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", ["category", "Int64", "datetime64[ns, UTC]", "str"])
def test_extension_columns_do_not_share_memory_either(dtype):
    frame = pandas.DataFrame(
        {"a": pandas.Series(["1", "2"]).astype("int64" if dtype != "str" else "str").astype(dtype)}
    )
    before = frame["a"].iloc[0]
    one, column = round_trip((frame, frame["a"]))
    one.iloc[0, 0] = one.iloc[1, 0]
    assert column.iloc[0] == before


def test_a_frame_taken_from_an_input_frame_is_its_own():
    frame = pandas.DataFrame({"a": [1, 2, 3]})
    rows = round_trip(frame.iloc[:2], [frame])
    frame.iloc[0, 0] = 9
    assert rows["a"].tolist() == [1, 2]


def test_an_index_shared_by_two_frames_is_one_object_still():
    frame = pandas.DataFrame({"a": [1, 2]}, index=pandas.Index(["x", "y"]))
    one, other = round_trip((frame, frame.index))
    assert one.index is other


def test_an_index_made_of_a_column_does_not_follow_the_column():
    frame = pandas.DataFrame({"a": [1, 2], "b": [3, 4]})
    one, indexed = round_trip((frame, frame.set_index("a", drop=False)))
    one.iloc[0, 0] = 100
    assert indexed.index.tolist() == [1, 2]
    assert indexed["a"].tolist() == [1, 2]


def test_lists_in_a_column_are_the_objects_beside_it():
    inner = [1]
    frame = pandas.DataFrame({"o": [inner, None]})
    kept, restored = round_trip((inner, frame))
    assert restored["o"].iloc[0] is kept
    assert round_trip(frame, [inner])["o"].iloc[0] is inner


def test_a_restored_frame_can_be_stored_again():
    frame = make_frame()
    pandas.testing.assert_frame_equal(round_trip(round_trip(frame)), frame)


def test_flags_are_kept():
    frame = pandas.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    assert round_trip(frame).flags.allows_duplicate_labels is False


def test_a_frames_subclass_of_the_notebook_keeps_class_and_metadata():
    source = (
        "class Frame(pd.DataFrame):\n"
        "    _metadata = ['unit']\n"
        "    @property\n    def _constructor(self): return Frame\n"
        "f = Frame({'a': [1]})\nf.unit = 'kg'"
    )
    namespace = notebook(source, pd=pandas)
    restored = round_trip(namespace["f"], namespace=without(namespace, "f"))
    assert type(restored) is namespace["Frame"]
    assert restored.unit == "kg"


def test_an_attribute_pandas_would_drop_is_refused():
    frame = pandas.DataFrame({"a": [1]})
    object.__setattr__(frame, "note", 1)
    with pytest.raises(UncacheableError, match="attribute `note`"):
        dump(frame, nodes=(), namespace={})


def test_an_array_that_follows_a_frame_is_refused_and_a_copy_is_not():
    frame = pandas.DataFrame({"a": [1, 2, 3]})
    with pytest.raises(UncacheableError, match="shares memory"):
        dump({"x": frame["a"].to_numpy(), "df": frame}, nodes=(), namespace={})
    with pytest.raises(UncacheableError, match="shares memory"):
        dump({"x": frame["a"].to_numpy()}, nodes=[frame], namespace={})
    dump({"x": frame["a"].to_numpy().copy(), "df": frame}, nodes=(), namespace={})
    dump({"x": pandas.DataFrame({"a": [1]}).to_numpy()}, nodes=[frame], namespace={})


def test_large_blocks_travel_beside_the_stream():
    frame = pandas.DataFrame(numpy.zeros((100_000, 3)))
    dumped = dump(frame, nodes=(), namespace={})
    assert len(dumped.stream) < 10_000
    assert sum(memoryview(buffer).nbytes for buffer in dumped.buffers) == frame.to_numpy().nbytes
    restored = round_trip(frame)
    restored.iloc[0, 0] = 1
    assert frame.iloc[0, 0] == 0


@pytest.mark.skipif(not pandas.__version__.startswith("2."), reason="pandas 3 always copies on write")
def test_without_copy_on_write_frames_that_share_memory_are_refused():
    with pandas.option_context("mode.copy_on_write", False):
        frame = pandas.DataFrame({"a": [1, 2], "b": [3, 4]})
        for nodes, value in (((), {"df": frame, "s": frame["a"]}), ((frame,), {"s": frame["a"]})):
            with pytest.raises(UncacheableError, match="shares memory"):
                dump(value, nodes=nodes, namespace={})
