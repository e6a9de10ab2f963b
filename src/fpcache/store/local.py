"""The default store: a SQLite index and content-addressed blobs in one private directory."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fpcache.errors import CorruptEntryError, StoreError, StoreUnavailableError
from fpcache.store import listing, notes, sweeping
from fpcache.store.blobs import Blobs, raw_bytes, reference_to
from fpcache.store.directories import default_directory, prepare_directory
from fpcache.store.entry import BlobRef, Collected, Entry, Profile, Totals, Verification
from fpcache.store.faults import FaultReporter, OnFault
from fpcache.store.handles import Handles
from fpcache.store.index import unavailable, writing
from fpcache.store.keys import load_key
from fpcache.store.protocol import Sort
from fpcache.store.rows import completed, save_entry, trusted_entries

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["LocalStore"]

_ATTEMPTS = 3
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalStore:
    """Entries in one directory, shared by all kernels of a user.

    What is wrong with single entries is reported and makes them misses. A call
    that can't do its work reports that too, and raises `StoreUnavailableError`
    or `CorruptEntryError`; only the counting and remembering calls (``touch``,
    ``remember_profile``, ``set_memo``) leave it at the report.

    Parameters
    ----------
    directory : Path, optional
        Where to keep everything; by default `default_directory`.
    on_fault : callable, optional
        Called once for each fault; by default faults go to the log.
    key : bytes, optional
        What authenticates entries; by default the user's own key.
    open_now : bool, optional
        False leaves opening to the first call, and so any fault with that.
    clock : callable, optional
        The time in seconds since the epoch.

    Raises
    ------
    StoreUnavailableError
        If there is no usable directory, index or key, and ``open_now`` is set.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        on_fault: OnFault | None = None,
        key: bytes | None = None,
        open_now: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = default_directory() if directory is None else Path(directory).expanduser().absolute()
        self._index = self.directory / "index.sqlite"
        self._blobs = Blobs(self.directory / "blobs")
        self._faults = FaultReporter(on_fault)
        self._clock = clock
        self._given_key = self._key_as_given = key
        self._handles = Handles(self._index, partial(prepare_directory, self.directory))
        if open_now:
            self._open()

    def __reduce__(self) -> tuple[object, ...]:
        """In another process: the same directory, with the key given here or else the user's own there."""
        return _opened, (str(self.directory), self._key_as_given)

    def _open(self) -> sqlite3.Connection:
        """Return this thread's handle, with the key at hand for what is done with it."""
        if self._given_key is None:
            self._given_key = load_key()
        return self._handles.get()

    @property
    def _key(self) -> bytes:
        """The key, which `_open` has loaded."""
        assert self._given_key is not None
        return self._given_key

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's handle; report what goes wrong and raise it as a store's fault."""
        try:
            try:
                yield self._open()
            except sqlite3.Error as error:
                raise unavailable(self._index, error) from error
            except OSError as error:
                raise self._unwritable(error) from error
        except StoreError as fault:
            self._faults.report(str(fault), fault)
            raise

    def _unwritable(self, error: OSError) -> StoreUnavailableError:
        """Say why the directory can't take or give bytes, and what to do next."""
        if error.errno in _FULL:
            what, advice = "is full", "Free disk space, or run `fpcache clear`; what was stored stays usable"
        else:
            what, advice = "can't be used", "Check it with `fpcache doctor`"
        return StoreUnavailableError(
            f"The cache directory {self.directory} {what} ({error.strerror}). {advice}."
        )

    def _try(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """Make a change that may also be forgotten; a fault is reported and no more."""
        with contextlib.suppress(StoreError), self._reporting() as connection, writing(connection):
            change(connection)

    def look_up(self, key: str) -> tuple[Entry, ...]:
        """Return the trusted, unexpired entries under a key, newest first."""
        with self._reporting() as connection:
            rows = listing.rows_of_key(connection, key, self._clock())
        return trusted_entries(rows, self._key, self._faults.report)

    def put(self, entry: Entry, blobs: Mapping[str, ReadableBuffer]) -> Entry:
        """Store an entry with its bytes, whole or not at all, and return it completed.

        The blobs are written first and the row last. What has the same key and
        dependencies is replaced; bytes that are there already are not written again.
        """
        views = {role: raw_bytes(data) for role, data in blobs.items()}
        refs = {role: reference_to(view) for role, view in views.items()}
        entry = completed(entry, refs)
        with self._reporting() as connection:
            written: list[str] = []
            try:
                for _ in range(_ATTEMPTS):
                    for role, ref in refs.items():
                        if self._blobs.write(ref, views[role]):
                            written.append(ref.digest)
                    if self._add_row(connection, entry):
                        return entry
            except BaseException:
                with contextlib.suppress(sqlite3.Error, OSError):  # else left to `gc`
                    sweeping.delete_unused(connection, self._blobs, written, float("inf"))
                raise
            raise StoreUnavailableError(
                f"Files vanish from the cache directory {self.directory} as they are written."
            )

    def _add_row(self, connection: sqlite3.Connection, entry: Entry) -> bool:
        """Write the row, unless a collection took one of the blobs meanwhile."""
        with writing(connection):
            if not all(map(self._blobs.has, entry.blobs.values())):
                return False
            save_entry(connection, self._key, entry)
            sweeping.drop_surplus(connection, entry.key, listing.MOST_PER_KEY)
        return True

    def read(self, ref: BlobRef) -> memoryview:
        """Return the bytes of a blob, verified; writable without reaching the store.

        From 64 MiB on they are a private copy-on-write map of the file.

        Raises
        ------
        CorruptEntryError
            If they are missing or damaged; the entries that need them are removed.
        """
        try:
            return self._blobs.read(ref)
        except CorruptEntryError as error:
            raise self._dropped(ref.digest, error) from error
        except OSError as error:
            fault = self._unwritable(error)
            self._faults.report(str(fault), fault)
            raise fault from error

    def _dropped(self, digest: str, error: CorruptEntryError) -> CorruptEntryError:
        """Remove what needs a damaged blob; tell, unless it was only removed by another kernel."""
        with self._reporting() as connection:
            labels = sweeping.drop_damaged(connection, self._blobs, digest)
        if not labels:
            return error
        named = ", ".join(f"`{label}`" for label in labels[:3])
        fault = CorruptEntryError(f"{error} What needs them ({named}) was removed, and its code runs again.")
        self._faults.report(digest, fault)
        return fault

    def nearest(
        self,
        *,
        code_digest: str | None = None,
        label: str | None = None,
        names: Collection[str] | None = None,
        notebook: str | None = None,
        limit: int = 5,
    ) -> tuple[Entry, ...]:
        """Return entries with the same code, else the same label, else binding exactly the same names.

        Expired ones are among them, so that a miss can be explained by that.
        """
        with self._reporting() as connection:
            rows = listing.nearest_rows(connection, code_digest, label, names, notebook, limit)
        return trusted_entries(rows, self._key, self._faults.report)

    def entry(self, entry_id: str) -> Entry | None:
        """Return one entry, or None where there is none that is trusted."""
        with self._reporting() as connection:
            rows = listing.row_of(connection, entry_id)
        return next(iter(trusted_entries(rows, self._key, self._faults.report)), None)

    def entries(
        self, *, search: str = "", sort: Sort = "created", limit: int | None = None, offset: int = 0
    ) -> tuple[Entry, ...]:
        """Return the trusted entries whose label, name, notebook or source contains a text."""
        with self._reporting() as connection:
            rows = listing.listed_rows(connection, search, sort, limit, offset)
        return trusted_entries(rows, self._key, self._faults.report)

    def count(self, search: str = "") -> int:
        """Return how many entries match a text, trusted or not: their number costs no look at each."""
        with self._reporting() as connection:
            return listing.count_rows(connection, search)

    def touch(self, entry_id: str, saved_s: float) -> None:
        """Count a hit and what it saved."""
        self._try(lambda connection: notes.add_hit(connection, entry_id, saved_s, self._clock()))

    def pin(self, entry_id: str, pinned: bool = True) -> bool:
        """Keep an entry through ``clear``, or let it go; False where there is none."""
        return self._change("UPDATE entries SET pinned = ? WHERE entry_id = ?", pinned, entry_id)

    def remove(self, entry_id: str) -> bool:
        """Forget an entry; False where there is none. `gc` frees its bytes."""
        return self._change("DELETE FROM entries WHERE entry_id = ?", entry_id)

    def _change(self, statement: str, *values: object) -> bool:
        """Run one statement, and say whether it met a row."""
        with self._reporting() as connection, writing(connection):
            return connection.execute(statement, values).rowcount > 0

    def clear(self, *, keep_pinned: bool = True) -> Collected:
        """Forget the entries and free their bytes; keep the profiles and totals."""
        with self._reporting() as connection:
            entries = sweeping.drop_entries(connection, keep_pinned)
        return self._collected(entries, older_than_s=float("inf"))

    def gc(self, grace_s: float = 3600.0) -> Collected:
        """Remove expired entries, and bytes that no entry needs and no kernel wrote within the grace."""
        with self._reporting() as connection:
            entries = sweeping.drop_expired(connection, self._clock())
        return self._collected(entries, older_than_s=time.time() - grace_s)

    def _collected(self, entries: int, older_than_s: float) -> Collected:
        """Delete unused bytes, and what killed writers left behind an hour ago."""
        with self._reporting() as connection:
            digests = list(self._blobs.older_than(older_than_s))
            blobs, size_bytes = sweeping.delete_unused(connection, self._blobs, digests, older_than_s)
            self._blobs.sweep_aside(min(older_than_s, time.time() - 3600.0))
        return Collected(entries, blobs, size_bytes)

    def totals(self) -> Totals:
        """Return what the store holds, and what it has saved so far."""
        with self._reporting() as connection:
            return notes.get_totals(connection)

    def size_bytes(self) -> int:
        """Return the size of all stored content, each blob counted once."""
        return self.totals().size_bytes

    def profile(self, code_digest: str) -> Profile | None:
        """Return what is known about a piece of code."""
        with self._reporting() as connection:
            return notes.get_profile(connection, code_digest)

    def remember_profile(self, code_digest: str, profile: Profile) -> None:
        """Keep what is known about a piece of code; the longest unused is forgotten first."""
        self._try(lambda connection: notes.set_profile(connection, code_digest, profile, self._clock()))

    def get_memo(self, name: str) -> bytes | None:
        """Return a small value kept under a name; None if there is none, or not one written with the key."""
        with self._reporting() as connection:
            return notes.get_memo(connection, self._key, name)

    def set_memo(self, name: str, value: bytes) -> None:
        """Keep a small value (up to 1 MiB) under a name; the longest unused is forgotten first."""
        self._try(lambda connection: notes.set_memo(connection, self._key, name, value, self._clock()))

    def verify(self) -> Verification:
        """Check every entry and blob; remove what is damaged, and leave alone what isn't trusted."""
        with self._reporting() as connection:
            problems = [row[0] for row in connection.execute("PRAGMA quick_check") if row[0] != "ok"]
            entries = 0
            sizes: dict[str, int] = {}
            for entry, damaged, problem in sweeping.check_entries(connection, self._blobs, self._key):
                entries += 1
                problems += [problem] if problem else []
                for digest in damaged:
                    sweeping.drop_blob(connection, self._blobs, digest)
                if entry is not None and not damaged:
                    sizes.update((ref.digest, ref.size_bytes) for ref in entry.blobs.values())
        return Verification(entries, len(sizes), sum(sizes.values()), tuple(problems))

    def close(self) -> None:
        """Let go of the index; a later call opens it again."""
        self._handles.close()


def _opened(directory: str, key: bytes | None) -> LocalStore:
    """Return a store as another process uses it: what is wrong with it shows when it is used."""
    return LocalStore(directory, key=key, open_now=False)
