"""The first few elements of a value, for people who ask what changed in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from fpcache.fingerprints.records import Reading
from fpcache.fingerprints.summaries import summary

__all__ = ["head", "heads"]

_MOST_ELEMENTS = 4
_MOST_COLUMNS = 3
_MOST_ROOTS = 50
_LIMIT = 80
_SHORT = 16


def heads(reading: Reading) -> Mapping[str, str]:
    """Return the heads of the values that a component reads, as they are now, by the roots' keys."""
    found = {root.key: head(root.value) for root in reading.roots[:_MOST_ROOTS] if root.kind == "value"}
    return {key: text for key, text in found.items() if text}


def head(value: object) -> str:
    """Show the first elements of a container, array or frame in at most 80 characters.

    Runs none of the user's code, and looks at values of Python's and the
    libraries' own types only. Empty where `summary` says all, and where the
    order of elements tells nothing, as in sets.

    Examples
    --------
    >>> head([1, 2.5, None, "abc", True]), head({"a": 1}), head(3)
    ("1, 2.5, None, 'abc', …", "'a': 1", '')
    """
    describe = _BUILTIN.get(type(value)) or _of_a_library(value)
    if describe is None:
        return ""
    try:
        text = describe(value)
    except Exception:  # values in an odd state, such as an array without memory
        return ""
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def _listed(elements: Iterable[object], length: int) -> str:
    shown = [_brief(element) for element in islice(elements, _MOST_ELEMENTS)]
    return ", ".join([*shown, "…"] if length > len(shown) else shown)


def _brief(element: Any) -> str:
    kind = type(element)
    if kind is str:
        return repr(element if len(element) <= _SHORT else element[:_SHORT] + "…")
    if kind is float or (kind.__name__ == "float64" and _is_own(kind)):
        return text if len(text := repr(float(element))) <= _SHORT // 2 else f"{element:.6g}"
    if element is None or kind in (bool, complex):
        return repr(element)
    if kind is int and element.bit_length() < 128:
        return repr(element)
    return str(element) if _is_own(kind) and _is_scalar(kind) else summary(element)


def _is_scalar(kind: type) -> bool:
    """Whether the text of such elements is short and made without the user's code."""
    name = _library_of(kind), kind.__name__
    return name in _SCALARS or (name[0] == "numpy" and issubclass(kind, sys.modules["numpy"].generic))


def _library_of(kind: type) -> str:
    return str(kind.__module__).partition(".")[0]


def _is_own(kind: type) -> bool:
    """Whether a type is the one that its library gives under its name."""
    module = sys.modules.get(_library_of(kind))
    return module is not None and getattr(module, kind.__name__, None) is kind


_SCALARS = frozenset({
    ("datetime", "date"), ("datetime", "datetime"), ("datetime", "timedelta"), ("decimal", "Decimal"),
    ("fractions", "Fraction"), ("pandas", "Timedelta"), ("pandas", "Timestamp"),
})  # fmt: skip


def _sequence(value: Any) -> str:
    return _listed(value, len(value))


def _mapping(value: dict[object, object]) -> str:
    items = islice(value.items(), _MOST_ELEMENTS)
    return _joined((f"{_brief(key)}: {_brief(item)}" for key, item in items), len(value))


def _joined(parts: Iterator[str], length: int) -> str:
    shown = list(parts)
    return ", ".join([*shown, "…"] if length > len(shown) else shown)


def _bytes(value: bytes) -> str:
    return repr(bytes(value[:_SHORT])) + ("…" if len(value) > _SHORT else "")


_BUILTIN: Mapping[type, Callable[[Any], str]] = {
    list: _sequence, tuple: _sequence, dict: _mapping, bytes: _bytes, bytearray: _bytes,
}  # fmt: skip


def _of_a_library(value: object) -> Callable[[Any], str] | None:
    """Return what shows a value of one of the libraries' own types; they are loaded where there is one."""
    kind = type(value)
    found = _LIBRARY.get((_library_of(kind), kind.__name__))
    return found if found is not None and _is_own(kind) else None


def _array(value: Any) -> str:
    return _listed((element for element in value.flat[:_MOST_ELEMENTS]), value.size)


def _tensor(value: Any) -> str:
    if value.device.type != "cpu" or value.layout is not sys.modules["torch"].strided or not value.numel():
        return ""
    row = value.detach()
    while row.dim() > 1:
        row = row[0]
    return _listed(row.reshape(-1)[:_MOST_ELEMENTS].tolist(), value.numel())


def _column(value: Any) -> str:
    return _listed(value.array[:_MOST_ELEMENTS], len(value))


def _frame(value: Any) -> str:
    """Show the first columns, each with its type and first element."""
    part = value.iloc[:1, :_MOST_COLUMNS]
    columns = (
        f"{_label(name)} {part.dtypes.iloc[place]}{_first(part.iloc[:, place].array)}"
        for place, name in enumerate(part.columns)
    )
    return _joined(columns, value.shape[1])


def _first(elements: Any) -> str:
    return f" {_brief(elements[0])}" if len(elements) else ""


def _label(name: object) -> str:
    return name if type(name) is str else _brief(name)


def _polars_column(value: Any) -> str:
    return _listed(value[:_MOST_ELEMENTS].to_list(), len(value))


def _polars_frame(value: Any) -> str:
    part = value[:1, :_MOST_COLUMNS]
    return _joined(
        (f"{column.name} {column.dtype}{_first(column.to_list())}" for column in part.get_columns()),
        value.width,
    )


_LIBRARY: Mapping[tuple[str, str], Callable[[Any], str]] = {
    ("numpy", "ndarray"): _array,
    ("torch", "Tensor"): _tensor,
    ("pandas", "Series"): _column,
    ("pandas", "Index"): _column,
    ("pandas", "DatetimeIndex"): _column,
    ("pandas", "DataFrame"): _frame,
    ("polars", "Series"): _polars_column,
    ("polars", "DataFrame"): _polars_frame,
}
