"""What the index remembers besides entries: profiles of code, memos, totals."""

from __future__ import annotations

import hmac
import sqlite3

from fpcache.store.entry import Profile, Totals
from fpcache.store.keys import sign_memo

__all__ = ["add_hit", "get_memo", "get_profile", "get_totals", "set_memo", "set_profile"]

_MOST_ROWS = {"profiles": 20_000, "memos": 5_000}
_TRIM_EVERY = 100
_LONGEST_DETAILS_BYTES = 2**16
_LONGEST_MEMO_BYTES = 2**20


def get_profile(connection: sqlite3.Connection, code_digest: str) -> Profile | None:
    """Return what is known about a piece of code."""
    row = connection.execute(
        "SELECT duration_s, runs, note, details FROM profiles WHERE code_digest = ?", (code_digest,)
    ).fetchone()
    return None if row is None else Profile(*row)


def set_profile(connection: sqlite3.Connection, code_digest: str, profile: Profile, now_s: float) -> None:
    """Keep what is known about a piece of code; details beyond 64 KiB are left out."""
    details = profile.details if len(profile.details) <= _LONGEST_DETAILS_BYTES else b"{}"
    connection.execute(
        "INSERT INTO profiles (code_digest, duration_s, runs, note, details, updated_s)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (code_digest) DO UPDATE SET"
        " duration_s = excluded.duration_s, runs = excluded.runs,"
        " note = excluded.note, details = excluded.details, updated_s = excluded.updated_s",
        (code_digest, profile.duration_s, profile.runs, profile.note, details, now_s),
    )
    _trim(connection, "profiles")


def get_memo(connection: sqlite3.Connection, key: bytes, name: str) -> bytes | None:
    """Return a value that a holder of the key kept under a name."""
    row = connection.execute("SELECT value, signature FROM memos WHERE name = ?", (name,)).fetchone()
    if row is None or not hmac.compare_digest(sign_memo(key, name, row[0]), row[1]):
        return None
    return bytes(row[0])


def set_memo(connection: sqlite3.Connection, key: bytes, name: str, value: bytes, now_s: float) -> None:
    """Keep a value under a name; one of more than 1 MiB is forgotten at once."""
    if len(value) > _LONGEST_MEMO_BYTES:
        connection.execute("DELETE FROM memos WHERE name = ?", (name,))
        return
    connection.execute(
        "INSERT INTO memos (name, value, signature, updated_s) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, signature = excluded.signature,"
        " updated_s = excluded.updated_s",
        (name, value, sign_memo(key, name, value), now_s),
    )
    _trim(connection, "memos")


def _trim(connection: sqlite3.Connection, table: str) -> None:
    """Now and then remove the rows not written for longest beyond the table's limit."""
    newest = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0]
    if newest % _TRIM_EVERY == 0:
        connection.execute(
            f"DELETE FROM {table} WHERE rowid IN"
            f" (SELECT rowid FROM {table} ORDER BY updated_s DESC, rowid DESC LIMIT -1 OFFSET ?)",
            (_MOST_ROWS[table],),
        )


def add_hit(connection: sqlite3.Connection, entry_id: str, saved_s: float, now_s: float) -> None:
    """Count a hit on the entry and in the totals, which outlive it."""
    connection.execute(
        "UPDATE entries SET hits = hits + 1, saved_s = saved_s + ?, used_s = ? WHERE entry_id = ?",
        (saved_s, now_s, entry_id),
    )
    connection.executemany(
        "INSERT INTO totals (name, amount) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET amount = amount + excluded.amount",
        [("hits", 1.0), ("saved_s", saved_s)],
    )


def get_totals(connection: sqlite3.Connection) -> Totals:
    """Return what the index holds and what was counted so far."""
    entries, pinned = connection.execute("SELECT count(*), coalesce(sum(pinned), 0) FROM entries").fetchone()
    size_bytes = connection.execute(
        "SELECT coalesce(sum(size_bytes), 0) FROM (SELECT DISTINCT digest, size_bytes FROM blob_uses)"
    ).fetchone()[0]
    counted = dict(connection.execute("SELECT name, amount FROM totals"))
    return Totals(entries, pinned, size_bytes, int(counted.get("hits", 0)), counted.get("saved_s", 0.0))
