"""pandas: frames, series, indexes, extension arrays, scalars.

What counts: labels and their order, names, dtypes, categories and their order,
time zones, frequencies of indexes, ``attrs``, flags, and every element. What
doesn't: how columns lie in blocks, caches, chunks, and what masked or missing
slots happen to hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from fpcache.fingerprints.arrow_values import feed_logical
from fpcache.fingerprints.builtin_values import feed_sequence
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.instances import encode_plain, reduced
from fpcache.fingerprints.numpy_values import feed_content, feed_dtype, note_memory
from fpcache.fingerprints.registry import dotted_name
from fpcache.fingerprints.tokens import step_text

__all__: list[str] = []

_LARGE_BLOCK_BYTES = 1 << 28


def encode_frame(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode labels, columns and attributes; in which blocks the columns lie does not count."""
    enc.feed("frame", _family_name(obj), *obj.shape)
    yield from _index(enc, obj.columns, ".columns")
    yield from _index(enc, obj.index, ".index")
    copies = _copies_on_write()
    for block in _blocks(obj):
        _note_values(enc, obj, block.values, copies)
    for label, values in zip(obj.columns, _column_arrays(obj), strict=True):
        yield from _prefixed((label,), _values(enc, values))
    yield from _extras(enc, obj)


def _blocks(frame: Any) -> tuple[Any, ...]:
    return tuple(getattr(frame._mgr, "blocks", ()))


def _column_arrays(frame: Any) -> Iterator[Any]:
    """Return the columns' arrays, in order, each contiguous where that is cheap."""
    manager = frame._mgr
    if not hasattr(manager, "blknos"):
        yield from (frame.iloc[:, index]._values for index in range(frame.shape[1]))
        return
    blocks = [_row_wise(block.values) for block in manager.blocks]
    for number, place in zip(manager.blknos.tolist(), manager.blklocs.tolist(), strict=True):
        values = blocks[number]
        yield values[place] if values.ndim == 2 else values


def _row_wise(values: Any) -> Any:
    import numpy

    if not isinstance(values, numpy.ndarray) or values.flags.c_contiguous:
        return values
    return numpy.ascontiguousarray(values) if values.nbytes <= _LARGE_BLOCK_BYTES else values


def _note_values(enc: Encoder, owner: object, values: Any, copies: bool) -> None:
    import numpy

    backing = getattr(values, "_ndarray", values)
    if isinstance(backing, numpy.ndarray):
        note_memory(enc, owner, backing, copy_on_write=copies)
    for name in ("_data", "_mask"):
        part = vars(values).get(name) if hasattr(values, "__dict__") else None
        if isinstance(part, numpy.ndarray):
            note_memory(enc, owner, part, copy_on_write=copies)


@cache
def _always_copies() -> bool:
    import pandas

    return int(pandas.__version__.partition(".")[0]) >= 3


def _copies_on_write() -> bool:
    import pandas

    return _always_copies() or pandas.get_option("mode.copy_on_write") is True


def _prefixed(step: Any, children: Iterator[Any]) -> Iterator[Any]:
    for inner, child in children:
        yield (step[0], step_text(inner)), child


def _family_name(obj: Any) -> str:
    """Return the class's name for pandas' own; others' classes are encoded around us."""
    name = type(obj).__name__
    return name if type(obj).__module__.partition(".")[0] == "pandas" else ""


_BOOKKEEPING = frozenset(
    {
        "_mgr", "_attrs", "_flags", "_name", "_index", "_is_copy", "_item_cache", "_cacher", "_cache",
        "_references", "_subtyp", "_indexing_cache", "_typ", "_metadata", "plot", "hist",
    }
)  # fmt: skip


