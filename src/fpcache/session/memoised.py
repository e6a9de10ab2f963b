"""Functions that remember their results: a replay leaves their memory as it is.

Nothing can put a result into the memory of a ``functools.lru_cache``. That
can't be told only where calling the function again does the same: it computes
values without an identity, from its arguments alone, and does nothing else.

``cache_info()`` tells it nevertheless. Code after which that is asked in the
same session is not replayed any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.dependencies import environment, files
from fpcache.dependencies.package_uses import reached_code
from fpcache.dependencies.records import Observation
from fpcache.errors import UncacheableError
from fpcache.fingerprints import walk
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.records import Root
from fpcache.session import fixed
from fpcache.session.services import Services

if TYPE_CHECKING:
    from fpcache.session.executing import Trace

__all__ = ["filled", "note_hit", "note_recorded", "refuse_seen_memory", "see_asked", "told"]

_FILLS = "fills_memory_of"
_TOLD = "whose_memory_is_told"
_KIND = type(lru_cache(len))
_WORLD = files.KINDS | environment.KINDS


def filled(trace: Trace, nodes: Sequence[object]) -> frozenset[int]:
    """Return the ranks of memoised functions that the run made remember more."""
    return frozenset(
        rank
        for rank in trace.fixed
        if type(nodes[rank]) is _KIND and not fixed.is_as_before(nodes[rank], trace.fixed[rank])
    )


def _names_filled(trace: Trace) -> str:
    """Return the names of these functions, for people; empty where there are none."""
    nodes = trace.reading.nodes
    names = (getattr(nodes[rank], "__name__", "?") for rank in filled(trace, nodes))
    return ", ".join(sorted(f"`{name}`" for name in names))


def note_recorded(services: Services, code_digest: str, trace: Trace) -> None:
    """Remember with its code, and in this session, whose memory a run filled that was recorded."""
    names, profile = _names_filled(trace), services.governor.profile(code_digest)
    if names and profile is not None:
        services.governor.learn(code_digest, profile.duration_s, **{_FILLS: names})
        services.memories[code_digest] = names, False


def note_hit(services: Services, code_digest: str) -> None:
    """Remember in this session whose memory a hit left as it was."""
    names = services.governor.detail(code_digest, _FILLS)
    if isinstance(names, str):
        services.memories[code_digest] = names, True


def see_asked(services: Services, code: CodeType | None, namespace: dict[str, Any]) -> str:
    """Take note of code that asks what functions remember; returns what is to be told of it, or nothing.

    What filled their memory in this session is run from now on.
    """
    if not services.memories or code is None:
        return ""
    if not any("cache_info" in names_in(found) for found, _ in reached_code(code, namespace)):
        return ""
    for digest, (names, _) in services.memories.items():
        profile = services.governor.profile(digest)
        services.governor.learn(digest, profile.duration_s if profile else 0.0, **{_TOLD: names})
    lacking = {names for names, was_hit in services.memories.values() if was_hit}
    services.memories.clear()
    if not lacking:
        return ""
    functions = ", ".join(sorted(lacking))
    return f"`cache_info()` of {functions} lacks calls that hits replaced; the next run makes them"


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
            f"{_names_filled(trace)} remembers its results (lru_cache), which a replay can't make it do; "
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
