"""Components for hand-written graphs of media: files, fingerprints, near-duplicates, joins.

A graph keeps what its nodes gave by what they were given. `MediaFiles` gives
files by their content, so an edited file runs what depends on it, and a
renamed or touched one nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names

if TYPE_CHECKING:
    from fpcache.media.nodes.comparing import NearDuplicates, SimilarityJoin
    from fpcache.media.nodes.files import MediaFiles, MediaItem, MediaNames
    from fpcache.media.nodes.making import MediaFingerprinter

__all__ = [
    "MediaFiles",
    "MediaFingerprinter",
    "MediaItem",
    "MediaNames",
    "NearDuplicates",
    "SimilarityJoin",
]

_HOMES = {
    "MediaFiles": "files", "MediaItem": "files", "MediaNames": "files",
    "MediaFingerprinter": "making",
    "NearDuplicates": "comparing", "SimilarityJoin": "comparing",
}  # fmt: skip

__getattr__ = names(__name__, _HOMES)
