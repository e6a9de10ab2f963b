"""Entries as rows of the index, and rows as trusted entries."""

from __future__ import annotations

import hmac
import sqlite3
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from json import dumps, loads
from typing import Any

from blake3 import blake3

from fpcache.errors import UntrustedEntryError
from fpcache.store.entry import BlobRef, Entry
from fpcache.store.keys import sign_entry

__all__ = ["COLUMNS", "completed", "save_entry", "trusted_entries", "trusted_entry"]

COLUMNS = (
    "entry_id, key, created_s, duration_s, restore_s, size_bytes, expires_s, pinned, hits, saved_s, used_s,"
    " code_digest, label, binds, name, notebook, cell, blobs, signature, source, dependencies, meta"
)
# What a later recording of the same leaves as it is.
_KEPT = ("entry_id", "pinned", "hits", "saved_s", "used_s")
_NAMES = COLUMNS.replace(" ", "").split(",")
_SAVE = (
    f"INSERT INTO entries ({COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})"
    " ON CONFLICT (entry_id) DO UPDATE SET pinned = max(pinned, excluded.pinned), "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _KEPT)
)
_TEXTS = ("label", "notebook", "cell", "source", "name")
_Row = tuple[Any, ...]


def completed(entry: Entry, blobs: Mapping[str, BlobRef]) -> Entry:
    """Return the entry as it will be read back, with its id, references and size.

    The id is a digest of key and dependencies: the same recording made twice,
    also by two kernels, is one entry, and the later one stays.
    """
    identity = len(entry.key).to_bytes(8, "little") + entry.key.encode() + entry.dependencies
    texts = {name: _storable(getattr(entry, name)) for name in _TEXTS}
    return replace(
        entry,
        **texts,  # type: ignore[arg-type]
        binds=tuple(sorted(entry.binds)),
        blobs=dict(blobs),
        size_bytes=sum(ref.size_bytes for ref in blobs.values()),
        entry_id=blake3(identity).hexdigest()[:32],
        hits=0,
        saved_s=0.0,
        used_s=0.0,
    )


def _storable(text: str) -> str:
    """Spell out lone surrogates, which UTF-8 can't hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def save_entry(connection: sqlite3.Connection, key: bytes, entry: Entry) -> None:
    """Write the row of an entry and the uses of its blobs, inside the caller's transaction."""
    references = {role: [ref.digest, ref.size_bytes] for role, ref in entry.blobs.items()}
    packed = {
        "binds": " ".join(entry.binds),
        "blobs": dumps(references),
        "signature": sign_entry(key, entry),
    }
    row = [packed[name] if name in packed else getattr(entry, name) for name in _NAMES]
    connection.execute(_SAVE, row)
    connection.execute("DELETE FROM blob_uses WHERE entry_id = ?", (entry.entry_id,))
    connection.executemany(
        "INSERT OR IGNORE INTO blob_uses (digest, entry_id, size_bytes) VALUES (?, ?, ?)",
        [(ref.digest, entry.entry_id, ref.size_bytes) for ref in entry.blobs.values()],
    )


def trusted_entries(
    rows: list[_Row], key: bytes, on_untrusted: Callable[[str, UntrustedEntryError], None]
) -> tuple[Entry, ...]:
    """Return the entries that verify; report and leave out those that don't."""
    entries = []
    for row in rows:
        try:
            entries.append(trusted_entry(row, key))
        except UntrustedEntryError as error:
            on_untrusted(str(row[0]), error)
    return tuple(entries)


def trusted_entry(row: _Row, key: bytes) -> Entry:
    """Return a row as an entry.

    Raises
    ------
    UntrustedEntryError
        If it was not written, just so, by a holder of the key.
    """
    try:
        entry = _entry(row)
        genuine = hmac.compare_digest(sign_entry(key, entry), row[18])
    except (TypeError, ValueError, AttributeError, struct.error) as error:  # not what `save_entry` writes
        raise _untrusted(row) from error
    if not genuine:
        raise _untrusted(row)
    return entry


def _entry(row: _Row) -> Entry:
    """Take a row apart; the columns are in the order of `COLUMNS`."""
    return Entry(
        entry_id=row[0],
        key=row[1],
        created_s=row[2],
        duration_s=row[3],
        restore_s=row[4],
        size_bytes=row[5],
        expires_s=row[6],
        pinned=bool(row[7]),
        hits=row[8],
        saved_s=row[9],
        used_s=row[10],
        code_digest=row[11],
        label=row[12],
        binds=tuple(row[13].split()),
        name=row[14],
        notebook=row[15],
        cell=row[16],
        blobs={role: BlobRef(digest, size) for role, (digest, size) in loads(row[17]).items()},
        source=row[19],
        dependencies=row[20],
        meta=row[21],
    )


def _untrusted(row: _Row) -> UntrustedEntryError:
    """Say which entry does not verify, and what to do about it."""
    return UntrustedEntryError(
        f"The cache entry {row[0]!s:.40} ({row[12]!s:.60}) was not written with your key, or was changed "
        "since. It is ignored and its code runs; `fpcache clear` removes it."
    )
