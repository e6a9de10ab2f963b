"""Doing for the memory of a memoised function what a hit left out: the calls are made after all.

Where the run that a hit stands for did nothing but call and compute (as
``memoised.refuse_seen_memory`` finds when it is recorded), it can be made up
for: beside the session, on a copy of its names.
"""

from __future__ import annotations

import inspect
import weakref
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.records import Reading
from fpcache.session import looking_up
from fpcache.session.memory_counts import CLEARS, MEMOISED, calls_of, words_reached
from fpcache.store.entry import Entry

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["LeftOut", "left_out", "make_up_for"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that a hit replaced.

    Attributes
    ----------
    entry : Entry
        The recording that was replayed instead.
    inputs : dict
        Digests of what it read, by name; of memoised functions, which the calls change, references.
    """

    component: Component
    code: CodeType
    entry: Entry
    inputs: dict[str, bytes | weakref.ref[Any]]


def left_out(run: CellRun, component: Component, reading: Reading, entry: Entry) -> LeftOut | None:
    """Return what a hit of this component leaves out; None where it could not be made up for."""
    code = run.compiled(component)
    if code is None or code.co_flags & inspect.CO_COROUTINE:
        return None
    if component.magic is not None or CLEARS in words_reached(code, run.namespace):
        return None  # what was remembered before it is not to be forgotten later
    return LeftOut(component, code, entry, _inputs(reading))


def _inputs(reading: Reading) -> dict[str, bytes | weakref.ref[Any]]:
    return {
        root.key: weakref.ref(root.value) if type(root.value) is MEMOISED else root.digest
        for root in reading.roots
    }


def make_up_for(run: CellRun, missing: LeftOut) -> bool:
    """Make the calls that a hit replaced; False where they would not be the same now.

    Order makes no difference as long as the memory forgets nothing: each value
    is computed once, and every other call finds it.
    """
    reading = _reading(run, missing)
    if reading is None:
        return False
    namespace = run.namespace
    before = dict(namespace)
    try:
        exec(missing.code, dict(namespace))
    except Exception:
        return False
    finally:
        if not _is_same(namespace, before):  # a function that was called binds global names
            namespace.clear()
            namespace.update(before)
    return all(_forgot_nothing(function) for function, _ in calls_of(reading).values())


def _reading(run: CellRun, missing: LeftOut) -> Reading | None:
    """Return what the run would read now; None where that isn't the same as then."""
    component = missing.component
    try:
        reading = read(run.reads(component), missing.code, run.namespace, ignore=run.options.ignore)
    except UnfingerprintableValueError:
        return None
    if _inputs(reading) != missing.inputs:  # references are equal whose functions are, or that are the same
        return None
    dependencies = looking_up.dependencies_of(missing.entry)
    _, broken = looking_up.broken_dependency(run, component, dependencies, run.context(reading))
    return reading if broken is None else None


def _is_same(namespace: dict[str, Any], before: dict[str, Any]) -> bool:
    return namespace.keys() == before.keys() and all(namespace[name] is before[name] for name in before)


def _forgot_nothing(function: Any) -> bool:
    info = function.cache_info()
    return info.maxsize is None or info.currsize < info.maxsize
