"""What a session does about ``cache_info()``, which tells of calls that hits have left out.

Where that is asked, the calls are made after all (``refilling``), or it is said
that they are missing. From then on, code that calls such functions is run.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType
from typing import TYPE_CHECKING

from fpcache.cells import Component
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.records import Reading
from fpcache.session.memories import ANY, Memory
from fpcache.session.memory_counts import ASKS, CLEARS, called, calls_of, names_of, words_in, words_reached
from fpcache.session.refilling import left_out, make_up_for
from fpcache.session.services import Services
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun
    from fpcache.session.executing import Trace

__all__ = ["note_hit", "note_recorded", "see_asked", "told"]

_CALLS = "calls_memoised"
_ONLY = "only_calls_memoised"
_TOLD = "whose_memory_is_told"


def note_recorded(services: Services, code_digest: str, trace: Trace) -> None:
    """Remember with its code, and in this session, which memoised functions a recorded run called."""
    functions, profile = called(trace.memoised), services.governor.profile(code_digest)
    if functions and profile is not None:
        names = names_of(functions)
        details = {_CALLS: names, _ONLY: trace.only_calls}
        services.governor.learn(code_digest, profile.duration_s, **details)
        services.memories.runs.append(Memory(code_digest, names))


def note_hit(run: CellRun, component: Component, reading: Reading, entry: Entry) -> None:
    """Remember in this session which calls a hit left out."""
    governor, memories = run.services.governor, run.services.memories
    names = governor.detail(component.code_digest, _CALLS)
    if not isinstance(names, str):
        return
    can_be_made = governor.detail(component.code_digest, _ONLY) is True and not memories.cleared
    missing = left_out(run, component, reading, entry) if can_be_made else None
    memories.runs.append(Memory(component.code_digest, names, was_hit=True, left_out=missing))


def see_asked(run: CellRun, component: Component) -> list[str]:
    """Make the calls that hits left out where code asks what functions remember; returns what is to be told.

    What called them in this session is run from now on.
    """
    memories, code = run.services.memories, run.compiled(component)
    if code is None or _is_function(run, component):
        return []
    words = _words(run, code)
    if CLEARS in words:  # nobody knows which of the calls are to be forgotten
        memories.clear()
    if ASKS not in words:
        return []
    memories.asked |= _names_asked(run, component, code)
    return _told_of(run, [memory for memory in memories.runs if memories.is_asked(memory.names)])


def _is_function(run: CellRun, component: Component) -> bool:
    """Whether a component does nothing but define functions, whose code counts where they are called."""
    nodes = run.request.nodes[component.start : component.stop]
    return all(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in nodes)


def _words(run: CellRun, code: CodeType) -> frozenset[str]:
    """Return the words of code; where it matters already, of the functions that it calls as well."""
    with run.services.governor.spending():
        return words_reached(code, run.namespace) if run.services.memories.runs else words_in(code)


def _names_asked(run: CellRun, component: Component, code: CodeType) -> set[str]:
    """Return the names of the memoised functions that code reads; `ANY` where none can be seen."""
    try:
        with run.services.governor.spending():
            reading = read(run.reads(component), code, run.namespace, ignore=run.options.ignore)
    except UnfingerprintableValueError:
        return {ANY}
    names = names_of([function for function, _ in calls_of(reading).values()])
    return set(names.split(", ")) if names else {ANY}


def _told_of(run: CellRun, concerned: Sequence[Memory]) -> list[str]:
    """Make the calls that are missing, and return what is to be told of that."""
    governor, memories = run.services.governor, run.services.memories
    made, lacking = set[str](), set[str]()
    for memory in concerned:
        profile = governor.profile(memory.code_digest)
        governor.learn(memory.code_digest, profile.duration_s if profile else 0.0, **{_TOLD: memory.names})
        if memory.was_hit:
            place = memories.runs.index(memory)
            memories.runs[place] = memory.forgotten()  # an interrupt leaves some of the calls made
            is_made = memory.left_out is not None and make_up_for(run, memory.left_out)
            (made if is_made else lacking).update(memory.all_names)
            del memories.runs[place]
    notes = []
    if made - lacking:
        functions = ", ".join(sorted(made - lacking))
        notes.append(f"`cache_info()` tells of {functions}, so calls were made that hits replaced")
    if lacking:
        functions = ", ".join(sorted(lacking))
        notes.append(f"`cache_info()` of {functions} lacks calls that hits replaced; the next run makes them")
    return notes


def told(services: Services, code_digest: str) -> str | None:
    """Return why code is not cached whose effect on a memory is asked for; None where it is not."""
    names, calls = (services.governor.detail(code_digest, detail) for detail in (_TOLD, _CALLS))
    if not isinstance(names, str):
        if not isinstance(calls, str) or not services.memories.is_asked(calls):
            return None
        names = calls  # the next that asks may do it under another name
    return (
        f"{names} remembers its results (lru_cache), and `cache_info` tells how many; "
        "drop its lru_cache, and it can be cached"
    )
