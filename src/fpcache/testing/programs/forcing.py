"""Chance in a session: look-ups that find nothing, statements that run plainly.

Runs inside the cached session, before its first cell. Hits and runs then mix
as they do in a notebook whose cache is partly evicted.
"""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

__all__ = ["force"]


def force(misses: float, plains: float, seed: int) -> None:
    """Make this share of the look-ups miss, and this share of the statements run plainly."""
    looking_up: Any = import_module("fpcache.session.looking_up")
    governor: Any = import_module("fpcache.session.governor")
    chance = random.Random(seed)  # its own state: the session's are compared
    in_order = looking_up._in_order

    def sometimes_nothing(run: Any, component: Any, entries: Any) -> Any:
        return [] if chance.random() < misses else in_order(run, component, entries)

    def sometimes_cheap(self: object, *_: object) -> bool:
        return chance.random() < plains

    looking_up._in_order = sometimes_nothing
    governor.Governor.is_known_cheap = sometimes_cheap
