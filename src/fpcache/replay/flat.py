"""Large containers of plain values, written in one go: in the pickler, each value costs a call of ours."""

from __future__ import annotations

import marshal
from itertools import chain
from operator import ne
from typing import Any

__all__ = ["FLAT", "LEAST", "flat_bytes", "from_flat_bytes"]

LEAST = 32
"""Shorter ones go through the pickler."""

FLAT = frozenset({list, tuple, dict})
_PLAIN = frozenset({int, str, float, bool, bytes, type(None)})
_VERSION = 4


def flat_bytes(obj: Any) -> bytes | None:
    """Return a list, tuple or dict as bytes; None if it holds more than plain values, or tuples of these.

    No such value has an identity that a program should ask for, but a NaN:
    `in` tells it from others.
    """
    parts = chain(obj, obj.values()) if type(obj) is dict else obj
    kinds = set(map(type, parts))
    if not kinds <= _PLAIN:
        if not kinds <= _PLAIN | {tuple}:
            return None
        parts = chain(obj, obj.values()) if type(obj) is dict else obj
        members = list(chain.from_iterable(part for part in parts if type(part) is tuple))
        inner = set(map(type, members))
        if not inner <= _PLAIN or (float in inner and any(map(ne, members, members))):
            return None
    if float in kinds:
        parts = list(chain(obj, obj.values())) if type(obj) is dict else obj
        if any(map(ne, parts, parts)):
            return None
    return marshal.dumps(obj, _VERSION)


def from_flat_bytes(data: bytes) -> Any:
    """Return what `flat_bytes` was given."""
    return marshal.loads(data)
