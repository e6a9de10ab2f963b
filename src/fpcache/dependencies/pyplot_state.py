"""Figures that pyplot holds open before and after a run.

A figure that a component leaves open is drawn on by what follows, so the
session joins the rest of the cell to it. A figure that was open before is
drawn on by reference through pyplot, which no fingerprint covers. The first
figure of a process loads pyplot's backend, by which IPython learns to show
figures: a replay does the same.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.library_use import reaches
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal

__all__ = ["KIND", "apply", "check", "open_figures", "probe", "ready"]

KIND = "pyplot"
_BACKEND = "backend"
_INTERACTIVE = "interactive"


def open_figures() -> dict[int, Any]:
    """Return pyplot's open figures by number; empty where pyplot isn't loaded."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return {}
    return {number: manager.canvas.figure for number, manager in helpers.Gcf.figs.items()}


def _has_backend() -> bool:
    return getattr(sys.modules.get("matplotlib.pyplot"), "_backend_mod", None) is not None


def _interactive() -> str:
    """Return whether pyplot draws at once, said relative to what its backend begins with."""
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or not _has_backend():
        return "default"
    is_inline = "inline" in matplotlib.get_backend()
    is_on = bool(matplotlib.is_interactive())
    return "default" if is_on == is_inline else ("on" if is_on else "off")


class _Probe:
    """Compares pyplot's figures before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: dict[int, Any] = {}
        self._after: dict[int, Any] = {}
        self._had_backend = True
        self._interactive = "default"
        self._loaded_backend = False

    def start(self) -> None:
        self._before = open_figures()
        self._had_backend = _has_backend()
        self._interactive = _interactive()

    def stop(self) -> None:
        self._after = open_figures()
        self._loaded_backend = _has_backend() and not self._had_backend

    def observation(self) -> Observation:
        left = {number for number, figure in self._after.items() if self._before.get(number) is not figure}
        closed = {number for number, figure in self._before.items() if self._after.get(number) is not figure}
        effects = (Effect(KIND, _BACKEND, b""),) if self._loaded_backend else ()
        details = {"open_figures": tuple(sorted(left))}
        mode = Dependency(KIND, _INTERACTIVE, self._interactive)
        dependencies = (mode,) if reaches(self._context, "matplotlib") else ()
        return Observation(dependencies, effects=effects, refusals=self._refusals(closed), details=details)

    def _refusals(self, closed: set[int]) -> tuple[Refusal, ...]:
        if closed:
            return (
                Refusal(
                    "closed a figure that an earlier statement opened", "close it in the cell that opens it"
                ),
            )
        if self._before and reaches(self._context, "matplotlib"):
            remedy = "close figures when they are done, or draw them in one statement or cell"
            return (Refusal("may draw on a figure that an earlier statement left open", remedy),)
        return ()


def probe(context: Context) -> _Probe:
    """Return a probe for pyplot's figures."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say whether pyplot was switched between drawing at once and waiting (`plt.ion`, `plt.ioff`)."""
    return None if dependency.expected == _interactive() else "pyplot's interactive mode changed"


def ready(effect: Effect, context: Context) -> str | None:
    """Say why the backend can't be loaded now: nothing is known to be in the way."""
    return None


def apply(effect: Effect, context: Context) -> None:
    """Load the backend that is set now, as the first figure does."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    if not _has_backend():
        pyplot.switch_backend(sys.modules["matplotlib"].rcParams["backend"])
