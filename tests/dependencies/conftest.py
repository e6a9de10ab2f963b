"""Runs a function under the probes of files, environment and processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from fpcache.dependencies import environment, files, native_io, processes, workers, written_files
from fpcache.dependencies.context import Context
from fpcache.dependencies.observing import Observing, apply_effects, first_broken, first_unready
from fpcache.dependencies.records import Observation

MODULES = [files, written_files, native_io, workers, environment, processes]
BY_KIND: dict[str, ModuleType] = {kind: module for module in MODULES for kind in module.KINDS}


@dataclass
class Watched:
    """What came of one watched run."""

    value: Any
    seen: Observation

    def broken(self) -> str | None:
        return first_broken(self.seen.dependencies, Context(), BY_KIND)

    def unready(self) -> str | None:
        return first_unready(self.seen.effects, Context(), BY_KIND)

    def apply(self) -> None:
        apply_effects(self.seen.effects, Context(), BY_KIND)

    def names(self, kind: str) -> list[str]:
        return sorted(d.name for d in self.seen.dependencies if d.kind == kind)

    def effect_names(self) -> list[str]:
        return sorted(e.name for e in self.seen.effects)

    def refusals(self) -> list[str]:
        return [r.reason for r in self.seen.refusals]


def watched(
    run: Callable[[], Any], *strings: str, settings: Mapping[str, Any] | None = None, reading: Any = None
) -> Watched:
    """Run and return what was seen, also where it raised OSError (the value is then the error)."""
    context = Context(strings=strings, settings=settings or {}, reading=reading)
    observing = Observing(context, MODULES)
    observing.start()
    try:
        value = run()
    except OSError as error:
        value = error
    finally:
        observing.stop()
    return Watched(value, observing.observation())


@pytest.fixture
def watch() -> Callable[..., Watched]:
    """Run a function, and return what was seen."""
    return watched
