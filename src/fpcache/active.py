"""What is loaded into this process's shell, if anything."""

from __future__ import annotations

from typing import Any

from fpcache.errors import FpcacheError

__all__ = ["current", "is_loaded", "set_current"]

_loaded: Any = None


def is_loaded() -> bool:
    """Whether the extension is loaded."""
    return _loaded is not None


def current() -> Any:
    """Return what is loaded.

    Raises
    ------
    FpcacheError
        If the extension is not loaded.
    """
    if _loaded is None:
        raise FpcacheError("fpcache is not loaded; run `%load_ext fpcache` first")
    return _loaded


def set_current(loaded: Any) -> None:
    """Keep what was loaded; None after unloading."""
    global _loaded
    _loaded = loaded
