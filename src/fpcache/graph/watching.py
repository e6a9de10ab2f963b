"""Those who look on while hand-written graphs run, such as a session with a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from fpcache.graph.running import FingerprintStatus, Hook

if TYPE_CHECKING:
    from fpcache.graph.node_steps import GraphRun

__all__ = ["GraphWatcher", "watch_graphs", "watchers"]


class GraphWatcher(Hook, Protocol):
    """Looks on at one run of a graph; must not raise."""

    def on_pruned(self, pruned: Mapping[str, FingerprintStatus]) -> None:
        """Note which nodes will not be needed, with what the fingerprint run said of them."""

    def on_end(self, failed: bool) -> None:
        """Note that the run is over."""


_starts: list[Callable[[GraphRun], GraphWatcher]] = []


def watch_graphs(start: Callable[[GraphRun], GraphWatcher]) -> Callable[[], None]:
    """Have `start` called with every graph that is about to run; returns what ends it."""
    _starts.append(start)
    return lambda: _starts.remove(start)


def watchers(run: GraphRun) -> list[GraphWatcher]:
    """Return one watcher from each of those who look on."""
    return [start(run) for start in tuple(_starts)]
