"""Arguments that several calls take, looked at before anything is done: what is wrong is said at once."""

from __future__ import annotations

import operator
import os
from collections.abc import AsyncIterable, Iterable, Iterator
from numbers import Real
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.records import KINDS, Kind
from fpcache.media.words import in_words

__all__ = [
    "checked_choice",
    "checked_count",
    "checked_flag",
    "checked_kind",
    "checked_path",
    "checked_threshold",
    "checked_vector",
    "each_of",
]


def checked_kind(kind: object) -> Kind | None:
    """Return a kind of media, or None.

    Raises
    ------
    MediaError
        If it is something else.
    """
    found = next((one for one in KINDS if isinstance(kind, str) and kind == one), None)
    if kind is not None and found is None:
        raise MediaError(f"there is no kind of media {in_words(kind)}; kinds are {', '.join(KINDS)}")
    return found


def checked_choice(name: str, value: object, choices: tuple[str, str]) -> None:
    """Make sure that an option is one of two.

    Raises
    ------
    MediaError
        If it isn't.
    """
    if not isinstance(value, str) or value not in choices:
        raise MediaError(f"{name} is {choices[0]!r} or {choices[1]!r}, not {in_words(value)}")


def checked_count(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return a whole number, also of NumPy's types.

    Raises
    ------
    MediaError
        If it is none, or out of bounds.
    """
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)
    except Exception as error:  # of a class of the user's, anything
        raise MediaError(f"{name} is a whole number {bounds}, not {in_words(value)}") from error
    if count < least or (most is not None and count > most):
        raise MediaError(f"{name} is a whole number {bounds}, not {in_words(count)}")
    return count


def checked_threshold(value: Any) -> float | None:
    """Return the least score that counts, or None for each kind's own.

    Raises
    ------
    MediaError
        If it is no number from 0 to 1, such as a share in percent: nothing would be found.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise MediaError(
            f"threshold= is a score from 0 to 1, or None for each kind's own, not {in_words(value)}"
        )
    return float(value)


def checked_flag(name: str, value: object) -> bool:
    """Return True or False.

    Raises
    ------
    MediaError
        If it is something that only counts as one of them, or as neither, such as an array.
    """
    if not isinstance(value, bool):
        raise MediaError(f"{name} is True or False, not {in_words(value)}")
    return value


def checked_vector(value: object) -> None:
    """Make sure that `vector` is True, False or None.

    Raises
    ------
    MediaError
        If it is something that only counts as one of them.
    """
    if value is not None and not isinstance(value, bool):
        raise MediaError(f"vector= is True, False or None, not {in_words(value)}")


def checked_path(path: object) -> str:
    """Return the path of a file as a text.

    Raises
    ------
    MediaError
        If it is none, or names none.
    """
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise MediaError(
            f"a media index is opened by the path of its file, a text or Path, not {in_words(path)}"
        )
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise MediaError(f"the path {in_words(text)} can't be a file's here ({error.reason})") from error
    return text


def each_of(items: Any, what: str) -> Iterator[Any]:
    """Return an iterator over many items.

    Parameters
    ----------
    items : iterable
    what : str
        What it is of, in words.

    Raises
    ------
    MediaError
        If it is one item alone, or nothing to go through.
    """
    is_file = callable(getattr(type(items), "read", None))
    if is_file or isinstance(items, (str, bytes, bytearray, memoryview, os.PathLike)):
        raise MediaError(f"{what}, not {in_words(items)} alone; write [...] around it")
    if isinstance(items, AsyncIterable) and not isinstance(items, Iterable):
        raise MediaError(f"{what}, not {in_words(items)}, which is iterated with async for; collect it first")
    try:
        return iter(items)
    except TypeError as error:
        raise MediaError(f"{what}, not {in_words(items)}") from error
