"""Entries and bytes: where recordings are kept, found again and trusted."""

from __future__ import annotations

from fpcache.store.directories import default_directory
from fpcache.store.entry import BlobRef, Collected, Entry, Profile, Totals, Verification
from fpcache.store.local import LocalStore
from fpcache.store.protocol import Sort, Store, TrainingCache

__all__ = [
    "BlobRef",
    "Collected",
    "Entry",
    "LocalStore",
    "Profile",
    "Sort",
    "Store",
    "Totals",
    "TrainingCache",
    "Verification",
    "default_directory",
]
