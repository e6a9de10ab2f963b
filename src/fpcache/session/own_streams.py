"""Streams of the user's own in place of ``sys.stdout``, of which nobody knows what they do with a text."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from fpcache.dependencies.records import Refusal
from fpcache.fingerprints.packages import is_local_code
from fpcache.replay.outputs import Output, Stream

__all__ = ["own_stream", "refusal"]


def own_stream(outputs: Iterable[Output]) -> str:
    """Return the name of a stream that outputs go to and whose class is the user's; empty where none is."""
    names = {output.name for output in outputs if isinstance(output, Stream)}
    return next((name for name in sorted(names) if is_local_code(type(getattr(sys, name)))), "")


def refusal(outputs: Iterable[Output]) -> Refusal | None:
    """Return why outputs are not recorded, where they went to a stream of the user's own."""
    name = own_stream(outputs)
    if not name:
        return None
    reason = f"prints to your own `sys.{name}`, which may do more than show it"
    return Refusal(reason, "print in a statement of its own, or put the kernel's stream back")
