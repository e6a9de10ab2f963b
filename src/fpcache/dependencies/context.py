"""What every probe is told about the component that it watches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpcache.fingerprints.records import Reading

__all__ = ["Context"]


@dataclass(slots=True)
class Context:
    """One component about to run, or one whose recording is being checked.

    Attributes
    ----------
    reading : Reading or None
        What its code reads and reaches; ``None`` where it wasn't read.
    namespace : dict
        The user's namespace.
    strings : tuple of str
        String constants of all followed code, and its string and path inputs.
    settings : Mapping
        ``"unseeded"`` (``"replay"`` or ``"run"``), ``"explicit"`` (bool),
        ``"ignore_paths"`` (paths whose reads and writes don't count),
        ``"cache_directory"`` (likewise), ``"max_written_bytes"``, and others.
    cell_text : str
        The source of the whole cell.
    started_s : float
        When the run started, in seconds since the epoch.
    origin : dict
        What a probe keeps for the life of the process, by its own key.
    shared : dict
        What the probes of this one recording share, by their own keys.
    """

    reading: Reading | None = None
    namespace: dict[str, Any] = field(default_factory=dict)
    strings: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    cell_text: str = ""
    started_s: float = field(default_factory=time.time)
    origin: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> frozenset[str]:
        """What its code names of modules and classes, as dotted paths; nothing where it wasn't read."""
        return frozenset() if self.reading is None else frozenset(item.path for item in self.reading.resolved)
