"""How often memoised functions were called, which ``cache_info()`` tells: an input of code that asks.

What they remember is among the inputs anyway; calls that only look up add nothing to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Any

from fpcache.dependencies.package_uses import reached_code
from fpcache.dependencies.records import Dependency
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.records import Reading

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun
    from fpcache.session.executing import Trace

__all__ = [
    "ASKS",
    "CLEARS",
    "KIND",
    "MEMOISED",
    "Calls",
    "called",
    "calls_of",
    "check",
    "dependencies",
    "names_of",
    "words_in",
    "words_reached",
]

KIND = "calls counted"
ASKS, CLEARS = "cache_info", "cache_clear"
MEMOISED = type(lru_cache(len))
Calls = dict[int, tuple[Any, tuple[int, int]]]
"""Memoised functions by identity, with their hits and misses."""


def calls_of(reading: Reading | None) -> Calls:
    """Return the memoised functions that a component reads, and what they have counted."""
    if reading is None:
        return {}
    found = [item.value for item in sorted(reading.resolved, key=lambda item: item.path)]
    everything = (*reading.nodes, *found)
    if MEMOISED not in map(type, everything):
        return {}
    functions = [node for node in everything if type(node) is MEMOISED]
    return {id(function): (function, _counted(function)) for function in functions}


def called(calls: Calls) -> list[Any]:
    """Return those of these functions that were called since."""
    return [function for function, counted in calls.values() if _counted(function) != counted]


def names_of(functions: Sequence[object]) -> str:
    """Return the names of functions, for people; empty where there are none."""
    return ", ".join(sorted({f"`{getattr(function, '__name__', '?')}`" for function in functions}))


@lru_cache(maxsize=4096)
def words_in(code: CodeType) -> frozenset[str]:
    """Return the names that code uses, as such or in texts: ``getattr(f, "cache_info")`` asks as well."""
    inner = [item for item in code.co_consts if isinstance(item, CodeType)]
    texts = [item for item in code.co_consts if isinstance(item, str)]
    parts = [part for item in code.co_consts if isinstance(item, tuple) for part in item]
    texts += [part for part in parts if isinstance(part, str)]
    return names_in(code).union(texts, *map(words_in, inner))


def words_reached(code: CodeType, namespace: dict[str, Any]) -> frozenset[str]:
    """Return these words of some code, and of the user's functions that it calls."""
    return frozenset[str]().union(*(words_in(found) for found, _ in reached_code(code, namespace)))


def dependencies(run: CellRun, trace: Trace) -> list[Dependency]:
    """Return a dependency on what was counted before a run, where the code asks for it."""
    code = run.compiled(trace.component) if trace.memoised else None
    if code is None:
        return []
    if not run.services.memories.asked and ASKS not in words_reached(code, trace.before):
        return []
    return [Dependency(KIND, "", _digest(trace.memoised))]


def check(dependency: Dependency, reading: Reading | None) -> str | None:
    """Return why the functions were not called as often as before the recorded run, or None."""
    if _digest(calls_of(reading)) == dependency.expected:
        return None
    return f"`{ASKS}()` tells that a function was called more or less often"


def _counted(function: Any) -> tuple[int, int]:
    info = function.cache_info()
    return info.hits, info.misses


def _digest(calls: Calls) -> str:
    return " ".join(f"{hits}/{misses}" for _, (hits, misses) in calls.values())
