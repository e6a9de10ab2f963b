"""The frames and series among a run's inputs, as they were before it: their indexes and blocks.

pandas knows of each block who else uses its memory, and copies before the first write if anybody does. A
recording refers to the blocks that its inputs had; what it checks of them is told here.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.replay.block_places import How, Piece, cut, pieces_of
from fpcache.replay.block_values import is_masked, is_same, is_writable, overwrite
from fpcache.replay.memory import copies_on_write, inner_arrays, innermost

__all__ = [
    "IN_USE",
    "LiveBlock",
    "LiveFrame",
    "common_refs",
    "is_used_by_array",
    "live_frames",
    "live_layout",
    "live_refs",
    "live_values",
    "place_of",
]

_ELSEWHERE = "lies in memory in another way than when this was stored"
_SHARED = "shares its memory with other pandas objects than when this was stored"
IN_USE = "has its memory in use by an array, which would no longer follow it"


class LiveBlock:
    """A block of an input. It is not kept alive, as pandas would count it among the memory's users.

    Attributes
    ----------
    refs : object
        What pandas counts the users of the block's memory with.
    place : tuple or bytes
        Which columns it has.
    is_shared : bool
        Whether there was another user.
    pieces : tuple of Piece
        Where its arrays lie.
    stored : list
        Which parts of it a restored payload takes for what they were when it was stored: how each is cut
        from it, and what it held then; None as the way of cutting is the block as a whole.
    """

    __slots__ = ("_dtype", "_shape", "_values", "is_shared", "pieces", "place", "refs", "stored")

    def __init__(self, block: Any) -> None:
        values = block.values
        self._values = weakref.ref(values)
        self._shape, self._dtype = values.shape, values.dtype
        self.refs = block.refs
        self.place = place_of(block)
        self.is_shared = bool(block.refs.has_reference())
        self.pieces: tuple[Piece, ...] = pieces_of(values)
        self.stored: list[tuple[How | None, Any]] = []

    @property
    def values(self) -> Any:
        """Its values, or None where the run has given them up."""
        return self._values()

    def layout(self) -> tuple[Any, ...]:
        """Return what has to be as it was for a part of it to be found again."""
        return self.place, self._shape, str(self._dtype)

    def is_whole(self, block: Any) -> bool:
        """Tell whether a block after the run is this one, written to or not."""
        return block.refs is self.refs and block.values is self.values

    def obstacle(self, was_shared: bool) -> str | None:
        """Return why what is stored can't take its place."""
        values = self.values
        whole = [stored for how, stored in self.stored if how is None]
        if whole:
            if is_same(values, whole[0]):
                return None
            if was_shared or self.is_shared:
                return _SHARED
            return None if is_writable(values) else "can't be written to"
        if not all(_holds(values, how, stored) for how, stored in self.stored):
            return _ELSEWHERE
        # Otherwise the run has put a new block in its place, and would do so again: arrays stay behind.
        return _SHARED if was_shared != self.is_shared else None

    def write(self) -> None:
        """Write in place what the run wrote there; `obstacle` saw nothing in the way."""
        values = self.values
        for how, stored in self.stored:
            if how is None and not is_same(values, stored):
                overwrite(values, stored)


def _holds(values: Any, how: How | None, stored: Any) -> bool:
    """Tell whether a part of a block holds what is stored; of a nullable one perhaps the numbers alone."""
    if is_masked(values) != is_masked(stored):
        values, stored = (one._data if is_masked(one) else one for one in (values, stored))
    return is_same(cut(values, how), stored)


class LiveFrame:
    """A frame or series among the inputs.

    Attributes
    ----------
    rank : int
        Its number among them.
    axes : list of Index
        Its indexes: the very objects.
    """

    __slots__ = ("_blocks", "_frame", "axes", "rank")

    def __init__(self, rank: int, frame: Any, is_eager: bool) -> None:
        self.rank, self.axes = rank, list(frame.axes)
        self._frame, self._blocks = weakref.ref(frame), _blocks_of(frame) if is_eager else None

    @property
    def blocks(self) -> list[LiveBlock]:
        """Its blocks, where they are copied on write; looked for before a payload can share them."""
        if self._blocks is None:
            self._blocks = _blocks_of(self._frame())
        return self._blocks

    def expected(self) -> tuple[tuple[Any, ...], ...]:
        """Return what `obstacle` compares: who shared its blocks before the run, and how they lay."""
        return tuple((block.place, block.is_shared) for block in self.blocks)

    def obstacle(self, expected: tuple[tuple[Any, ...], ...]) -> str | None:
        """Return why a recording that changed such a frame can't change this one, or None if it can."""
        if [block.place for block in self.blocks] != [place for place, _ in expected]:
            return _ELSEWHERE
        reasons = (
            block.obstacle(was_shared) for block, (_, was_shared) in zip(self.blocks, expected, strict=True)
        )
        return next((reason for reason in reasons if reason is not None), None)

    def write(self) -> None:
        """Write into its blocks what the run wrote into them."""
        for block in self.blocks:
            block.write()


