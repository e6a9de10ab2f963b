"""Functions that remember their results: a replay leaves their memory as it is.

Nothing can put a result into the memory of a ``functools.lru_cache``. That
can't be told only where calling the function again does the same: it computes
values without an identity, from its arguments alone, and does nothing else.
(``cache_info()`` tells it nevertheless: ``asked_memories``.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from fpcache.dependencies import environment, files
from fpcache.dependencies.records import Observation
from fpcache.errors import UncacheableError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Root
from fpcache.session import fixed
from fpcache.session.memory_counts import MEMOISED, called, names_of

if TYPE_CHECKING:
    from fpcache.session.executing import Trace

__all__ = ["filled", "refuse_seen_memory"]

_WORLD = files.KINDS | environment.KINDS


def filled(trace: Trace, nodes: Sequence[object]) -> frozenset[int]:
    """Return the ranks of memoised functions that the run made remember more."""
    return frozenset(
        rank
        for rank in trace.fixed
        if type(nodes[rank]) is MEMOISED and fixed.remembers_more(nodes[rank], trace.fixed[rank])
    )


def refuse_seen_memory(trace: Trace, mutated: Sequence[Root], observation: Observation) -> None:
    """Refuse a run that filled a memory whose content, or lack of it, could be told later.

    Whether a run did nothing but call such functions is left in its trace.

    Raises
    ------
    UncacheableError
        With the function's name.
    """
    filling = [trace.reading.nodes[rank] for rank in filled(trace, trace.reading.nodes)]
    does_more = bool(observation.effects or trace.outputs or trace.values) or any(
        not any(root.value is function for function in filling) for root in mutated
    )
    reads_world = any(dependency.kind in _WORLD for dependency in observation.dependencies)
    gives_values = not (does_more or reads_world) and all(map(_gives_values, filling))
    if filling and not gives_values:
        raise UncacheableError(
            f"{names_of(filling)} remembers its results (lru_cache), which a replay can't make it do; "
            "drop its lru_cache, and it can be cached"
        )
    trace.only_calls = gives_values and all(map(_gives_values, called(trace.memoised)))


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
