"""Whether a tuple or frozenset is immutable through and through."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import uuid
import zoneinfo
from itertools import chain
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.tokens import MARSHALLED

__all__ = ["is_pure"]

_LEAVES = MARSHALLED | {
    type(NotImplemented),
    range,
    datetime.date,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    pathlib.PurePosixPath,
    pathlib.PosixPath,
    pathlib.PureWindowsPath,
    pathlib.WindowsPath,
    zoneinfo.ZoneInfo,
}
_WITH_ZONE = frozenset({datetime.datetime, datetime.time})
_ZONES = frozenset({type(None), datetime.timezone, zoneinfo.ZoneInfo})
_NUMPY_SCALARS = frozenset(
    {
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "longlong", "ulonglong",
        "float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble",
        "bool", "bool_", "str_", "bytes_", "datetime64", "timedelta64",
    }
)  # fmt: skip


def is_pure(enc: Encoder, obj: Any) -> bool:
    """Return whether nothing below `obj` has an identity that can be seen.

    The answer depends on the value alone. It is remembered by id for the
    digest, so that heavily shared tuples cost their size, not their expansion.
    """
    known = enc.pure
    stack = [obj]
    while stack:
        top = stack[-1]
        if id(top) in known:
            stack.pop()
            continue
        verdict, pending = _look(top, known)
        if verdict is None:
            stack.extend(pending)
            continue
        stack.pop()
        known[id(top)] = verdict
        enc.keep(top)
    return known[id(obj)]


def _look(top: Any, known: dict[int, bool]) -> tuple[bool | None, list[Any]]:
    kinds = set(map(type, top))
    if kinds <= _LEAVES:
        return True, []
    if kinds == {tuple}:  # perhaps the rows of a table
        rows = {id(row): row for row in top}.values()
        if _LEAVES.issuperset(map(type, chain.from_iterable(rows))):
            return True, []
    pending = []
    for item in top:
        if type(item) in (tuple, frozenset):
            verdict = known.get(id(item))
            if verdict is None:
                pending.append(item)
            elif not verdict:
                return False, []
        elif not _is_pure_leaf(item):
            return False, []
    return (None, pending) if pending else (True, [])


def _is_pure_leaf(item: Any) -> bool:
    cls = type(item)
    if cls in _LEAVES:
        return True
    if cls in _WITH_ZONE:
        return type(item.tzinfo) in _ZONES
    return cls.__module__ == "numpy" and cls.__name__ in _NUMPY_SCALARS
