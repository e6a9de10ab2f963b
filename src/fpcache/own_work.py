"""Whether a thread is at work for fpcache itself, so that what it does is no part of the user's run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_quiet", "quiet", "thread"]

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
