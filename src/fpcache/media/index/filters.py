"""From ``where={"album": "x", "year": (2000, 2010)}`` to SQL; all that is given becomes parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.words import in_words

__all__ = ["Condition", "condition"]

Condition = tuple[str, list[Any]]
Where = Mapping[str, Any] | None

_KEY = re.compile(r"\w[\w .:/-]{0,99}")
_NUMBERS = "('integer', 'real', 'true', 'false')"
_MOST_CHOICES = 500
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


def condition(where: Where) -> Condition:
    """Return an SQL condition on the column ``metadata``, and its parameters.

    Parameters
    ----------
    where : mapping or None
        Names of metadata to what they must be: a value, which must be equal (None: missing or null); a tuple
        of two, the lowest and the highest, both included, None for no bound; a list, one of which it must
        be. All must hold. As in Python, True equals 1, and 1 equals 1.0.

    Raises
    ------
    MediaError
        If a name or a value is none that metadata can have.

    Examples
    --------
    >>> condition({"year": (2000, None)})[1]
    ['$."year"', '$."year"', 2000]
    """
    if where is None:
        return "1", []
    if not isinstance(where, Mapping):
        raise MediaError(f"where= is a mapping, such as {{'album': 'x'}}, not {type(where).__name__}")
    clauses, parameters = ["1"], []
    for key, wanted in where.items():
        clause, own = _one(_path(key), key, wanted)
        clauses.append(clause)
        parameters += own
    return " AND ".join(clauses), parameters


def _path(key: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise MediaError(
            f"where= can't ask for {in_words(key)}: names of metadata begin with a letter, digit or _, "
            "and hold no quotes"
        )
    return f'$."{key}"'


def _one(path: str, key: str, wanted: Any) -> Condition:
    if isinstance(wanted, tuple):
        return _range(path, key, wanted)
    if isinstance(wanted, (list, set, frozenset)):
        if len(wanted) > _MOST_CHOICES:
            raise MediaError(f"where= takes at most {_MOST_CHOICES} choices for {key!r}, not {len(wanted)}")
        choices = [_equal(path, key, choice) for choice in wanted]
        joined = " OR ".join(clause for clause, _ in choices) or "0"
        return f"({joined})", [value for _, own in choices for value in own]
    return _equal(path, key, wanted)


def _equal(path: str, key: str, wanted: Any) -> Condition:
    if wanted is None:
        return "json_extract(metadata, ?) IS NULL", [path]
    value = _checked(key, wanted)
    types = "('text')" if isinstance(value, str) else _NUMBERS
    return (
        f"(json_type(metadata, ?) IN {types} AND json_extract(metadata, ?) = ?)",
        [path, path, value],
    )


def _range(path: str, key: str, wanted: tuple[Any, ...]) -> Condition:
    bounds = [_checked(key, bound) for bound in wanted if bound is not None]
    texts = {isinstance(bound, str) for bound in bounds}
    if len(wanted) != 2 or len(texts) != 1:
        raise MediaError(
            f"where= takes a range of {key!r} as two numbers or two texts, one of which may be None, "
            f"not {in_words(wanted)}"
        )
    clauses = [f"json_type(metadata, ?) IN {'(' + repr('text') + ')' if True in texts else _NUMBERS}"]
    parameters: list[Any] = [path]
    for bound, sign in zip(wanted, (">=", "<="), strict=True):
        if bound is not None:
            clauses.append(f"json_extract(metadata, ?) {sign} ?")
            parameters += [path, _checked(key, bound)]
    return f"({' AND '.join(clauses)})", parameters


def _checked(key: str, value: Any) -> str | int | float:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise MediaError(f"where= has a text for {key!r} that is no Unicode ({error.reason})") from error
        return value
    if isinstance(value, int) and _SMALLEST <= value <= _LARGEST:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise MediaError(
        f"where= can compare {key!r} with texts and finite numbers of 64 bits, not with {in_words(value)}; "
        "for a range give a tuple, for a choice a list"
    )
