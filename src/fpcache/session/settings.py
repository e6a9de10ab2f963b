"""What users can set: for the session, and for one cell."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["MIN_SECONDS", "CellOptions", "Settings", "min_seconds_default"]

MIN_SECONDS = 0.01


def min_seconds_default() -> float:
    """Return ``FPCACHE_MIN_SECONDS``, or 0.01 where it is unset or no number."""
    try:
        return max(0.0, float(os.environ.get("FPCACHE_MIN_SECONDS", MIN_SECONDS)))
    except ValueError:
        return MIN_SECONDS


@dataclass(slots=True)
class Settings:
    """The session's settings; ``%config FPCache`` and the magics change them.

    Attributes
    ----------
    enabled : bool
        Whether anything is cached at all.
    auto : bool
        Whether cells without ``%%fpcache`` are cached too.
    min_seconds : float
        Statements quicker than this, in seconds, run for real; 0 caches all.
    unseeded : str
        ``"replay"``: a new kernel's unseeded random state starts where the
        recorded one did; ``"run"``: it doesn't; ``"auto"``: ``"replay"`` where
        a person is at the keyboard.
    show_status : str
        Where the status line appears: ``"explicit"`` cells, ``"always"``, ``"never"``.
    """

    enabled: bool = True
    auto: bool = False
    min_seconds: float = MIN_SECONDS
    unseeded: str = "auto"
    show_status: str = "explicit"


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What the arguments of ``%%fpcache`` say about one cell."""

    explicit: bool = False
    name: str = ""
    force: bool = False
    dry_run: bool = False
    whole: bool = False
    ttl_s: float | None = None
    pin: bool = False
    depends: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    no_store: bool = False
    quiet: bool = False
