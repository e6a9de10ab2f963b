"""Matplotlib figures: by the library's own reduction, detached from pyplot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["reduce_figure"]


def reduce_figure(writer: Writer, figure: Any) -> Any:
    """Write a figure so that it doesn't reappear in pyplot when it is restored."""
    rebuild, args, state, *rest = figure.__reduce_ex__(4)
    state = {name: value for name, value in state.items() if name != "_restore_to_pylab"}
    return rebuild, args, state, *rest