def _blocks_of(frame: Any) -> list[LiveBlock]:
    return [LiveBlock(block) for block in frame._mgr.blocks] if copies_on_write() else []


def live_frames(nodes: Sequence[object], is_eager: bool = True) -> list[LiveFrame]:
    """Return the frames and series among `nodes`, as they are now.

    Parameters
    ----------
    nodes : sequence of object
        The inputs.
    is_eager : bool, optional
        Whether to look at their blocks at once, as is needed before a run; else when they are asked for.
    """
    generic: Any = sys.modules.get("pandas.core.generic")
    if generic is None or not hasattr(generic, "NDFrame"):
        return []
    kind = generic.NDFrame
    found = [(rank, node) for rank, node in enumerate(nodes) if isinstance(node, kind)]
    return [LiveFrame(rank, node, is_eager) for rank, node in found if hasattr(node._mgr, "blocks")]


def place_of(block: Any) -> Any:
    """Return which columns a block has, to be compared and stored."""
    indexer = block.mgr_locs.indexer
    return (indexer.start, indexer.stop, indexer.step) if isinstance(indexer, slice) else indexer.tobytes()


def live_values(holder: Any, number: int) -> Any:
    """Return a block's values, or (of a negative number) an index's data, for a view of them."""
    if number >= 0:
        return holder.blocks[number].values
    return holder.axes[-1 - number]._data


def live_layout(holder: Any, number: int) -> tuple[Any, ...]:
    """Return what has to be as it was for a view of them."""
    if number >= 0:
        layout: tuple[Any, ...] = holder.blocks[number].layout()
        return layout
    data = holder.axes[-1 - number]._data
    return data.shape, str(data.dtype)


def live_refs(holder: Any, number: int) -> Any:
    """Return what the users of the same memory are counted with."""
    return holder.blocks[number].refs if number >= 0 else holder.axes[-1 - number]._references


def common_refs(group: Iterable[tuple[Any, int]]) -> Any:
    """Return what counts the users of a memory that several inputs share.

    Raises
    ------
    UncacheableError
        If they no longer share it.
    """
    first, *others = (live_refs(*source) for source in group)
    if any(other is not first for other in others):
        raise UncacheableError("inputs don't share their memory as they did when this was stored")
    return first


def is_used_by_array(values: Any, refs: Any) -> bool:
    """Tell whether anything but pandas objects lies on the memory of a block."""
    arrays = arrays_of(refs)
    own = {id(inner) for inner in inner_arrays(values)}
    spare = _spare_references()
    return any(
        id(array) in own and _other_references(arrays, position) > spare
        for position, array in enumerate(arrays)
    )


def arrays_of(refs: Any) -> list[Any]:
    """Return the arrays of all pandas objects known to lie on one memory, one for each holder."""
    holders = [holder for reference in refs.referenced_blocks if (holder := reference()) is not None]
    held = (holder.values if hasattr(holder, "mgr_locs") else holder._data for holder in holders)
    return [inner for values in held for inner in inner_arrays(values)]


def _other_references(arrays: list[Any], position: int) -> int:
    """Count the references to the owner of an array's memory that `arrays` don't account for.

    An array over that memory, wherever it is held, has the owner as its base;
    an owner in `arrays` is referred to by its holder and by that list.
    """
    owner = innermost(arrays[position])[0]
    views = {id(array) for array in arrays if array is not owner and innermost(array)[0] is owner}
    held_and_listed = 2 * sum(array is owner for array in arrays)
    return sys.getrefcount(owner) - len(views) - held_and_listed


def _spare_references() -> int:
    """Return what `_other_references` counts for memory that nobody else uses."""
    return _other_references([sys.modules["numpy"].empty(2)[1:]], 0)
