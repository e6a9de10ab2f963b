"""What is made of a dataset, kept for the next session: directories by dataset, state and module."""

from __future__ import annotations

from fpcache.artifacts.generating import Artifact, generate
from fpcache.artifacts.listing import Kept, clear, size
from fpcache.artifacts.listing import list_kept as list
from fpcache.artifacts.places import DatasetState, cache_dir_for
from fpcache.artifacts.switches import ArtifactsWarning, base_directory, enable_caching, is_caching_enabled

__all__ = [
    "Artifact",
    "ArtifactsWarning",
    "DatasetState",
    "Kept",
    "base_directory",
    "cache_dir_for",
    "clear",
    "enable_caching",
    "generate",
    "is_caching_enabled",
    "list",
    "size",
]
