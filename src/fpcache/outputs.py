"""The cache of hand-written graphs' outputs: the user's store, and the codec of recordings."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

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
        """Return a value as bytes; see `fpcache.replay.codec.dump`.

        Classes and functions of the script or notebook are referred to by name: the fingerprint of what
        comes back tells whether they are still the same.
        """
        main = _main()
        return codec.dump(value, nodes=(), namespace=main, names=_code_in(main))

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        """Return the value, new in memory."""
        return codec.load(stream, buffers, nodes=(), namespace=_main())


def _main() -> dict[str, Any]:
    return vars(sys.modules["__main__"])


def _code_in(main: dict[str, Any]) -> dict[str, object]:
    """Return what a script or a notebook has defined under its own name."""
    return {
        name: value
        for name, value in main.items()
        if isinstance(value, (type, FunctionType))
        and (value.__module__, value.__qualname__) == ("__main__", name)
    }


def open_cache(directory: str | os.PathLike[str] | None = None) -> OutputCache:
    """Return the cache in a directory; by default where the session keeps its results, or would."""
    if directory is None and active.is_loaded():
        return OutputCache(active.current().session.services.store, ReplayCodec())
    return OutputCache(LocalStore(directory), ReplayCodec())
