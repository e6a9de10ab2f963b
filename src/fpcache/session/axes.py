"""Indexes of frames, renamed or replaced in place: a replay can't do that to those that others share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.records import Reading
from fpcache.replay.live_frames import LiveFrame

__all__ = ["Names", "names_of", "refuse_changed"]

Names = dict[int, list[tuple[Any, list[Any]]]]


def names_of(reading: Reading) -> Names:
    """Return the indexes of frames and series among the inputs, with their names, by rank."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return {}
    frames = (pandas.DataFrame, pandas.Series)
    found = [(rank, node) for rank, node in enumerate(reading.nodes) if isinstance(node, frames)]
    return {rank: [(axis, list(axis.names)) for axis in node.axes] for rank, node in found}


def refuse_changed(reading: Reading, before: Names, frames: Sequence[LiveFrame]) -> None:
    """Refuse a run that renamed an index that is still there, or put an equal one in place of one in use.

    `frames` are the same frames before the run, which refer to their indexes as well.

    Raises
    ------
    UncacheableError
        With what to write instead.
    """
    seen = chain.from_iterable((axis for axis, _ in axes) for axes in before.values())
    held = Counter(map(id, chain(seen, *(frame.axes for frame in frames))))
    for rank, axes in before.items():
        present = reading.nodes[rank].axes  # type: ignore[attr-defined]
        for place, now in enumerate(present[: len(axes)]):
            if now is axes[place][0]:
                _refuse_renamed(*axes[place])
            elif _is_in_use(axes, place, held) and now.equals(axes[place][0]):
                raise UncacheableError(
                    "gives a frame another index in place of an equal one that is in use elsewhere;"
                    " give the result a name instead of changing it in place"
                )


def _refuse_renamed(axis: Any, names: list[Any]) -> None:
    if list(axis.names) != names:
        raise UncacheableError(
            "renames the index of a frame in place; use `rename_axis`, which makes another one"
        )


def _is_in_use(axes: list[tuple[Any, list[Any]]], place: int, held: Mapping[int, int]) -> bool:
    """Whether anything refers to an index that was a frame's, but what `held` counts."""
    return sys.getrefcount(axes[place][0]) - _HELD_ONCE + 1 > held[id(axes[place][0])]


def _references_of_one_held() -> int:
    held: list[tuple[Any, list[Any]]] = [(object(), [])]
    return sys.getrefcount(held[0][0])


_HELD_ONCE = _references_of_one_held()
