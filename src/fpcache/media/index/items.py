"""What is put into an index, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.records import MediaFingerprint, Similarity
from fpcache.media.words import in_words

__all__ = ["Item", "Match", "checked_id", "metadata_text"]

_LONGEST_ID = 4096


@dataclass(frozen=True, slots=True)
class Item:
    """What the index holds under one id.

    Attributes
    ----------
    id : str
        What it is called.
    fingerprint : MediaFingerprint
        What it is compared by.
    metadata : mapping of str to object
        What it was added with.
    """

    id: str
    fingerprint: MediaFingerprint
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """An item found by a search.

    Attributes
    ----------
    id : str
        What it is called.
    similarity : Similarity
        How alike it is to what was searched for, and why.
    metadata : mapping of str to object
        What it was added with.
    """

    id: str
    similarity: Similarity
    metadata: Mapping[str, Any]


def checked_id(item_id: object) -> str:
    """Return an id that can be stored.

    Raises
    ------
    MediaError
        If it is no text, is empty, or can't be written as UTF-8.
    """
    if not isinstance(item_id, str) or not 0 < len(item_id) <= _LONGEST_ID:
        raise MediaError(f"an id is a text of 1 to {_LONGEST_ID} characters, not {in_words(item_id)}")
    try:
        item_id.encode()
    except UnicodeEncodeError as error:
        raise MediaError(f"the id {in_words(item_id)} can't be written as UTF-8 ({error.reason})") from error
    if "\0" in item_id:
        raise MediaError(f"the id {in_words(item_id)} holds a NUL character; leave it out")
    return item_id


def metadata_text(metadata: Mapping[str, Any] | None) -> str:
    """Return metadata as JSON.

    Raises
    ------
    MediaError
        If JSON can't hold it.
    """
    if metadata is None:
        return "{}"
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise MediaError("metadata is a mapping of names to values, such as {'album': 'x', 'year': 2001}")
    try:
        # Names as they are: SQLite finds none by its path that is written with escapes.
        text = dumps(dict(metadata), allow_nan=False, sort_keys=True, ensure_ascii=False)
        text.encode()
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise MediaError(
            f"this metadata can't be kept as JSON ({error}); use texts, finite numbers, lists ..."
        ) from error
