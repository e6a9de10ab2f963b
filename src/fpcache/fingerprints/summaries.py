"""A few words on a value, for people."""

from __future__ import annotations

from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from fpcache.fingerprints.records import MISSING

__all__ = ["summary"]

_LIMIT = 60
_TEXT_LIMIT = 40
_CONTAINERS: tuple[Any, ...] = (list, tuple, dict, set, frozenset)


def summary(value: object) -> str:
    """Describe a value in at most 60 characters, running none of the user's code.

    Examples
    --------
    >>> summary(3), summary("abc"), summary([1, 2])
    ('int 3', "str 'abc'", 'list of 2')
    """
    text = _describe(value)
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def _describe(value: Any) -> str:
    kind = type(value)
    if value is MISSING:
        return "not defined"
    if value is None or kind is bool or kind is float or kind is complex:  # `in` would ask a metaclass
        return f"{kind.__name__} {value!r}" if value is not None else "None"
    if kind is int:
        return f"int {value}" if value.bit_length() < 128 else f"int of {value.bit_length()} bits"
    if kind is str:
        return f"str {value!r}" if len(value) <= _TEXT_LIMIT else f"str {value[:_TEXT_LIMIT] + '…'!r}"
    if kind is bytes:
        return f"bytes of {len(value)}"
    return _describe_code(value) or _describe_container(value) or _describe_array(value) or _type_name(kind)


def _describe_code(value: Any) -> str:
    kind = type(value)  # isinstance would ask the value what it is, which may be the user's code
    if issubclass(kind, type):
        return f"class {_type_name(value)}"
    if issubclass(kind, ModuleType):
        return f"module {object.__getattribute__(value, '__dict__').get('__name__')}"
    if kind is FunctionType:
        return f"function {value.__name__}"
    if kind is MethodType:
        function = value.__func__
        return f"method {function.__name__ if type(function) is FunctionType else ''}".rstrip()
    if kind is BuiltinFunctionType:
        return f"builtin {value.__name__}"
    if type(value) is partial:
        return f"partial of {_describe_code(value.func) or _type_name(type(value.func))}"
    return ""


def _describe_container(value: Any) -> str:
    for base in _CONTAINERS:
        if issubclass(type(value), base):
            return f"{_type_name(type(value))} of {base.__len__(value)}"
    return ""


def _type_name(cls: type) -> str:
    return str(type.__dict__["__qualname__"].__get__(cls)).rpartition("<locals>.")[2]


_SHOWN = ("shape", "dtype")
_LIBRARIES = frozenset({"numpy", "pandas", "polars", "pyarrow", "scipy", "torch"})


def _describe_array(value: Any) -> str:
    """Describe arrays, tensors and frames of the libraries themselves, not of subclasses elsewhere."""
    kind = type(value)
    if str(type.__getattribute__(kind, "__module__")).partition(".")[0] not in _LIBRARIES:
        return ""
    try:
        # A frame would look for other names among its columns, which changes what pandas keeps for itself.
        shape, dtype = (getattr(value, name, None) if hasattr(kind, name) else None for name in _SHOWN)
        return _with_shape(kind.__name__, shape, dtype)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return ""  # an array in an odd state is described by its type


def _with_shape(name: str, shape: Any, dtype: Any) -> str:
    if shape is None:
        return ""
    sizes = tuple(int(size) for size in shape)
    if dtype is None:
        return f"{name} {'×'.join(map(str, sizes))}"
    kind = str(dtype).removeprefix("torch.")
    return f"{name} {kind} {sizes[0] if name == 'Series' and sizes else sizes}"
