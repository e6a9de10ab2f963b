"""Which of a video's frames are kept: one in each interval of time, fewer of a very long one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["INTERVAL_S", "MOST_FRAMES", "SIDE", "Samples"]

SIDE = 128
INTERVAL_S = 0.25
MOST_FRAMES = 4096


class Samples:
    """Small luma planes of a video, as they come in.

    Takes at most 64 MiB: when it is full, every other one is dropped, and the interval doubles.

    Parameters
    ----------
    most : int
        How many planes are kept; even.
    """

    def __init__(self, most: int = MOST_FRAMES) -> None:
        self.interval_s = INTERVAL_S
        self.times_s: list[float] = []
        self.planes: list[NDArray[np.uint8]] = []
        self._most = most

    def wants(self, time_s: float) -> bool:
        """Whether a frame of this time is the first one of its interval."""
        return not self.times_s or self._slot(time_s) > self._slot(self.times_s[-1])

    def add(self, time_s: float, plane: NDArray[np.uint8]) -> None:
        """Keep a plane, of shape (SIDE, SIDE)."""
        self.times_s.append(time_s)
        self.planes.append(plane)
        while len(self.planes) >= self._most:
            self._thin_out()

    def _thin_out(self) -> None:
        self.interval_s *= 2
        times_s, planes = self.times_s, self.planes
        self.times_s, self.planes = [], []
        for time_s, plane in zip(times_s, planes, strict=True):
            if self.wants(time_s):
                self.times_s.append(time_s)
                self.planes.append(plane)

    def _slot(self, time_s: float) -> int:
        # A frame's time is rounded to its container's ticks, so it may lie just before its slot.
        return int(np.floor(time_s / self.interval_s + 1e-3))
