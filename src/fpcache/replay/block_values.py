"""Compare the values of a live block with stored ones, and write these over them."""

from __future__ import annotations

import datetime
import decimal
import sys
from typing import Any

from fpcache.replay.memory import inner_arrays

__all__ = ["is_masked", "is_same", "is_writable", "overwrite"]

_UNSIGNED = {1: "u1", 2: "u2", 4: "u4", 8: "u8"}
_PLAIN = (
    str, int, bool, bytes, complex, type(None), decimal.Decimal,
    datetime.date, datetime.time, datetime.timedelta,
)  # fmt: skip


def is_masked(values: Any) -> bool:
    """Tell whether values are a nullable array: numbers beside a mask."""
    return len(list(inner_arrays(values))) == 2 and hasattr(values, "_mask")


def is_same(live: Any, stored: Any) -> bool:
    """Tell whether two blocks' values are the same, bit for bit; of objects, plain ones or the very same."""
    if live.shape != stored.shape or live.dtype != stored.dtype:
        return False
    numpy: Any = sys.modules["numpy"]
    if isinstance(live, numpy.ndarray):
        return _is_same_array(live, stored)
    pairs = list(zip(inner_arrays(live), inner_arrays(stored), strict=True))
    if pairs:
        return all(_is_same_array(one, other) for one, other in pairs)
    return bool(live.equals(stored))


def _is_same_array(live: Any, stored: Any) -> bool:
    numpy: Any = sys.modules["numpy"]
    if live.dtype.hasobject:
        return all(_is_same_item(*pair) for pair in zip(live.flat, stored.flat, strict=True))
    unsigned = _UNSIGNED.get(live.itemsize)
    if unsigned is None:
        return bool(live.tobytes() == stored.tobytes())
    return bool(numpy.array_equal(live.view(unsigned), stored.view(unsigned)))


def _is_same_item(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) is float:
        return bool(one.hex() == other.hex())
    return isinstance(one, _PLAIN) and bool(one == other)


def is_writable(live: Any) -> bool:
    """Tell whether the memory of a block can be written to."""
    return all(inner.flags.writeable for inner in inner_arrays(live))


def overwrite(live: Any, stored: Any) -> None:
    """Write stored values into the memory of a block."""
    numpy: Any = sys.modules["numpy"]
    if isinstance(live, numpy.ndarray):
        live[...] = stored
        return
    pairs = list(zip(inner_arrays(live), inner_arrays(stored), strict=True))
    for inner, new in pairs:
        inner[...] = new
    if not pairs:
        live[:] = stored
