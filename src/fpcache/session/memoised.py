"""Functions that remember their results: a replay leaves their memory as it is.

Nothing can put a result into the memory of a ``functools.lru_cache``. That
can't be told only where calling the function again does the same: it computes
values without an identity, from its arguments alone, and does nothing else.

``cache_info()`` tells it nevertheless. Where that is asked, the calls are made
that hits have left out in this session (``refilling``), or it is said that they
are missing; and code after which it is asked is not replayed any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from fpcache.dependencies import environment, files
from fpcache.dependencies.records import Observation
from fpcache.errors import UncacheableError
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Reading, Root
from fpcache.session import fixed
from fpcache.session.memory_counts import ASKS, CLEARS, MEMOISED, called, names_reached
from fpcache.session.refilling import LeftOut, left_out, make_up_for
from fpcache.session.services import Memory, Services
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.cells import Component
    from fpcache.session.cell_run import CellRun
    from fpcache.session.executing import Trace

__all__ = ["filled", "note_hit", "note_recorded", "refuse_seen_memory", "see_asked", "told"]

_CALLS = "calls_memoised"
_TOLD = "whose_memory_is_told"
_WORLD = files.KINDS | environment.KINDS


def filled(trace: Trace, nodes: Sequence[object]) -> frozenset[int]:
    """Return the ranks of memoised functions that the run made remember more."""
    return frozenset(
        rank
        for rank in trace.fixed
        if type(nodes[rank]) is MEMOISED and not fixed.is_as_before(nodes[rank], trace.fixed[rank])
    )


def _names(functions: Sequence[object]) -> str:
    """Return the names of functions, for people; empty where there are none."""
    return ", ".join(sorted(f"`{getattr(function, '__name__', '?')}`" for function in functions))


def note_recorded(services: Services, code_digest: str, trace: Trace) -> None:
    """Remember with its code, and in this session, which memoised functions a recorded run called."""
    names, profile = _names(called(trace.memoised)), services.governor.profile(code_digest)
    if names and profile is not None:
        services.governor.learn(code_digest, profile.duration_s, **{_CALLS: names})
        services.memories.append(Memory(code_digest, names))


def note_hit(run: CellRun, component: Component, reading: Reading, entry: Entry) -> None:
    """Remember in this session which calls a hit left out."""
    names = run.services.governor.detail(component.code_digest, _CALLS)
    if isinstance(names, str):
        missing = left_out(run, component, reading, entry)
        run.services.memories.append(Memory(component.code_digest, names, was_hit=True, left_out=missing))


def see_asked(run: CellRun, code: CodeType | None) -> list[str]:
    """Make the calls that hits left out where code asks what functions remember; returns what is to be told.

    What called them in this session is run from now on.
    """
    services = run.services
    if not services.memories or code is None:
        return []
    with services.governor.spending():
        names = names_reached(code, run.namespace)
    if CLEARS in names:  # nobody knows which of the calls are to be forgotten
        services.memories[:] = [memory.forgotten() for memory in services.memories]
    if ASKS not in names:
        return []
    memories, services.memories[:] = services.memories[:], []
    for memory in memories:
        profile = services.governor.profile(memory.code_digest)
        services.governor.learn(
            memory.code_digest, profile.duration_s if profile else 0.0, **{_TOLD: memory.names}
        )
    hits = [memory for memory in memories if memory.was_hit]
    lacking = {memory.names for memory in hits if not _is_made_up_for(run, memory.left_out)}
    made = {memory.names for memory in hits} - lacking
    notes = []
    if made:
        functions = ", ".join(sorted(made))
        notes.append(f"`cache_info()` tells of {functions}, so calls were made that hits replaced")
    if lacking:
        functions = ", ".join(sorted(lacking))
        notes.append(f"`cache_info()` of {functions} lacks calls that hits replaced; the next run makes them")
    return notes


def _is_made_up_for(run: CellRun, missing: LeftOut | None) -> bool:
    return missing is not None and make_up_for(run, missing)


def told(services: Services, code_digest: str) -> str | None:
    """Return why code is not cached whose effect on a memory is asked for; None where it is not."""
    names = services.governor.detail(code_digest, _TOLD)
    if not isinstance(names, str):
        return None
    return (
        f"{names} remembers its results (lru_cache), and `cache_info` told how many; "
        "drop its lru_cache, and it can be cached"
    )


def refuse_seen_memory(trace: Trace, mutated: Sequence[Root], observation: Observation) -> None:
    """Refuse a run that filled a memory whose content, or lack of it, could be told later.

    Raises
    ------
    UncacheableError
        With the function's name.
    """
    functions = [trace.reading.nodes[rank] for rank in filled(trace, trace.reading.nodes)]
    if not functions:
        return
    does_more = bool(observation.effects or trace.outputs) or any(
        not any(root.value is function for function in functions) for root in mutated
    )
    reads_world = any(dependency.kind in _WORLD for dependency in observation.dependencies)
    if does_more or reads_world or not all(map(_gives_values, functions)):
        raise UncacheableError(
            f"{_names(functions)} remembers its results (lru_cache), which a replay can't make it do; "
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
