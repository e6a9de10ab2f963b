"""What the rest of fpcache asks of a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

from fpcache.store.entry import BlobRef, Collected, Entry, Profile, Totals, Verification

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Sort", "Store", "TrainingCache"]

Sort = Literal["created", "used", "size", "duration", "saved", "hits", "label", "notebook"]


class TrainingCache(Protocol):
    """The three calls that a fingerprint run and a recording need.

    Each may raise `StoreUnavailableError`; ``read`` may raise
    `CorruptEntryError`. The caller then runs the code: what was raised has been
    reported to the store's ``on_fault`` already.
    """

    def look_up(self, key: str) -> tuple[Entry, ...]:
        """Return the trusted, unexpired entries under a key, newest first."""

    def put(self, entry: Entry, blobs: Mapping[str, ReadableBuffer]) -> Entry:
        """Store an entry with its bytes, whole or not at all, and return it completed."""

    def read(self, ref: BlobRef) -> memoryview:
        """Return the bytes of a blob, verified; writable without reaching the store."""


class Store(TrainingCache, Protocol):
    """All that a session, the magics and the command line ask of a store."""

    def nearest(
        self,
        *,
        code_digest: str | None = None,
        label: str | None = None,
        names: Collection[str] | None = None,
        notebook: str | None = None,
        limit: int = 5,
    ) -> tuple[Entry, ...]:
        """Return the entries most like a component that missed, best first."""

    def entry(self, entry_id: str) -> Entry | None:
        """Return one entry, or None where there is none that is trusted."""

    def entries(
        self, *, search: str = "", sort: Sort = "created", limit: int | None = None, offset: int = 0
    ) -> tuple[Entry, ...]:
        """Return the trusted entries for a listing."""

    def count(self, search: str = "") -> int:
        """Return how many entries a listing without a limit would show at most."""

    def touch(self, entry_id: str, saved_s: float) -> None:
        """Count a hit and what it saved."""

    def pin(self, entry_id: str, pinned: bool = True) -> bool:
        """Keep an entry through ``clear``, or let it go; False where there is none."""

    def remove(self, entry_id: str) -> bool:
        """Forget an entry; False where there is none."""

    def clear(self, *, keep_pinned: bool = True) -> Collected:
        """Forget the entries and free their bytes; keep the profiles and totals."""

    def totals(self) -> Totals:
        """Return what the store holds and has saved so far."""

    def size_bytes(self) -> int:
        """Return the size of all stored content, each blob counted once."""

    def profile(self, code_digest: str) -> Profile | None:
        """Return what is known about a piece of code."""

    def remember_profile(self, code_digest: str, profile: Profile) -> None:
        """Keep what is known about a piece of code."""

    def get_memo(self, name: str) -> bytes | None:
        """Return a small value kept under a name, or None."""

    def set_memo(self, name: str, value: bytes) -> None:
        """Keep a small value under a name."""

    def verify(self) -> Verification:
        """Check every entry and blob, and remove what is damaged."""

    def gc(self, grace_s: float = 3600.0) -> Collected:
        """Remove expired entries, and unreferenced bytes older than the grace."""

    def close(self) -> None:
        """Let go of files; a later call opens them again."""
