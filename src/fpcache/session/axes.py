"""Indexes of frames that are renamed in place: a replay gives a frame new ones, which others don't share."""

from __future__ import annotations

import sys
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.records import Reading

__all__ = ["Names", "names_of", "refuse_renamed"]

Names = dict[int, list[tuple[Any, list[Any]]]]


def names_of(reading: Reading) -> Names:
    """Return the indexes of frames and series among the inputs, with their names, by rank."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return {}
    frames = (pandas.DataFrame, pandas.Series)
    found = [(rank, node) for rank, node in enumerate(reading.nodes) if isinstance(node, frames)]
    return {rank: [(axis, list(axis.names)) for axis in node.axes] for rank, node in found}


def refuse_renamed(reading: Reading, before: Names) -> None:
    """Refuse a run that gave another name to an index that is still there.

    Raises
    ------
    UncacheableError
        With what to write instead.
    """
    for rank, axes in before.items():
        for now, (axis, names) in zip(reading.nodes[rank].axes, axes, strict=False):  # type: ignore[attr-defined]
            if now is axis and list(now.names) != names:
                raise UncacheableError(
                    "renames the index of a frame in place; use `rename_axis`, which makes another one"
                )
