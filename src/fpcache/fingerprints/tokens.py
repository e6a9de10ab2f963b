"""The smallest parts: scalars that enter a digest as they are, and steps of a path."""

from __future__ import annotations

from typing import Any

__all__ = ["MARSHALLED", "Step", "one_nan", "step_text"]

MARSHALLED = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
"""Exact types that ``marshal`` (version 2) writes canonically."""

Step = str | int | tuple[Any] | tuple[Any, str]
"""One step of a path: text as it stands, a position, ``(key,)``, or ``(key, text)``."""

_NAN = float("nan")


def one_nan(item: Any) -> Any:
    """Return `item`, with every Python NaN made the same NaN."""
    if type(item) is float and item != item:
        return _NAN
    if type(item) is complex and item != item:
        return complex(one_nan(item.real), one_nan(item.imag))
    return item


def step_text(step: Step) -> str:
    """Return one step of a path as people write it."""
    if isinstance(step, str):
        return step
    key, text = (step[0], "".join(step[1:])) if isinstance(step, tuple) else (step, "")
    try:
        shown = repr(key)
    except Exception as error:  # a key's own __repr__ may raise anything; the path must still be told
        shown = f"<{type(key).__name__}: {type(error).__name__}>"
    return f"[{shown[:80]}]{text}"
