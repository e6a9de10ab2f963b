"""Many fingerprints on disk, searched for what is the same: `MediaIndex`.

SQLite holds the truth. Compact features propose candidates (hashes, vectors, shared runs and words), and each
kind's own comparison decides. Where there are many vectors, usearch finds the nearest; its file follows in
the background, and can always be made anew.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpcache.media.index.items import Item, Match
    from fpcache.media.index.media_index import MediaIndex

__all__ = ["Item", "Match", "MediaIndex"]

_HOMES = {"Item": "items", "Match": "items", "MediaIndex": "media_index"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
