"""Files that tables name count, wherever in a table the name stands; what only looks like a table is none."""

from __future__ import annotations

import pytest

from fpcache.hf.tabular import texts_of_table

from .asking import holding, print_of, report, taken


def numpys():
    np = pytest.importorskip("numpy")
    yield "field", np.array([(1, "plain")], dtype=[("n", int), ("file", "U10")])
    yield "field within a field", np.array([((b"plain",),)], dtype=[("a", [("file", "S10")])])
    yield "objects", np.array([["plain", 1]], dtype=object)
    yield "record", np.rec.array([(1, "plain")], names="n,file")


def pandas():
    pd = pytest.importorskip("pandas")
    yield "series index", pd.Series([1], index=["plain"])
    yield "series name", pd.Series([1], name="plain")
    yield "frame index", pd.DataFrame({"n": [1]}, index=["plain"])
    yield "many levels", pd.DataFrame({"n": [1]}, index=pd.MultiIndex.from_tuples([("a", "plain")]))
    yield "column name", pd.DataFrame({"plain": [1]})
    yield "columns of many levels", pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "plain")]))
    yield "index by itself", pd.Index(["plain"])
    yield "categories", pd.DataFrame({"file": pd.Categorical(["plain"]), "n": [1]})
    yield "texts beside numbers", pd.DataFrame({"n": [1.0], "file": ["plain"]})
    yield "array of texts", pd.array(["plain"])
    yield "attributes", _with_attributes(pd.DataFrame({"n": [1]}))


def _with_attributes(frame):
    frame.attrs["source"] = "plain"
    return frame


def arrows():
    pa = pytest.importorskip("pyarrow")
    yield "array", pa.array(["plain", None])
    yield "dictionary", pa.array(["plain"]).dictionary_encode()
    yield "list", pa.array([["plain"]])
    yield "struct", pa.array([{"file": "plain"}])
    yield "map", pa.array([[("plain", 1)]], type=pa.map_(pa.string(), pa.int64()))
    yield "chunks", pa.chunked_array([["a"], ["plain"]])
    yield "table", pa.table({"n": [1], "file": ["plain"]})
    yield "name of a table's column", pa.table({"plain": [1]})
    yield "batch", pa.record_batch({"file": ["plain"]})
    yield "scalar", pa.scalar("plain")
    yield "bytes", pa.array([b"plain"])


def polars():
    pl = pytest.importorskip("polars")
    yield "frame", pl.DataFrame({"n": [1], "file": ["plain"]})
    yield "name of a frame's column", pl.DataFrame({"plain": [1]})
    yield "series", pl.Series("s", ["plain"])
    yield "series of lists", pl.Series([["plain"]])
    yield "series of structs", pl.DataFrame({"s": [{"file": "plain"}]})
    yield "series of categories", pl.Series(["plain"], dtype=pl.Categorical)


@pytest.mark.parametrize("library", [numpys, pandas, arrows, polars], ids=lambda one: one.__name__)
def test_a_file_that_a_table_names_counts_by_content(place, library) -> None:
    for how, table in library():
        (place / "plain").unlink(missing_ok=True)
        absent = print_of(holding(table))
        (place / "plain").write_text("one")
        first = report(holding([table]))
        assert taken(first, "file") == {"plain"}, how
        before = print_of(holding(table))
        (place / "plain").write_text("two")
        assert len({absent, before, print_of(holding(table))}) == 3, how


def test_tables_of_numbers_are_not_taken_apart() -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    for value in (np.arange(3), np.zeros((2, 2)), pd.RangeIndex(3)):
        assert list(texts_of_table(value)) == []
    told = list(texts_of_table(pd.Series(np.arange(1000))))
    assert not any(len(one) > 1 for one in told)


class Named:
    """Has what arrays and frames have by name, and is none."""

    def __init__(self, file):
        self.file = file

    @property
    def dtype(self):
        return "float32"

    @property
    def dtypes(self):
        raise RuntimeError("is not asked")

    def to_numpy(self):
        raise RuntimeError("is not asked")


class Classes:
    dtype, dtypes = "O", ["O"]

    def __init__(self, file):
        self.file = file


@pytest.mark.parametrize("kind", [Named, Classes])
def test_an_object_that_has_a_dtype_is_an_object(place, kind) -> None:
    first = print_of(holding(kind("plain")))
    (place / "plain").write_text("one")
    assert print_of(holding(kind("plain"))) != first


def test_a_model_with_a_dtype_has_a_fingerprint(place) -> None:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Linear):
        @property
        def dtype(self):
            return self.weight.dtype

    def made(file):
        torch.manual_seed(0)
        net = Net(2, 2)
        net.file = file
        return net

    first = print_of(holding(made("plain")))
    assert first == print_of(holding(made("plain")))
    (place / "plain").write_text("one")
    assert print_of(holding(made("plain"))) != first
