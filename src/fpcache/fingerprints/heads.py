"""The first few elements of a value, for people who ask what changed in it.

None of the user's code may run for it, and nothing of the value may change. So
values and their elements are looked at by exact types of Python and of the
libraries, told by identity: to ask a type anything may run its metaclass.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import sys
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from fpcache.fingerprints.records import Reading
from fpcache.fingerprints.summaries import summary

__all__ = ["head", "heads"]

_MOST_ELEMENTS = 4
_MOST_COLUMNS = 3
_MOST_ROOTS = 50
_MOST_ELEMENT_BYTES = 1024
_LIMIT = 80
_SHORT = 16

Describe = Callable[[Any], str]


def heads(reading: Reading) -> Mapping[str, str]:
    """Return the heads of the values that a component reads, as they are now, by the roots' keys."""
    found = {root.key: head(root.value) for root in reading.roots[:_MOST_ROOTS] if root.kind == "value"}
    return {key: text for key, text in found.items() if text}


def head(value: object) -> str:
    """Show the first elements of a container, array or frame in at most 80 characters.

    Empty where `summary` says all, where the order of elements tells nothing,
    as in sets, and of types that would run code of others.

    Examples
    --------
    >>> head([1, 2.5, None, "abc", True]), head({"a": 1}), head(3)
    ("1, 2.5, None, 'abc', …", "'a': 1", '')
    """
    try:
        describe = _BUILTIN.get(id(type(value))) or _of_a_library(value)
        text = describe(value) if describe is not None else ""
    except Exception:  # values in an odd state, such as an array without memory
        return ""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def _listed(elements: Iterable[object], length: int) -> str:
    return _joined((_brief(element) for element in islice(elements, _MOST_ELEMENTS)), length)


def _joined(parts: Iterator[str], length: int) -> str:
    shown = list(parts)
    return ", ".join([*shown, "…"] if length > len(shown) else shown)


def _brief(element: Any) -> str:
    kind = type(element)
    if kind is str:
        return repr(element if len(element) <= _SHORT else element[:_SHORT] + "…")
    if kind is float or kind is _numpy("float64"):
        return text if len(text := repr(float(element))) <= _SHORT // 2 else f"{element:.6g}"
    if kind is int:
        return repr(element) if element.bit_length() < 128 else summary(element)
    if element is None or kind is bool or kind is complex:
        return repr(element)
    if kind is _numpy("str_"):
        return _brief(str(element))
    if any(kind is plain for plain in _PLAIN) or _is_numpy_scalar(kind):
        return str(element)
    return str(element) if _is_plain_time(element) else summary(element)


_PLAIN = (datetime.date, datetime.timedelta, decimal.Decimal, fractions.Fraction)
_ZONES = (datetime.timezone, zoneinfo.ZoneInfo)


def _is_plain_time(element: Any) -> bool:
    """Whether it is a time whose zone, which is asked to show it, is none of the user's."""
    pandas = sys.modules.get("pandas")
    if type(element) is not datetime.datetime and type(element) is not getattr(pandas, "Timestamp", None):
        return pandas is not None and type(element) is getattr(pandas, "Timedelta", None)
    zone = element.tzinfo
    return zone is None or any(type(zone) is known for known in _ZONES)


def _numpy(name: str) -> Any:
    return getattr(sys.modules.get("numpy"), name, None)


@lru_cache(maxsize=2)
def _numpy_scalars(numpy: Any) -> frozenset[int]:
    """Return the types of NumPy's scalars, but for ``void``, which may hold anything."""
    return frozenset(
        id(kind) for kind in numpy.sctypeDict.values() if kind not in (numpy.void, numpy.object_)
    )


