"""Whether artifacts are kept, and below which directory."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from types import FrameType

from fpcache.errors import FpcacheError
from fpcache.store import default_directory

__all__ = [
    "DIRECTORY",
    "SWITCH",
    "ArtifactsWarning",
    "base_directory",
    "enable_caching",
    "is_caching_enabled",
    "warn",
]

SWITCH = "FPCACHE_ARTIFACTS"
DIRECTORY = "FPCACHE_ARTIFACTS_DIR"
_ON, _OFF = frozenset({"", "1", "true", "on", "yes"}), frozenset({"0", "false", "off", "no"})

_chosen: bool | None = None


class ArtifactsWarning(UserWarning):
    """Artifacts are not kept, or were made again; the message says why and what to do."""


def warn(message: str) -> None:
    """Warn at the line from which fpcache was called."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_own(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, ArtifactsWarning, stacklevel=level)


def _is_own(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__"))
    return name.startswith("fpcache.") or name == "contextlib"


def enable_caching(enabled: bool = True) -> None:
    """Keep artifacts from now on, or don't; until called, ``FPCACHE_ARTIFACTS`` decides.

    Parameters
    ----------
    enabled : bool
        False lets later artifacts go to a temporary directory; those that
        were kept stay.
    """
    global _chosen
    if not isinstance(enabled, bool):
        raise TypeError(f"enable_caching takes True or False, not a {type(enabled).__name__}")
    _chosen = enabled


def is_caching_enabled() -> bool:
    """Return whether artifacts are kept.

    So says the last `enable_caching`, or else ``FPCACHE_ARTIFACTS`` (1 or 0); where neither does, they are.

    Raises
    ------
    FpcacheError
        If ``FPCACHE_ARTIFACTS`` is neither.
    """
    if _chosen is not None:
        return _chosen
    said = os.environ.get(SWITCH, "").strip().lower()
    if said not in _ON | _OFF:
        raise FpcacheError(f"{SWITCH} is {said!r}; set it to 1 (keep artifacts) or 0 (don't)")
    return said in _ON


def base_directory() -> Path:
    """Return ``FPCACHE_ARTIFACTS_DIR``, or else ``artifacts`` in fpcache's cache directory."""
    chosen = os.environ.get(DIRECTORY, "")
    return Path(chosen).expanduser().absolute() if chosen else default_directory() / "artifacts"
