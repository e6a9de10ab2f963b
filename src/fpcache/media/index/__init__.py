"""Many fingerprints on disk, searched for what is the same: `MediaIndex`.

SQLite holds the truth. Compact features propose candidates (hashes, vectors, shared runs and words), and each
kind's own comparison decides. Where there are many vectors, usearch finds the nearest; its file follows in
the background, and can always be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names

if TYPE_CHECKING:
    from fpcache.media.index.items import Item, Match
    from fpcache.media.index.media_index import MediaIndex

__all__ = ["Item", "Match", "MediaIndex"]

_HOMES = {"Item": "items", "Match": "items", "MediaIndex": "media_index"}

__getattr__ = names(__name__, _HOMES)