def _extras(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Feed what a frame or series carries besides data: flags, attrs, own attributes."""
    enc.feed("extras", obj.flags.allows_duplicate_labels)
    yield ".attrs", obj.attrs
    hidden: frozenset[str] = _BOOKKEEPING | getattr(type(obj), "_accessors", set())
    named = [name for name in type(obj)._metadata if name not in ("_name", "name")]
    own = [name for name in vars(obj) if name not in hidden]
    for name in [*named, *(name for name in own if name not in named)]:
        enc.feed("attribute", name)
        yield f".{name}", getattr(obj, name, None)


def encode_series(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode name, index, values and attributes."""
    enc.feed("series", _family_name(obj), len(obj))
    yield ".name", obj.name
    yield from _index(enc, obj.index, ".index")
    values = obj._values
    _note_values(enc, obj, values, _copies_on_write())
    yield from _values(enc, values)
    yield from _extras(enc, obj)


def _index(enc: Encoder, index: Any, label: str) -> Iterator[Any]:
    """Feed an index in place: frames hand out new index objects, so it is no node."""
    for step, child in enc.entry(type(index)).handler(enc, index) or ():
        yield label + step_text(step), child


def encode_index(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode names, frequency and values."""
    enc.feed("index", type(obj).__name__, len(obj))
    for name in obj.names:
        yield ".name", name
    yield ".freq", getattr(obj, "freq", None)
    yield from _values(enc, obj._values)


def encode_range_index(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode name, start, stop and step."""
    enc.feed("range index", obj.start, obj.stop, obj.step)
    yield ".name", obj.name


def encode_multi_index(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode levels and codes: unused levels can be seen."""
    enc.feed("multi-index", type(obj).__name__, len(obj.levels), len(obj))
    yield ".sortorder", obj.sortorder
    for number, (name, level, codes) in enumerate(zip(obj.names, obj.levels, obj.codes, strict=True)):
        yield ".names", name
        yield from _index(enc, level, f".levels[{number}]")
        yield from _values(enc, codes)


def _values(enc: Encoder, values: Any) -> Iterator[Any]:
    """Feed one column's elements with their dtype."""
    import numpy

    if not isinstance(values, numpy.ndarray):
        return _extension(enc, values)
    if values.dtype == object:
        items = values.tolist()
        enc.feed("objects", len(items))
        enc.keep(items)
        return _own_steps(feed_sequence(enc, items))
    return _numbers(enc, values)


def _own_steps(children: Iterator[Any] | None) -> Iterator[Any]:
    yield from children or ()


def _numbers(enc: Encoder, values: Any) -> Iterator[Any]:
    enc.feed("numbers", *values.shape)
    yield from feed_dtype(enc, values.dtype)
    yield from feed_content(enc, values)


def encode_extension_array(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode an array of one of pandas' own types, or of another library's."""
    _note_values(enc, obj, obj, copies=False)
    yield ".freq", getattr(obj, "freq", None)
    yield from _extension(enc, obj)


def _extension(enc: Encoder, obj: Any) -> Iterator[Any]:
    kind = _kind(obj)
    enc.feed("extension", kind, type(obj).__name__, str(obj.dtype), len(obj))
    if kind == "other":
        yield from encode_plain(enc, obj)
    else:
        yield from _EXTENSIONS[kind](enc, obj)


def _kind(obj: Any) -> str:
    if type(obj).__module__.partition(".")[0] != "pandas":
        return "other"
    for base in type(obj).__mro__:
        if base.__name__ in _EXTENSIONS:
            return base.__name__
    return "other"


def _categorical(enc: Encoder, obj: Any) -> Iterator[Any]:
    enc.feed(obj.ordered)
    yield from _index(enc, obj.categories, ".categories")
    yield from _values(enc, obj.codes)


def _dated(enc: Encoder, obj: Any) -> Iterator[Any]:
    yield ".tz", getattr(obj, "tz", None)
    yield from _values(enc, obj._ndarray)


def _period(enc: Encoder, obj: Any) -> Iterator[Any]:
    yield ".freq", obj.freq
    yield from _values(enc, obj._ndarray)


def _masked(enc: Encoder, obj: Any) -> Iterator[Any]:
    data, mask = obj._data, obj._mask
    if mask.any():
        data = data.copy()
        data[mask] = 0
    yield from _values(enc, data)
    yield from _values(enc, mask)


def _arrow(enc: Encoder, obj: Any) -> Iterator[Any]:
    _feed_missing_kind(enc, obj.dtype)
    chunked = getattr(obj, "_pa_array", None)
    feed_logical(enc, obj._data if chunked is None else chunked)
    return iter(())


def _feed_missing_kind(enc: Encoder, dtype: Any) -> None:
    enc.feed(str(getattr(dtype, "storage", "")), repr(getattr(dtype, "na_value", "")))


def _backed(enc: Encoder, obj: Any) -> Iterator[Any]:
    _feed_missing_kind(enc, obj.dtype)
    return _values(enc, obj._ndarray)


def _interval(enc: Encoder, obj: Any) -> Iterator[Any]:
    enc.feed(obj.closed)
    yield from _index(enc, obj._left if hasattr(obj._left, "names") else _as_index(obj.left), ".left")
    yield from _index(enc, obj._right if hasattr(obj._right, "names") else _as_index(obj.right), ".right")


def _as_index(values: Any) -> Any:
    import pandas

    return pandas.Index(values)


def _sparse(enc: Encoder, obj: Any) -> Iterator[Any]:
    enc.feed(obj.kind)
    yield ".fill_value", obj.fill_value
    yield from _values(enc, obj.sp_values)
    yield from _values(enc, obj.sp_index.to_int_index().indices)


_EXTENSIONS: dict[str, Any] = {
    "Categorical": _categorical,
    "DatetimeArray": _dated,
    "TimedeltaArray": _dated,
    "PeriodArray": _period,
    "BaseMaskedArray": _masked,
    "ArrowExtensionArray": _arrow,
    "ArrowStringArray": _arrow,
    "StringArray": _backed,
    "NumpyExtensionArray": _backed,
    "IntervalArray": _interval,
    "SparseArray": _sparse,
}


def encode_timestamp(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the instant in its unit, the fold and the time zone."""
    stamp = obj.asm8
    enc.feed("timestamp", stamp.dtype.str, int(stamp.view("i8")), obj.fold)
    yield ".tz", obj.tz


def encode_timedelta(enc: Encoder, obj: Any) -> None:
    """Encode the duration in its unit."""
    delta = obj.asm8
    enc.feed("timedelta64", delta.dtype.str, int(delta.view("i8")))


def encode_period(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the ordinal and the frequency."""
    enc.feed("period", obj.ordinal)
    yield ".freq", obj.freq


def encode_interval(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode both ends, and which of them belong to it."""
    enc.feed("interval", obj.closed)
    yield ".left", obj.left
    yield ".right", obj.right


def encode_missing(enc: Encoder, obj: Any) -> None:
    """Encode ``NaT`` or ``NA``, each the one object of its type."""
    enc.feed("missing", type(obj).__name__)


def encode_offset(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode an offset by its class and what its own reduction tells."""
    enc.feed("offset", dotted_name(type(obj)))
    yield from reduced(enc, obj)
