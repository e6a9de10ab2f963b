"""fpcache: re-runs of notebook cells that cost only what changed.

``%load_ext fpcache``, then ``%%fpcache`` on a cell, or ``%fpcache auto on``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fpcache.errors import (
    CorruptEntryError,
    DeviceError,
    FpcacheError,
    GraphSchemaError,
    MediaError,
    StoreError,
    StoreUnavailableError,
    UncacheableError,
    UnfingerprintableValueError,
    UntrustedEntryError,
)
from fpcache.fingerprints import fingerprint, register
from fpcache.own_work import uncollected

if TYPE_CHECKING:
    from fpcache.graph import OutputCache
    from fpcache.panel.widget import Dashboard
    from fpcache.session import CellReport, Stats

__version__ = "0.1.0"

# Where nobody configured logging, Python would print warnings into the cell that runs.
logging.getLogger("fpcache").addHandler(logging.NullHandler())

__all__ = [
    "CorruptEntryError",
    "DeviceError",
    "FpcacheError",
    "GraphSchemaError",
    "MediaError",
    "StoreError",
    "StoreUnavailableError",
    "UncacheableError",
    "UnfingerprintableValueError",
    "UntrustedEntryError",
    "__version__",
    "component",
    "dashboard",
    "disable",
    "enable",
    "fingerprint",
    "load_ipython_extension",
    "output_cache",
    "register",
    "report",
    "stats",
    "unload_ipython_extension",
]


def load_ipython_extension(shell: Any) -> None:
    """Load the magics and the cell hook; what ``%load_ext fpcache`` calls."""
    with uncollected():
        from fpcache.magic import load

        load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics and the cell hook out again."""
    from fpcache.magic import unload

    unload(shell)


def report() -> CellReport:
    """Return the components of the last cached cell, with status and reason.

    Raises
    ------
    FpcacheError
        If the extension is not loaded.
    """
    from fpcache.session import CellReport, active_session

    reports = active_session().reports
    return reports[-1] if reports else CellReport()


def stats() -> Stats:
    """Return this session's totals: hits, misses, seconds saved, overhead, bytes stored.

    Raises
    ------
    FpcacheError
        If the extension is not loaded.
    """
    from fpcache.session import active_session

    return active_session().totals()


def component(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a component of graphs; see `fpcache.graph.functions.component` for the options."""
    from fpcache.graph import functions

    mark: Any = functions.component
    return mark(function, **options)


def output_cache(directory: str | os.PathLike[str] | None = None) -> OutputCache:
    """Return the cache for the outputs of hand-written graphs.

    Parameters
    ----------
    directory : path, optional
        Where to keep them; by default with the notebooks' results, in the user's cache directory.
    """
    from fpcache.outputs import open_cache

    return open_cache(directory)


def dashboard() -> Dashboard:
    """Open a live panel: what was skipped, why, and what it saved. ``%fpcache dashboard`` does the same.

    Returns
    -------
    Dashboard
        A widget; its ``close()`` ends it. Several of them stay in step.

    Raises
    ------
    FpcacheError
        If the extension is not loaded.
    """
    from fpcache import active

    opened: Dashboard = active.current().open_dashboard()
    return opened


def enable() -> None:
    """Cache again after `disable`."""
    from fpcache import active

    active.current().configurable.enabled = True


def disable() -> None:
    """Run everything plainly until `enable`; nothing stored is lost."""
    from fpcache import active

    active.current().configurable.enabled = False
