"""Values that JSON keeps exactly as they are, and what is wrong with all others."""

from __future__ import annotations

import math
from typing import Any

from fpcache.errors import GraphSchemaError

__all__ = ["plain_value"]

REMEDIES: dict[type, str] = {
    tuple: "write a list, and make the tuple where it is used",
    set: "write a sorted list, and make the set where it is used",
    frozenset: "write a sorted list, and make the set where it is used",
    bytes: "write a text, such as their hex digits",
}
GENERAL = "give it as numbers, texts, lists and dicts, and make the object where it is used"


def plain_value(value: object, place: str) -> Any:
    """Return a copy of a value that JSON can keep: None, bool, int, float, str, and lists and dicts of them.

    Parameters
    ----------
    value : object
        The value; of exactly these classes, since a subclass would come back as its base.
    place : str
        What the message calls it.

    Raises
    ------
    GraphSchemaError
        If JSON would change it or has no form for it; the message says where and what to do.

    Examples
    --------
    >>> plain_value({"size": [2, 0.5]}, "config `shape`")
    {'size': [2, 0.5]}
    """
    return _plain(value, place, set())


def _plain(value: Any, place: str, seen: set[int]) -> Any:
    if type(value) in (list, dict):
        if id(value) in seen:
            raise GraphSchemaError(
                f"{place} is an object that stands in another place of it too, and would come back as two; "
                "put a copy there"
            )
        seen.add(id(value))
    if type(value) is list:
        return [_plain(item, f"{place}[{index}]", seen) for index, item in enumerate(value)]
    if type(value) is dict:
        return {_key(key, place): _plain(item, f"{place}[{key!r}]", seen) for key, item in value.items()}
    _check_leaf(value, place)
    return value


def _key(key: object, place: str) -> str:
    if type(key) is not str:
        raise GraphSchemaError(
            f"{place} has the key {key!r}, and JSON has only texts; use texts as keys, or a list of pairs"
        )
    _check_leaf(key, f"the key {key!r} of {place}")
    return key


def _check_leaf(value: object, place: str) -> None:
    kind = type(value)
    if kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]
            raise GraphSchemaError(f"{place} is {value!r}, which JSON has no form for; write None or a text")
    elif kind is str:
        if not _is_unicode(value):  # type: ignore[arg-type]
            raise GraphSchemaError(f"{place} holds half of a surrogate pair; write its characters whole")
    elif kind is int:
        if not _has_digits(value):  # type: ignore[arg-type]
            raise GraphSchemaError(
                f"{place} has more digits than Python writes; write it as hex digits in a text"
            )
    elif kind not in (bool, type(None)):
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        remedy = REMEDIES.get(kind, GENERAL)
        raise GraphSchemaError(f"{place} is of the class `{name}`, which JSON would lose; {remedy}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_digits(number: int) -> bool:
    try:
        str(number)
    except ValueError:  # beyond sys.get_int_max_str_digits()
        return False
    return True
