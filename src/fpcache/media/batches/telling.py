"""How far a batch has come, told to whoever looks on; next to nothing where nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fpcache.errors import FpcacheError
from fpcache.events import BatchProgress, is_carried, tell
from fpcache.media.records import MediaFingerprint
from fpcache.own_work import quiet

__all__ = ["EVERY_S", "Telling", "total_of"]

EVERY_S = 0.2
"""Seconds between two events, and before a batch's first: a shorter batch isn't told of."""


@dataclass(slots=True)
class Telling:
    """Counts what a batch gives back, and tells of it at most five times a second.

    Attributes
    ----------
    workers : str
        Who decodes.
    total : int or None
        How many items there are, if known.
    """

    workers: str
    total: int | None = None
    _done: int = 0
    _failures: int = 0
    _together: int = 0
    _device: str = "CPU"
    _dtype: str = ""
    _began_s: float = field(default_factory=lambda: time.perf_counter())
    _told_s: float = 0.0

    def computed(self, made: Sequence[MediaFingerprint | FpcacheError]) -> None:
        """Note what was computed together, and where."""
        if not made:
            return
        self._together = len(made)
        first = next((one for one in made if isinstance(one, MediaFingerprint)), None)
        if first is not None and first.kind == "image" and first.parts.model:
            self._device, self._dtype = first.parts.device, first.parts.dtype

    def given(self, result: object) -> None:
        """Note that one more result is given back."""
        self._done += 1
        self._failures += not result
        if is_carried():
            now_s = time.perf_counter()
            if now_s - max(self._told_s, self._began_s) >= EVERY_S:
                self._told_s = now_s
                self._tell(now_s)

    def end(self) -> None:
        """Tell that nothing more comes, where something was told before."""
        if self._told_s:
            self._tell(time.perf_counter(), is_over=True)

    def _tell(self, now_s: float, *, is_over: bool = False) -> None:
        with quiet():  # no part of what a cached cell does
            tell(
                BatchProgress(
                    done=self._done,
                    total=self.total,
                    failures=self._failures,
                    per_s=self._done / (now_s - self._began_s),
                    together=self._together,
                    device=_device_name(self._device),
                    dtype=self._dtype,
                    workers=self.workers,
                    is_over=is_over,
                )
            )


def total_of(items: Iterable[Any]) -> int | None:
    """Return how many items there are, where they say so."""
    try:
        return len(items)  # type: ignore[arg-type]
    except Exception:  # of a class of the user's, anything
        return None


def _device_name(device: str) -> str:
    """Return what people call a device that a network ran on, so PyTorch is loaded."""
    kind, _, number = device.partition(":")
    if kind != "cuda":
        return "CPU"
    import torch

    return str(torch.cuda.get_device_name(int(number or 0)))
