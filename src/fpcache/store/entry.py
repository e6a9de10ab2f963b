"""What the store keeps: entries, references to their bytes, and what is known about code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BlobRef", "Collected", "Entry", "Profile", "Totals", "Verification"]


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Names stored bytes by their content.

    Attributes
    ----------
    digest : str
        The blake3 digest of the bytes, 64 hexadecimal digits.
    size_bytes : int
        How many bytes there are.
    """

    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recording, as the store keeps it.

    Attributes
    ----------
    key : str
        The fingerprint key it is looked up by; several entries may share one.
    created_s, expires_s : float
        Seconds since the epoch; ``expires_s`` is None for an entry that stays.
    duration_s, restore_s : float
        How long the code ran, and how long a replay is expected to take.
    label, notebook, cell, code_digest, source, name : str
        Where it comes from, for people and for explaining misses. ``name`` is
        the one its user gave.
    binds : tuple of str
        The names that the component binds, for explaining misses.
    dependencies, meta : bytes
        JSON that the session writes and reads.
    pinned : bool
        Whether ``clear`` and eviction leave it alone.
    blobs : mapping of str to BlobRef
        Role, such as ``"payload"``, to stored bytes; filled in by ``put``.
    size_bytes : int
        The sum over the blobs; filled in by ``put``.
    entry_id : str
        Derived from key and dependencies; filled in by ``put``.
    hits, saved_s, used_s
        How often it was replayed, what that saved, and when it last was.
    """

    key: str
    created_s: float
    duration_s: float = 0.0
    restore_s: float = 0.0
    label: str = ""
    notebook: str = ""
    cell: str = ""
    code_digest: str = ""
    source: str = ""
    name: str = ""
    binds: tuple[str, ...] = ()
    dependencies: bytes = b"[]"
    meta: bytes = b"{}"
    expires_s: float | None = None
    pinned: bool = False
    blobs: Mapping[str, BlobRef] = field(default_factory=dict)
    size_bytes: int = 0
    entry_id: str = ""
    hits: int = 0
    saved_s: float = 0.0
    used_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about a piece of code from its earlier runs.

    Attributes
    ----------
    duration_s : float
        How long its last run took.
    runs : int
        How many runs were seen.
    note : str
        What to know before the next run, such as "opens a figure".
    details : bytes
        JSON that the session writes and reads.
    """

    duration_s: float
    runs: int = 1
    note: str = ""
    details: bytes = b"{}"


@dataclass(frozen=True, slots=True)
class Totals:
    """What the whole store holds, and what it has saved so far."""

    entries: int
    pinned: int
    size_bytes: int
    hits: int
    saved_s: float


@dataclass(frozen=True, slots=True)
class Collected:
    """What a garbage collection removed."""

    entries: int
    blobs: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of everything found; no ``problems`` means all is well."""

    entries: int
    blobs: int
    size_bytes: int
    problems: tuple[str, ...]
