"""One batch shared by several devices, each with a thread; going on with less when memory runs out."""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from fpcache.media.devices import CPU, Placement

__all__ = ["Begin", "Computed", "run_in_batches"]

T = TypeVar("T")
# Begins to compute some items on a device, and returns what waits for their rows.
Begin: TypeAlias = Callable[[Sequence[T], Placement], Callable[[], Iterable[Any]]]
_Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What came of a batch.

    Attributes
    ----------
    rows : sequence
        One for each item, in order.
    placements : sequence of Placement
        Where each was computed.
    """

    rows: Sequence[Any]
    placements: Sequence[Placement]


def run_in_batches(
    begin: Begin[T], items: Sequence[T], placements: Sequence[Placement], batch_size: int
) -> Computed:
    """Compute all items, in batches that the devices take in turn: a slower one takes fewer.

    Each device begins its next batch before it waits for the last, so that copying and computing overlap.
    When a card's memory runs out, its batches are halved; when one item alone is too much, the other cards do
    the rest, and after the last of them the CPU, with a warning.

    Parameters
    ----------
    begin : callable
        Items and a placement → a callable that gives their rows; called in one thread for each device.
    items : sequence
        At least one.
    placements : sequence of Placement
        The devices that share the work.
    batch_size : int
        The most items at once on one device.
    """
    work = _Work(begin, items)
    able = list(placements)
    while work.is_left() and able:
        most = max(1, min(batch_size, -(-len(items) // len(able))))
        able = work.share(able, most)
    if work.is_left():
        warnings.warn(f"{placements[-1].kind} has no memory left; going on with the CPU", stacklevel=2)
        work.work_off(CPU, batch_size)
    return work.computed()


class _Work(Generic[T]):
    """Spans of items that are still to be computed, and what came of the others."""

    def __init__(self, begin: Begin[T], items: Sequence[T]) -> None:
        self._begin, self._items = begin, items
        self._left: deque[_Span] = deque([(0, len(items))] if items else [])
        self._done: list[tuple[_Span, Iterable[Any], Placement]] = []
        self._faults: list[BaseException] = []
        self._lock = threading.Lock()

    def share(self, placements: Sequence[Placement], most: int) -> list[Placement]:
        """Work off the items on several devices at once; return those whose memory sufficed."""
        if len(placements) == 1 or len(self._items) == 1:
            return [one for one in placements[:1] if self.work_off(one, most)]
        able: list[Placement] = []
        threads = [
            threading.Thread(target=self._in_thread, args=(one, most, able), name=f"media-{one.device}")
            for one in placements
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException as interrupt:  # the others end after their batch
            self._faults.append(interrupt)
            raise
        if self._faults:
            raise self._faults[0]
        return able

    def _in_thread(self, placement: Placement, most: int, able: list[Placement]) -> None:
        try:
            if self.work_off(placement, most):
                able.append(placement)
        except BaseException as error:
            self._faults.append(error)

    def work_off(self, placement: Placement, most: int) -> bool:
        """Take what is left, batch by batch; return False when one item alone is too much."""
        import torch

        begun: _Begun | None = None
        while (span := self._take(most)) is not None:
            try:
                following = _Begun(span, self._begin(self._items[slice(*span)], placement))
            except torch.cuda.OutOfMemoryError:
                self._give_back(span)
                torch.cuda.empty_cache()
                if begun is not None:  # what it holds may be what was missing
                    self._finish(begun, placement)
                    begun = None
                    continue
                if span[1] - span[0] == 1:
                    return False
                most = (span[1] - span[0]) // 2
                continue
            self._finish(begun, placement)
            begun = following
        self._finish(begun, placement)
        return True

    def _take(self, most: int) -> _Span | None:
        with self._lock:
            if not self._left or self._faults:
                return None
            start, end = self._left.popleft()
            stop = min(start + most, end)
            if stop < end:
                self._left.appendleft((stop, end))
            return start, stop

    def _give_back(self, span: _Span) -> None:
        with self._lock:
            self._left.appendleft(span)

    def _finish(self, begun: _Begun | None, placement: Placement) -> None:
        if begun is not None:
            self._done.append((begun.span, begun.rows(), placement))

    def is_left(self) -> bool:
        """Whether something is still to be computed."""
        return bool(self._left)

    def computed(self) -> Computed:
        """Return all rows in order."""
        done = sorted(self._done, key=lambda one: one[0])
        placements = [placement for (start, stop), _, placement in done for _ in range(start, stop)]
        return Computed([row for _, rows, _ in done for row in rows], placements)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A batch on its way on a device."""

    span: _Span
    rows: Callable[[], Iterable[Any]]
