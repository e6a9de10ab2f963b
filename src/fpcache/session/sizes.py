"""How much there is of a value, as far as it costs next to nothing to say."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from fpcache.errors import FpcacheError
from fpcache.session.call_names import names

__all__ = ["LIBRARIES", "NUMPY", "PANDAS", "PYTHON", "Size", "UnknownSizeError", "library_of", "size_of"]

PYTHON, NUMPY, PANDAS = range(3)

_PYTHONS = names("""
    _collections _decimal _io _operator _random _statistics IPython builtins cmath collections datetime
    decimal fractions io json logging math operator pathlib random re statistics string textwrap
    warnings
""")
LIBRARIES = {**dict.fromkeys(_PYTHONS, PYTHON), "numpy": NUMPY, "torch": NUMPY, "pandas": PANDAS}
"""Libraries whose calls take about as long as there is content to go through, and which kind of content."""

_CONTAINERS = (list, tuple, set, frozenset, dict, deque, Counter, OrderedDict, defaultdict, range)
_MOST_COLUMNS = 100
_CODE = (type, FunctionType, BuiltinFunctionType)
_NUMBERS = frozenset({int, float, complex, bool, type(None)})
_TEXTS = frozenset({str, bytes, bytearray})
_CHARACTERS = 8  # as dear as one item
_OBJECTS = 20  # numbers in an array are as dear as one object in it
_MOST_ITEMS, _INNER = 20_000, 20  # looked at, where one that is looked into counts so often
_FRAMES = names("Categorical DataFrame DatetimeIndex Index MultiIndex RangeIndex Series")
_SINGLE = names("""
    Decimal Fraction Generator Logger Match Pattern PosixPath PurePosixPath Random RandomState Timedelta
    Timestamp WindowsPath date datetime device dtype time timedelta
""")


class UnknownSizeError(FpcacheError):
    """What there is of a value can't be said without looking through it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of a value.

    Attributes
    ----------
    items : float
        Numbers or small objects in it.
    kind : int
        ``PYTHON``, ``NUMPY`` or ``PANDAS``: what goes through the items.
    magnitude : float
        How much it may ask for where it is a number: an array of that many items.
    """

    items: float = 1.0
    kind: int = PYTHON
    magnitude: float = 1.0


def size_of(value: object, left: int = _MOST_ITEMS) -> Size:
    """Return the size of a value.

    Parameters
    ----------
    value : object
        Of a type of Python's or of one of the `LIBRARIES`.
    left : int
        How many items may be looked at.

    Raises
    ------
    UnknownSizeError
        For values of other types, and large containers.
    """
    cls: type = type(value)
    if cls in _NUMBERS:
        return Size(magnitude=_magnitude(value))
    if cls in _TEXTS:
        return Size(1 + len(value) / _CHARACTERS)  # type: ignore[arg-type]
    if cls in _CONTAINERS:
        return _container_size(value, left)  # type: ignore[arg-type]
    kind = library_of(value)
    if issubclass(cls, (*_CODE, MethodType)) or cls.__name__ == "ufunc":
        return Size(kind=kind)
    return _library_size(value, kind)


def library_of(value: object) -> int:
    """Return the kind of the library that a function, class or object is from."""
    if type(value) is MethodType:
        value = value.__self__
    code = value if issubclass(type(value), _CODE) else type(value)
    if type(code) is FunctionType:  # which may wrap another one, and have its name
        module = code.__globals__.get("__name__")
    else:
        module = getattr(code, "__module__", None) or "builtins"
    kind = LIBRARIES.get(str(module).partition(".")[0])
    if kind is None:
        raise UnknownSizeError(f"of `{module}`")
    return kind


def _magnitude(value: object) -> float:
    size = abs(value) if isinstance(value, (int, float)) else 1.0
    if not size or not math.isfinite(size):
        return 1.0
    return float(size) if size >= 1 else 1 / size


def _container_size(value: Collection[Any], left: int) -> Size:
    count = len(value)
    if type(value) is range:
        return Size(count, magnitude=max(abs(value.start), abs(value.stop)))
    if count > left:
        raise UnknownSizeError("a large container")
    values = value.values() if isinstance(value, dict) else value
    kinds = set(map(type, values))
    if isinstance(value, dict):
        kinds |= set(map(type, value))
    if kinds <= _NUMBERS:
        return Size(1 + count)
    if kinds <= _NUMBERS | _TEXTS:
        texts = sum(len(item) for item in values if isinstance(item, (str, bytes, bytearray)))
        return Size(1 + count + texts / _CHARACTERS)
    total, kind, left = 1.0, PYTHON, left // 2 - _INNER * count
    for item in (*values, *(value if isinstance(value, dict) else ())):
        inner = size_of(item, left)
        total, kind, left = total + inner.items, max(kind, inner.kind), left - int(inner.items)
    return Size(total, kind)


def _library_size(value: Any, kind: int) -> Size:
    name = type(value).__name__
    if name in _SINGLE:
        return Size(kind=kind)
    if kind == NUMPY and name in {"ndarray", "MaskedArray"}:
        return Size(value.size * (_OBJECTS if value.dtype.kind in "OUST" else 1), NUMPY)
    if kind == NUMPY and name in {"Tensor", "Parameter"}:
        return Size(value.numel(), NUMPY)
    if kind == NUMPY and getattr(value, "shape", None) == ():
        return Size(kind=NUMPY, magnitude=_magnitude(value.item()))
    if kind == PANDAS and name in _FRAMES:
        if name == "DataFrame" and value.shape[1] > _MOST_COLUMNS:
            raise UnknownSizeError("a wide frame")
        dtypes = list(value.dtypes) if name == "DataFrame" else [value.dtype]
        holds_objects = any(getattr(dtype, "kind", "O") == "O" for dtype in dtypes)
        return Size(value.size * (_OBJECTS if holds_objects else 1), PANDAS)
    raise UnknownSizeError(f"of `{name}`")