def _is_numpy_scalar(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    return getattr(numpy, "sctypeDict", None) is not None and id(kind) in _numpy_scalars(numpy)


def _sequence(value: Any) -> str:
    return _listed(value, len(value))


def _mapping(value: dict[object, object]) -> str:
    items = islice(value.items(), _MOST_ELEMENTS)
    return _joined((f"{_brief(key)}: {_brief(item)}" for key, item in items), len(value))


def _bytes(value: bytes) -> str:
    return repr(bytes(value[:_SHORT])) + ("…" if len(value) > _SHORT else "")


_BUILTIN: Mapping[int, Describe] = {
    id(list): _sequence, id(tuple): _sequence, id(dict): _mapping, id(bytes): _bytes, id(bytearray): _bytes,
}  # fmt: skip


def _of_a_library(value: object) -> Describe | None:
    """Return what shows a value of one of the libraries' own types; they are loaded where there is one."""
    for library, types in _LIBRARIES.items():
        module = sys.modules.get(library)
        for name, describe in types.items() if module is not None else ():
            if type(value) is getattr(module, name, None):
                return describe
    return None


def _array(value: Any) -> str:
    is_plain = value.dtype.kind in "biufcSUmMO" and value.dtype.itemsize <= _MOST_ELEMENT_BYTES
    return _listed(value.flat[:_MOST_ELEMENTS], value.size) if is_plain else ""


def _tensor(value: Any) -> str:
    torch: Any = sys.modules["torch"]
    if torch._C._len_torch_dispatch_stack() or torch._C._len_torch_function_stack():
        return ""  # the user's, and told of whatever is done
    if value.device.type != "cpu" or value.layout is not torch.strided or not value.numel():
        return ""
    row = value.detach()
    while row.dim() > 1:
        row = row[0]
    return _listed(row.reshape(-1)[:_MOST_ELEMENTS].tolist(), value.numel())


def _column(value: Any) -> str:
    first = _first(value._values, _MOST_ELEMENTS)
    return _joined(iter(first), len(value)) if first else ""


def _frame(value: Any) -> str:
    """Show the first columns, each with type and first element; the frame's own methods copy ``attrs``."""
    names, manager = value.columns._values, value._mgr
    columns = (
        " ".join([_label(name), str(values.dtype), *_first(values, 1)])
        for name, values in (
            (names[place], manager.iget_values(place)) for place in range(min(len(names), _MOST_COLUMNS))
        )
    )
    return _joined(columns, len(names))


def _label(name: object) -> str:
    return name if type(name) is str else _brief(name)


def _first(values: Any, most: int) -> list[str]:
    """Show the first elements of what pandas holds a column in; nothing of types that others add."""
    if type(values) is not _numpy("ndarray") and type(values).__name__ not in _COLUMNS:
        return []
    if type(values) is _numpy("ndarray") and values.dtype.itemsize > _MOST_ELEMENT_BYTES:
        return []
    if getattr(values, "tz", None) is not None:
        return []
    return [_brief(values[place]) for place in range(min(len(values), most))]


_COLUMNS = frozenset({
    "ArrowStringArray", "ArrowStringArrayNumpySemantics", "BooleanArray", "Categorical", "DatetimeArray",
    "FloatingArray", "IntegerArray", "StringArray", "TimedeltaArray",
})  # fmt: skip


def _polars_column(value: Any) -> str:
    return _listed(value[:_MOST_ELEMENTS].to_list(), len(value)) if _is_flat(value.dtype) else ""


def _polars_frame(value: Any) -> str:
    columns = (value.to_series(place) for place in range(min(value.width, _MOST_COLUMNS)))
    return _joined((_polars_field(column) for column in columns), value.width)


def _polars_field(column: Any) -> str:
    first = column[:1].to_list() if _is_flat(column.dtype) else []
    return " ".join([column.name, str(column.dtype), *map(_brief, first)])


def _is_flat(dtype: Any) -> bool:
    """Whether elements are single numbers, texts or days."""
    polars: Any = sys.modules["polars"]
    return dtype.is_numeric() or dtype in (polars.Boolean, polars.String, polars.Date)


_LIBRARIES: Mapping[str, Mapping[str, Describe]] = {
    "numpy": {"ndarray": _array},
    "torch": {"Tensor": _tensor},
    "pandas": {"Series": _column, "Index": _column, "DatetimeIndex": _column, "DataFrame": _frame},
    "polars": {"Series": _polars_column, "DataFrame": _polars_frame},
}
