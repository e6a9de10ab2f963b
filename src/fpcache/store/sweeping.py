"""Removing rows and blobs, and checking them all.

A blob is deleted only under the write lock of the index, after a look that no
row uses it. A writer adds its row under the same lock, after a look that its
blobs are still there. So no row can end up without its blobs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from fpcache.errors import CorruptEntryError, UntrustedEntryError
from fpcache.store.blobs import Blobs
from fpcache.store.entry import BlobRef, Entry
from fpcache.store.index import writing
from fpcache.store.rows import COLUMNS, trusted_entry

__all__ = [
    "check_entries",
    "delete_unused",
    "drop_blob",
    "drop_damaged",
    "drop_entries",
    "drop_expired",
    "drop_surplus",
]

_BATCH = 100  # the write lock is given back in between


def delete_unused(
    connection: sqlite3.Connection, blobs: Blobs, digests: Sequence[str], older_than_s: float
) -> tuple[int, int]:
    """Delete those of the blobs that no row uses and that are old enough; return how many and their size."""
    sizes = []
    for start in range(0, len(digests), _BATCH):
        with writing(connection):
            for digest in digests[start : start + _BATCH]:
                if not _is_used(connection, digest) and blobs.is_older_than(digest, older_than_s):
                    sizes.append(blobs.delete(digest))
    return len(sizes), sum(sizes)


def _is_used(connection: sqlite3.Connection, digest: str) -> bool:
    """Say whether a row needs this blob."""
    use = connection.execute("SELECT 1 FROM blob_uses WHERE digest = ? LIMIT 1", (digest,))
    return use.fetchone() is not None


def drop_damaged(connection: sqlite3.Connection, blobs: Blobs, digest: str) -> list[str]:
    """Remove a damaged blob, the entries that need it, and their other damaged blobs; return labels.

    A damaged blob that stayed would be taken for the one that the next run writes.
    """
    labels: list[str] = []
    met, pending = {digest}, [digest]
    while pending:
        dropped, beside = drop_blob(connection, blobs, pending.pop())
        labels += dropped
        pending += [other for other in beside - met if blobs.is_altered(other)]
        met |= beside
    return labels


def drop_blob(connection: sqlite3.Connection, blobs: Blobs, digest: str) -> tuple[list[str], set[str]]:
    """Remove a damaged blob and the entries that need it; return their labels and all their blobs."""
    used = "entry_id IN (SELECT entry_id FROM blob_uses WHERE digest = ?)"
    with writing(connection):
        labels = [row[0] for row in connection.execute(f"SELECT label FROM entries WHERE {used}", (digest,))]
        beside = connection.execute(f"SELECT digest FROM blob_uses WHERE {used}", (digest,)).fetchall()
        connection.execute(f"DELETE FROM entries WHERE {used}", (digest,))
        blobs.delete(digest)
    return labels, {row[0] for row in beside}


def drop_expired(connection: sqlite3.Connection, now_s: float) -> int:
    """Remove the entries whose time is over, pinned or not, for they are never hits again."""
    with writing(connection):
        return connection.execute("DELETE FROM entries WHERE expires_s <= ?", (now_s,)).rowcount


def drop_entries(connection: sqlite3.Connection, keep_pinned: bool) -> int:
    """Remove all entries, or all but the pinned ones."""
    with writing(connection):
        return connection.execute("DELETE FROM entries WHERE NOT (pinned AND ?)", (keep_pinned,)).rowcount


def drop_surplus(connection: sqlite3.Connection, key: str, most: int) -> None:
    """Remove the oldest unpinned entries of a key beyond a number, inside the caller's transaction."""
    connection.execute(
        "DELETE FROM entries WHERE entry_id IN (SELECT entry_id FROM entries WHERE key = ? AND NOT pinned"
        " ORDER BY created_s DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (key, most),
    )


def check_entries(
    connection: sqlite3.Connection, blobs: Blobs, key: bytes
) -> Iterator[tuple[Entry | None, tuple[str, ...], str]]:
    """Check every entry and each of its blobs once.

    Yields
    ------
    tuple of Entry or None, tuple of str, str
        The entry if it is trusted, the digests of its damaged blobs, and what
        is wrong or an empty text.
    """
    checked: dict[BlobRef, str] = {}
    for row in connection.execute(f"SELECT {COLUMNS} FROM entries").fetchall():
        try:
            entry = trusted_entry(row, key)
        except UntrustedEntryError as error:
            yield None, (), str(error)
            continue
        for ref in entry.blobs.values():
            if ref not in checked:
                checked[ref] = _damage(blobs, ref)
        damaged = [ref for ref in entry.blobs.values() if checked[ref]]
        yield entry, tuple(ref.digest for ref in damaged), " ".join(checked[ref] for ref in damaged)


def _damage(blobs: Blobs, ref: BlobRef) -> str:
    """Return what is wrong with a blob, or an empty text."""
    try:
        blobs.read(ref)
    except CorruptEntryError as error:
        return str(error)
    return ""
