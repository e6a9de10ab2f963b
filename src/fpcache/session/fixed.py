"""Inputs that a replay can't change in place: what they were before the run, by themselves.

What they hold counts apart, each object for itself: a list in a tuple may be
changed in place though the tuple can't.
"""

from __future__ import annotations

from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Reading
from fpcache.replay.mutations import can_transplant

__all__ = ["is_as_before", "remember"]


def remember(reading: Reading) -> dict[int, object]:
    """Return what each node that can't be changed in place is now, by rank."""
    nodes = enumerate(reading.nodes)
    return {rank: _content(node) for rank, node in nodes if can_transplant(node) is not None}


def is_as_before(node: object, remembered: object) -> bool:
    """Tell whether a node holds the same objects as before, or where that can't be seen, equal ones."""
    now = _content(node)
    if isinstance(now, dict) and isinstance(remembered, dict):
        return now.keys() == remembered.keys() and all(now[name] is remembered[name] for name in now)
    return now == remembered


def _content(node: object) -> object:
    if type(node) in (tuple, frozenset):
        return None  # never holds anything else
    return dict(vars(node)) if isinstance(node, type) else walk(node).digest
