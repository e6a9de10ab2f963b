"""The texts in arrays and tables of NumPy, pandas, pyarrow and polars, which may name files.

What a value is, is decided by its class alone: an object of any other class
may have attributes that are called ``dtype`` or ``dtypes`` too.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["has_arrow_text", "texts_of_scalar", "texts_of_table"]

_NUMBERS = frozenset("biufcmM")
_known: weakref.WeakKeyDictionary[type, Callable[[Any], Iterator[Any]] | None] = weakref.WeakKeyDictionary()


def texts_of_table(value: Any) -> Iterator[Any] | None:
    """Return what an array or table holds besides numbers, names of rows and columns too.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    iterator or None
        Texts and lists, dicts and the like that hold them; None for what is no such table.
    """
    kind = type(value)
    if kind not in _known:
        _known[kind] = next((reader for base, reader in _readers() if issubclass(kind, base)), None)
    reader = _known[kind]
    return reader(value) if reader is not None else None


def _readers() -> Iterator[tuple[type, Callable[[Any], Iterator[Any]]]]:
    """Yield the classes of tables of the libraries that are loaded, and how their texts are read."""
    for library, names, reader in _LIBRARIES:
        module = sys.modules.get(library)
        for name in names:
            found = getattr(module, name, None) if module is not None else None
            if isinstance(found, type):
                yield found, reader


def _of_array(array: Any) -> Iterator[Any]:
    kind = array.dtype
    if kind.names:
        yield list(kind.names)
        for name in kind.names:
            yield from _of_array(array[name])
    elif kind.kind not in _NUMBERS:
        yield array.ravel().tolist()


def _of_frame(frame: Any) -> Iterator[Any]:
    yield from _of_index(frame.index)
    yield from _of_index(frame.columns)
    yield dict(frame.attrs)
    for place in range(frame.shape[1]):
        yield from _of_pandas_array(frame.iloc[:, place])


def _of_series(series: Any) -> Iterator[Any]:
    yield [series.name]
    yield dict(series.attrs)
    yield from _of_index(series.index)
    yield from _of_pandas_array(series)


def _of_index(index: Any) -> Iterator[Any]:
    yield list(index.names)
    for level in getattr(index, "levels", (index,)):
        yield from _of_pandas_array(level)


def _of_pandas_array(values: Any) -> Iterator[Any]:
    kind = values.dtype
    if hasattr(kind, "categories") and hasattr(kind, "ordered"):
        yield from _of_pandas_array(kind.categories)
    elif getattr(kind, "kind", "O") not in _NUMBERS:
        yield values.to_numpy(dtype=object).ravel().tolist()


def _of_arrow(array: Any) -> Iterator[Any]:
    if has_arrow_text(array.type):
        yield array.to_pylist()


def _of_arrow_table(table: Any) -> Iterator[Any]:
    yield list(table.schema.names)
    for column in table.columns:
        yield from _of_arrow(column)


def texts_of_scalar(value: Any) -> Iterator[Any]:
    """Yield what a scalar of Arrow holds besides numbers, and nothing for any other value."""
    kind = getattr(sys.modules.get("pyarrow"), "Scalar", None)
    if isinstance(kind, type) and issubclass(type(value), kind) and has_arrow_text(value.type):
        yield value.as_py()


def has_arrow_text(kind: Any) -> bool:
    """Return whether values of an Arrow type may hold texts, however deep."""
    import pyarrow.types as kinds

    if hasattr(kind, "storage_type"):
        return has_arrow_text(kind.storage_type)
    if kinds.is_dictionary(kind) or kinds.is_run_end_encoded(kind):
        return has_arrow_text(kind.value_type)
    if kind.num_fields:
        return any(has_arrow_text(kind.field(place).type) for place in range(kind.num_fields))
    is_number = kinds.is_primitive(kind) or kinds.is_decimal(kind) or kinds.is_null(kind)
    return not is_number


def _of_polars_frame(frame: Any) -> Iterator[Any]:
    yield list(frame.columns)
    for column in frame.get_columns():
        yield from _of_polars(column)


def _of_polars(series: Any) -> Iterator[Any]:
    yield [series.name]
    kind = series.dtype
    if not (kind.is_numeric() or kind.is_temporal() or str(kind) in ("Boolean", "Null")):
        yield series.to_list()


def _of_numbers(_: Any) -> Iterator[Any]:
    yield from ()


_LIBRARIES: tuple[tuple[str, tuple[str, ...], Callable[[Any], Iterator[Any]]], ...] = (
    ("numpy", ("ndarray",), _of_array),
    ("pandas", ("DataFrame",), _of_frame),
    ("pandas", ("Series",), _of_series),
    ("pandas", ("RangeIndex",), _of_numbers),
    ("pandas", ("Index",), _of_index),
    ("pandas.api.extensions", ("ExtensionArray",), _of_pandas_array),
    ("pyarrow", ("Array", "ChunkedArray"), _of_arrow),
    ("pyarrow", ("Table", "RecordBatch"), _of_arrow_table),
    ("polars", ("DataFrame",), _of_polars_frame),
    ("polars", ("Series",), _of_polars),
)
