"""Functions that remember their results: a replay leaves their memory as it is.

Nothing can put a result into the memory of a ``functools.lru_cache``. That
can't be told only where calling the function again does the same: it computes
values without an identity, from its arguments alone, and does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from fpcache.dependencies import environment, files
from fpcache.dependencies.records import Observation
from fpcache.errors import UncacheableError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Root
from fpcache.session import fixed

if TYPE_CHECKING:
    from fpcache.session.executing import Trace

__all__ = ["filled", "refuse_seen_memory"]

_KIND = type(lru_cache(len))
_WORLD = files.KINDS | environment.KINDS


def filled(trace: Trace, nodes: Sequence[object]) -> frozenset[int]:
    """Return the ranks of memoised functions that the run made remember more."""
    return frozenset(
        rank
        for rank in trace.fixed
        if type(nodes[rank]) is _KIND and not fixed.is_as_before(nodes[rank], trace.fixed[rank])
    )


def refuse_seen_memory(trace: Trace, mutated: Sequence[Root], observation: Observation) -> None:
    """Refuse a run that filled a memory whose content, or lack of it, could be told later.

    Raises
    ------
    UncacheableError
        With the function's name.
    """
    ranks = filled(trace, trace.reading.nodes)
    if not ranks:
        return
    functions = [trace.reading.nodes[rank] for rank in ranks]
    does_more = bool(observation.effects or trace.outputs) or any(
        not any(root.value is function for function in functions) for root in mutated
    )
    reads_world = any(dependency.kind in _WORLD for dependency in observation.dependencies)
    if does_more or reads_world or not all(map(_gives_values, functions)):
        names = ", ".join(sorted(f"`{getattr(function, '__name__', '?')}`" for function in functions))
        raise UncacheableError(
            f"{names} remembers its results (lru_cache), which a replay can't make it do; "
            "drop its lru_cache, and it can be cached"
        )


def _gives_values(function: object) -> bool:
    """Whether a memoised function holds values alone and reads nothing that could become another."""
    found = walk(function)
    inner = getattr(function, "__wrapped__", None)
    own = {id(part) for part in _own_parts(function)}
    if any(id(node) not in own for node in found.nodes):
        return False
    return all(
        read.role in ("mention", "follow")
        or read.value in (function, inner)
        or isinstance(read.value, ModuleType)
        for read in found.reached
    )


def _own_parts(function: object) -> Iterator[object]:
    """Yield the objects that make up the memoised function itself."""
    yield function
    inner = getattr(function, "__wrapped__", None)
    yield inner
    for part in (function, inner):
        yield getattr(part, "__dict__", None)
        yield getattr(part, "__annotations__", None)
        yield getattr(part, "__kwdefaults__", None)
