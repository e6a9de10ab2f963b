"""Figures that pyplot holds open before and after a run.

A figure that a component leaves open is drawn on by what follows, so the
session joins the rest of the cell to it. A figure that was open before is
drawn on by reference through pyplot, which no fingerprint covers.
"""

from __future__ import annotations

import sys
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.library_use import reaches
from fpcache.dependencies.records import Dependency, Observation, Refusal

__all__ = ["KIND", "check", "open_figures", "probe"]

KIND = "pyplot"


def open_figures() -> dict[int, Any]:
    """Return pyplot's open figures by number; empty where pyplot isn't loaded."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return {}
    return {number: manager.canvas.figure for number, manager in helpers.Gcf.figs.items()}


class _Probe:
    """Compares pyplot's figures before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: dict[int, Any] = {}
        self._after: dict[int, Any] = {}

    def start(self) -> None:
        self._before = open_figures()

    def stop(self) -> None:
        self._after = open_figures()

    def observation(self) -> Observation:
        left = {number for number, figure in self._after.items() if self._before.get(number) is not figure}
        closed = {number for number, figure in self._before.items() if self._after.get(number) is not figure}
        return Observation(refusals=self._refusals(closed), details={"open_figures": tuple(sorted(left))})

    def _refusals(self, closed: set[int]) -> tuple[Refusal, ...]:
        if closed:
            return (Refusal("closed a figure that an earlier statement opened"),)
        if self._before and reaches(self._context, "matplotlib"):
            remedy = "close figures when they are done, or draw them in one statement or cell"
            return (Refusal("may draw on a figure that an earlier statement left open", remedy),)
        return ()


def probe(context: Context) -> _Probe:
    """Return a probe for pyplot's figures."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Nothing is ever recorded under this kind."""
    return None
