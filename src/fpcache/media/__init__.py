"""Media fingerprints: the same image, sound, video or text found again after it was changed a little.

`fingerprint` one, `fingerprint_batch` many, and ask for their `similarity`. Needs ``fpcache[media]``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names
from fpcache.media.records import MediaFingerprint, Parts, Similarity

if TYPE_CHECKING:
    from fpcache.media.batch import Failure, afingerprint_batch, fingerprint_batch, fingerprint_each
    from fpcache.media.caching import CacheStats, FingerprintCache, cache
    from fpcache.media.fingerprinting import afingerprint, fingerprint, similarity
    from fpcache.media.index.items import Match
    from fpcache.media.index.media_index import MediaIndex
    from fpcache.media.nodes.comparing import NearDuplicates, SimilarityJoin
    from fpcache.media.nodes.files import MediaFiles, MediaItem, MediaNames
    from fpcache.media.nodes.making import MediaFingerprinter

__all__ = [
    "CacheStats",
    "Failure",
    "FingerprintCache",
    "Match",
    "MediaFiles",
    "MediaFingerprint",
    "MediaFingerprinter",
    "MediaIndex",
    "MediaItem",
    "MediaNames",
    "NearDuplicates",
    "Parts",
    "Similarity",
    "SimilarityJoin",
    "afingerprint",
    "afingerprint_batch",
    "cache",
    "fingerprint",
    "fingerprint_batch",
    "fingerprint_each",
    "similarity",
]

# Loaded when first asked for, so that importing this imports neither the store nor NumPy.
_HOMES = {
    "CacheStats": "caching", "FingerprintCache": "caching", "cache": "caching",
    "Failure": "batch", "afingerprint_batch": "batch",
    "fingerprint_batch": "batch", "fingerprint_each": "batch",
    "afingerprint": "fingerprinting", "fingerprint": "fingerprinting", "similarity": "fingerprinting",
    "Match": "index.items", "MediaIndex": "index.media_index",
    "MediaFiles": "nodes.files", "MediaItem": "nodes.files", "MediaNames": "nodes.files",
    "MediaFingerprinter": "nodes.making",
    "NearDuplicates": "nodes.comparing", "SimilarityJoin": "nodes.comparing",
}  # fmt: skip

__getattr__ = names(__name__, _HOMES)
