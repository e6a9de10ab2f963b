"""What an index takes: fingerprints of its kind and of the present algorithms only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from fpcache.errors import FpcacheError, MediaError
from fpcache.media.batch import Failure, fingerprint_batch
from fpcache.media.index.database import writing
from fpcache.media.index.items import checked_id, metadata_text
from fpcache.media.index.rows import Scope, prepared
from fpcache.media.index.stores import Outcome
from fpcache.media.methods import method
from fpcache.media.records import KINDS, Kind, MediaFingerprint
from fpcache.media.words import in_words

__all__ = ["agreed_kind", "check_algorithms", "checked", "other_algorithm", "prepared_batch"]


def agreed_kind(connection: sqlite3.Connection, kind: Kind | None) -> Kind | None:
    """Return the only kind of the index, fixed when it is made; None where it takes all.

    Raises
    ------
    MediaError
        If another was asked for.
    """
    asked = "SELECT value FROM about WHERE name = 'kind'"
    found = connection.execute(asked).fetchone()
    if found is None:
        with writing(connection):
            connection.execute("INSERT OR IGNORE INTO about VALUES ('kind', ?)", (kind or "",))
            found = connection.execute(asked).fetchone()
    if kind is not None and found[0] != kind:
        raise MediaError(
            f"this media index is for {found[0] or 'all kinds'}, not for {kind} only; "
            "open it without kind=, or name another file"
        )
    return next((each for each in KINDS if each == found[0]), None)


def checked(made: MediaFingerprint, kind: Kind | None) -> MediaFingerprint:
    """Return a fingerprint that an index of this kind can hold.

    Raises
    ------
    MediaError
        If it is of another kind, or of another algorithm than this version makes.
    """
    if kind is not None and made.kind != kind:
        raise MediaError(f"this index is for {kind}, and this is {made.kind}; it needs another index")
    current = method(made.kind).algorithm
    if made.algorithm != current:
        raise MediaError(
            f"this fingerprint is of {made.algorithm}, and this fpcache makes {current}; "
            "fingerprint the source again, and add that"
        )
    return made


def check_algorithms(connection: sqlite3.Connection, scope: Scope) -> None:
    """Refuse to search among items that can't be compared: what is not found would seem not to be there.

    Raises
    ------
    MediaError
        If there are items of the scope's kind that are of another algorithm.
    """
    for sign in ("<", ">"):  # each is looked up in the table's index, unlike <>
        asked = f"SELECT id, algorithm FROM items WHERE kind = ? AND algorithm {sign} ? LIMIT 1"
        found = connection.execute(asked, (scope.kind, scope.algorithm)).fetchone()
        if found is not None:
            raise other_algorithm(found[0], found[1], scope.algorithm)


def other_algorithm(item_id: str, held: str, wanted: str) -> MediaError:
    """Return the error that says that an item can't be compared."""
    return MediaError(
        f"items such as {item_id!r} are of {held}, and can't be compared with {wanted}; outdated() names "
        "them: update() them from their sources, or remove() them"
    )


def prepared_batch(batch: Sequence[Any], kind: Kind | None) -> list[Outcome]:
    """Return what is written of each item, its fingerprint and its metadata, or what is wrong with it."""
    sources = [item[1] for item in batch if _is_item(item) and not isinstance(item[1], MediaFingerprint)]
    made = iter(fingerprint_batch(sources, kind) if sources else ())  # it would start threads
    outcomes: list[Outcome] = []
    for item in batch:
        try:
            if not _is_item(item):
                raise MediaError(
                    f"an item is a tuple of id, source and, if any, metadata, not {in_words(item)}"
                )
            one = item[1] if isinstance(item[1], MediaFingerprint) else next(made)
            if isinstance(one, Failure):
                raise one.error
            checked_id(item[0])
            text = metadata_text(item[2] if len(item) == 3 else None)
            outcomes.append((prepared(checked(one, kind)), text))
        except FpcacheError as error:
            outcomes.append(error)
    return outcomes


def _is_item(item: Any) -> bool:
    return isinstance(item, (tuple, list)) and len(item) in (2, 3)
