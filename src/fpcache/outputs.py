"""The cache of hand-written graphs' outputs: the user's store, and the codec of recordings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fpcache import active
from fpcache.graph import OutputCache
from fpcache.replay import codec
from fpcache.store import LocalStore

if TYPE_CHECKING:
    from fpcache.graph.persisting import Dumped

__all__ = ["ReplayCodec", "open_cache"]


@dataclass(frozen=True, slots=True)
class ReplayCodec:
    """The codec of recordings, for values that refer to nothing outside themselves."""

    def dump(self, value: object) -> Dumped:
        """Return a value as bytes; see `fpcache.replay.codec.dump`."""
        return codec.dump(value, nodes=(), namespace={})

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        """Return the value, new in memory."""
        return codec.load(stream, buffers, nodes=(), namespace={})


def open_cache(directory: str | os.PathLike[str] | None = None) -> OutputCache:
    """Return the cache in a directory; by default where the session keeps its results, or would."""
    if directory is None and active.is_loaded():
        return OutputCache(active.current().session.services.store, ReplayCodec())
    return OutputCache(LocalStore(directory), ReplayCodec())
