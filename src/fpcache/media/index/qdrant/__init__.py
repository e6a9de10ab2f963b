"""Items on a Qdrant server, behind the same interface as those in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names

if TYPE_CHECKING:
    from fpcache.media.index.qdrant.store import QdrantStore

__all__ = ["QdrantStore"]

# Loaded when first asked for, so that a file's index needs no client.
_HOMES = {"QdrantStore": "store"}

__getattr__ = names(__name__, _HOMES)
