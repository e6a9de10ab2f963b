"""Work for fpcache itself on a thread of the user's: no part of the run, whatever it does."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_collecting", "is_quiet", "quiet", "thread", "uncollected"]

thread = threading.local()
"""``thread.quiet`` is what `is_quiet` tells of this thread."""


def is_quiet() -> bool:
    """Whether this thread is at work for fpcache, so that its events don't count."""
    return getattr(thread, "quiet", False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep this thread's events from all who watch a run: they are fpcache's own."""
    before = is_quiet()
    thread.quiet = True
    try:
        yield
    finally:
        thread.quiet = before


_paused = False


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold Python's garbage collector back: its full passes walk through all that the user has."""
    global _paused
    if _paused or not gc.isenabled():
        yield
        return
    gc.disable()
    _paused = True
    try:
        yield
    finally:
        _paused = False
        gc.enable()


def is_collecting() -> bool:
    """Whether the collector is on for the user's code."""
    return _paused or gc.isenabled()
