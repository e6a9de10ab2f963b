"""Running one node for real, and judging what it gave: here, in a thread, or in another process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fpcache.errors import UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import walk
from fpcache.graph.aliases import shared_memory
from fpcache.graph.own_code import OwnCode
from fpcache.graph.persisting import output_fingerprint
from fpcache.graph.resources import Resource
from fpcache.graph.schema import SchemaNode

__all__ = ["Executed", "call", "fingerprint_of", "judged", "title_of"]


@dataclass(frozen=True, slots=True)
class Executed:
    """What running a node gave.

    Attributes
    ----------
    value : object
        Its output.
    digest : str or None
        The output's fingerprint; None where it has none.
    duration_s : float
        Seconds that it ran.
    note : str
        Why its output is not stored; empty where it may be.
    changed : mapping of str to (str or None)
        Inputs that it changed in place, with their fingerprints now.
    state : str
        Something beside its inputs that its code reads and that is no longer as it was; empty where all is.
    """

    value: object
    digest: str | None
    duration_s: float
    note: str
    changed: Mapping[str, str | None]
    state: str = ""


def title_of(node: SchemaNode) -> str:
    """Return what people call what a node runs."""
    title = str(getattr(node.uses, "__name__", node.uses))
    return f"{title}.{node.fn}" if node.is_component else title


def call(
    name: str, node: SchemaNode, runnable: Callable[..., Any], inputs: Mapping[str, object]
) -> tuple[object, float]:
    """Run a node's own code; return its output and the seconds that took.

    Raises
    ------
    Exception
        What it raises, with a note that names the node.
    """
    started = time.perf_counter()
    try:
        value = runnable(**inputs)
    except BaseException as error:
        with suppress(Exception):  # a class of the user's may do what it likes
            error.add_note(f"in node `{name}` ({title_of(node)}) of the graph")
        raise
    return value, time.perf_counter() - started


def judged(
    value: object,
    duration_s: float,
    inputs: Mapping[str, object],
    before: Mapping[str, str | None],
    code: OwnCode | None = None,
) -> Executed:
    """Say whether an output may be kept, given its inputs' fingerprints and its code from before the run."""
    digest, note = fingerprint_of(value)
    if not note and holds_resource(value):
        note = (
            "not stored: it holds a resource inside another value, whose files would be lost; return it alone"
        )
    changed: dict[str, str | None] = {}
    for parameter, given in inputs.items():
        after, _ = fingerprint_of(given)
        if after != before[parameter]:
            changed[parameter] = after
            note = f"not stored: it changes its input `{parameter}` in place; change a copy"
    shared = "" if changed else shared_memory(value, inputs, {} if code is None else code.state)
    if shared:
        note = f"not stored: its output shares memory with {shared}; return a copy"
    state = "" if code is None else code.changed()
    if state:
        note = (
            f"not stored: {state}, which its code reads, changed while it ran; "
            "return what it makes, or keep memos by functools.cache"
        )
    module = "" if code is None else code.loaded()
    if module:
        note = (
            f"not stored: it loads `{module}` as it runs, in a way that can't be followed; import it before"
        )
    return Executed(value, digest, duration_s, note, changed, state)


def holds_resource(value: object) -> bool:
    """Whether a value has a resource somewhere inside."""
    if isinstance(value, Resource):
        return False
    try:
        return any(isinstance(node, Resource) for node in walk(value).nodes)
    except UnfingerprintableValueError:
        return False


def fingerprint_of(value: object) -> tuple[str | None, str]:
    """Return a value's fingerprint, or None and why it has none."""
    try:
        return output_fingerprint(value), ""
    except (UncacheableError, UnfingerprintableValueError) as error:
        return None, f"not stored: {error}"
