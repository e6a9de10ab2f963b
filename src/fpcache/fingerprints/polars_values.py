"""polars: frames and series by name, dtype and logical content, through Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.arrow_values import feed_array
from fpcache.fingerprints.builtin_values import feed_sequence
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.refused import _refusal

__all__: list[str] = []

refuse_lazy = _refusal("a lazy query may read files when it runs", "pass its collect()")


def encode_frame(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the columns in their order, and attributes of the user's."""
    enc.feed("polars frame", obj.height, obj.width)
    for column in obj.get_columns():
        yield from _column(enc, column)
    yield from _own_attributes(enc, obj)


def _own_attributes(enc: Encoder, obj: Any) -> Iterator[Any]:
    for name, value in getattr(obj, "__dict__", {}).items():
        if name not in ("_df", "_s", "_accessors"):
            enc.feed("attribute", name)
            yield f".{name}", value


def encode_series(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode name, dtype and values."""
    enc.feed("polars series")
    yield from _column(enc, obj)
    yield from _own_attributes(enc, obj)


def _column(enc: Encoder, series: Any) -> Iterator[Any]:
    enc.feed("column", series.name, repr(series.dtype), len(series))
    if "Object" in repr(series.dtype):
        items = series.to_list()
        enc.keep(items)
        yield from feed_sequence(enc, items) or ()
    else:
        _feed_arrow(enc, series)


def _feed_arrow(enc: Encoder, series: Any) -> None:
    import polars

    newest = getattr(polars, "CompatLevel", None)
    one = series.rechunk()
    feed_array(enc, one.to_arrow(compat_level=newest.newest()) if newest else one.to_arrow())


def encode_expression(enc: Encoder, obj: Any) -> None:
    """Encode what the expression says, as Polars serialises it."""
    enc.feed("polars expression", obj.meta.serialize(format="binary"))
