"""Where the nodes of a graph run: in order, in threads, or on a Dask cluster."""

from __future__ import annotations

from fpcache.graph.runners.dask import Dask
from fpcache.graph.runners.protocol import InOrder, Runner
from fpcache.graph.runners.threads import Threads

__all__ = ["Dask", "InOrder", "Runner", "Threads"]
