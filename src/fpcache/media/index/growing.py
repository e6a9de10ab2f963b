"""Numbered rows of one array that grows at its end, and of which some may go."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["GrowingRows", "nearest_rows"]

Rows = NDArray[np.int64]


class GrowingRows:
    """Values of equal size with their rows' numbers, ascending.

    Parameters
    ----------
    width : int
        Numbers in each value.
    dtype : dtype
        Their type.
    order : str
        ``"C"``, or ``"F"`` where the first numbers of all values shall lie together, then the second ones.
    """

    def __init__(self, width: int, dtype: DTypeLike, order: Literal["C", "F"] = "C") -> None:
        self._order: Literal["C", "F"] = order
        self._rows = np.zeros(0, np.int64)
        self._values: NDArray[Any] = np.zeros((0, width), dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, rows: Rows, values: NDArray[Any]) -> None:
        """Add values at the end."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            room = max(needed, len(self._rows) + len(self._rows) // 2, 64)
            self._rows = np.resize(self._rows, room) if len(self._rows) else np.zeros(room, np.int64)
            grown = np.empty((room, self._values.shape[1]), self._values.dtype, self._order)
            grown[: self._count] = self._values[: self._count]
            self._values = grown
        self._rows[self._count : needed] = rows
        self._values[self._count : needed] = values
        self._count = needed

    def forget(self, rows: Rows) -> None:
        """Leave out what has one of these numbers."""
        self._keep(~np.isin(self._rows[: self._count], rows))

    def forget_up_to(self, row: int) -> None:
        """Leave out what has this number or a lower one."""
        self._keep(self._rows[: self._count] > row)

    def _keep(self, is_kept: NDArray[np.bool_]) -> None:
        if not is_kept.all():
            self._rows, self._values = (
                self._rows[: self._count][is_kept],
                np.asarray(self._values[: self._count][is_kept], order=self._order),
            )
            self._count = len(self._rows)

    def selected(self, allowed: Rows | None) -> tuple[Rows, NDArray[Any]]:
        """Return numbers and values, those that are allowed only."""
        rows, values = self._rows[: self._count], self._values[: self._count]
        if allowed is None:
            return rows, values
        is_allowed = np.isin(rows, allowed)
        return rows[is_allowed], values[is_allowed]


def nearest_rows(rows: Rows, distances: NDArray[Any], count: int, each: int = 1) -> Rows:
    """Return the rows of the least distances, nearest first, where a row has up to `each` distances."""
    wanted = count * each
    if wanted < len(rows):
        within = np.argpartition(distances, wanted)[:wanted]
        rows, distances = rows[within], distances[within]
    ordered = rows[np.lexsort((rows, distances))]
    _, first = np.unique(ordered, return_index=True)
    return ordered[np.sort(first)][:count]
