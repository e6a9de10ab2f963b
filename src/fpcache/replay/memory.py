"""Which memory a payload stores, so that sharing is kept or noticed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter
from typing import Any

from fpcache.replay.locate import UnstorableError

__all__ = ["Bounds", "Ledger", "byte_bounds", "copies_on_write", "inner_arrays", "innermost", "node_bounds"]

_WORTH_TRIMMING_BYTES = 64 * 1024

Bounds = tuple[int, int]


class Holder(Enum):
    """What lies on a piece of memory."""

    STORED = "an array or tensor that is stored"
    STORED_FRAME = "a pandas object that is stored"
    LIVE = "an input's array or tensor"
    LIVE_FRAME = "an input's pandas object"


@dataclass(slots=True)
class Ledger:
    """Accounts for memory containers (array owners, storages) while writing.

    A container that is only seen through one small view need not be stored
    whole. Whether that is so is known at the end, so `refined` asks for a
    second pass in which the view is stored alone (its container *detached*).

    Attributes
    ----------
    detached : frozenset of int
        Containers whose only view is stored alone.
    kept : frozenset of int
        Containers found to be needed whole.
    hung : tuple of Tensor
        Tensors on gradient graphs, whose steps are written together.
    """

    detached: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    hung: tuple[Any, ...] = ()
    _late: list[Any] = field(default_factory=list)
    _views: dict[int, dict[int, int]] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _whole: set[int] = field(default_factory=set)
    _stored: list[tuple[Bounds, Holder, object]] = field(default_factory=list)

    def view(self, container: int, container_bytes: int, view: int, view_bytes: int) -> bool:
        """Note a view; tell whether it is to be stored alone."""
        self._sizes[container] = container_bytes
        self._views.setdefault(container, {})[view] = view_bytes
        return container in self.detached

    def hang(self, tensor: Any) -> bool:
        """Note a tensor on a gradient graph; tell whether it was known before this pass."""
        if any(one is tensor for one in self.hung):
            return True
        self._late.append(tensor)
        return False

    def whole(self, container: int) -> None:
        """Note that a container itself is part of the payload."""
        self._whole.add(container)

    def store(self, bounds: Bounds, owner: object) -> None:
        """Note that the memory in `bounds` (addresses) was stored, for `owner`."""
        self._stored.append((bounds, Holder.STORED, owner))

    def store_frame(self, bounds: Bounds, owner: object) -> None:
        """Note that a pandas object's memory was stored in a block of its own."""
        self._stored.append((bounds, Holder.STORED_FRAME, owner))

    def refined(self) -> Ledger | None:
        """Return the ledger to write again with, or None if this pass stands."""
        if self._late:
            return Ledger(self.detached, self.kept, (*self.hung, *self._late))
        shared = {key for key in self.detached if key in self._whole or len(self._views.get(key, ())) > 1}
        if shared:
            return Ledger(self.detached - shared, self.kept | shared, self.hung)
        wasteful = {key for key in self._views if self._is_wasteful(key)} - self.kept - self.detached
        return Ledger(self.detached | wasteful, self.kept, self.hung) if wasteful else None

    def _is_wasteful(self, container: int) -> bool:
        views = self._views[container]
        unused = self._sizes[container] - sum(views.values())
        return len(views) == 1 and unused > max(_WORTH_TRIMMING_BYTES, *views.values())

    def check(self, nodes: Sequence[object]) -> None:
        """Refuse memory that is shared now and would not be after a replay.

        Raises
        ------
        UnstorableError
            If stored memory overlaps other stored memory or an input's.
        """
        if not self._stored:
            return
        live = [(bounds, holder, node) for node in nodes for bounds, holder in node_bounds(node)]
        pieces = [piece for piece in self._stored + live if piece[0][0] < piece[0][1]]
        present = {holder for _, holder, _ in pieces}
        conflicting = {one: [other for other in present if _conflict(one, other)] for one in present}
        reach = dict.fromkeys(present, 0)
        for (start, stop), holder, owner in sorted(pieces, key=itemgetter(0)):
            for other in conflicting[holder]:
                if start < reach[other]:
                    raise UnstorableError("shares memory with another value; use .copy()", owner)
            reach[holder] = max(reach[holder], stop)


def _conflict(one: Holder, other: Holder) -> bool:
    pair = {one, other}
    if pair <= {Holder.LIVE, Holder.LIVE_FRAME}:
        return False
    if pair <= {Holder.STORED_FRAME, Holder.LIVE_FRAME}:
        return not copies_on_write()
    return True


def copies_on_write() -> bool:
    """Tell whether pandas objects that share memory behave as copies."""
    pandas: Any = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return pandas.options.mode.copy_on_write is True


def byte_bounds(array: Any) -> Bounds:
    """Return the first and the one-past-last address that `array` reaches."""
    low = high = array.__array_interface__["data"][0]
    if array.flags.c_contiguous:
        return low, low + array.nbytes
    if array.size == 0:
        return low, low
    for length, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += (length - 1) * stride
        else:
            high += (length - 1) * stride
    return low, high + array.itemsize


def innermost(array: Any) -> tuple[Any, Any]:
    """Return the last array of a chain of bases, and what that one lies on."""
    numpy: Any = sys.modules["numpy"]
    base = array.base
    while base is not None:
        if isinstance(base, numpy.ndarray):
            array = base
        elif type(base).__name__ != "DummyArray":  # what as_strided puts in between
            return array, base
        base = base.base
    return array, None


def inner_arrays(values: Any) -> Iterator[Any]:
    """Yield the NumPy arrays that a pandas block's values consist of."""
    numpy: Any = sys.modules["numpy"]
    if isinstance(values, numpy.ndarray):
        yield values
        return
    parts = getattr(values, "__dict__", {})
    for inner in (getattr(values, "_ndarray", None), parts.get("_data"), parts.get("_mask")):
        if isinstance(inner, numpy.ndarray):
            yield inner


def node_bounds(node: Any) -> Iterator[tuple[Bounds, Holder]]:
    """Yield the memory that an input's node lies on, where that is known."""
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    if numpy is not None and isinstance(node, numpy.ndarray):
        yield byte_bounds(node), Holder.LIVE
    elif torch is not None and isinstance(node, torch.Tensor):
        if node.layout is torch.strided and node.device.type == "cpu":
            storage = node.untyped_storage()
            yield (storage.data_ptr(), storage.data_ptr() + storage.nbytes()), Holder.LIVE
    elif numpy is not None and "_mgr" in getattr(node, "__dict__", ()):
        for block in getattr(node._mgr, "blocks", ()):
            for inner in inner_arrays(block.values):
                yield byte_bounds(inner), Holder.LIVE_FRAME
