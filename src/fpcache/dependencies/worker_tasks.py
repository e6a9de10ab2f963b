"""What runs inside a worker process: the task, and a watch that tells what it read.

The worker writes one small file per task, before the task's result goes back,
so whoever has the result can also know what it was made from.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fpcache.dependencies import environment, native_io, processes
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_watch import FileWatch, watch_of
from fpcache.dependencies.interception import drop_own_frame
from fpcache.dependencies.journal import Journal, Listing, Seen
from fpcache.dependencies.paths import Signature, working_directory
from fpcache.dependencies.records import Dependency, Probe, Refusal
from fpcache.own_work import quiet

__all__ = ["Told", "WatchedTask", "read_told"]

_SUFFIX = ".json"


@dataclass(frozen=True)
class WatchedTask:
    """A function that tells, into ``folder``, what a call of it read."""

    function: Callable[..., Any]
    folder: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function and write down what it did, also where it raised."""
        context = Context(started_s=time.time())
        watch = watch_of(context)
        variables = environment.probe(context)
        children = processes.probe(context)
        watching = (watch, native_io.probe(context), variables, children)
        is_watched = _begin(watching)
        try:
            return self.function(*args, **kwargs)
        except BaseException as error:
            drop_own_frame(error)
            raise
        finally:
            for one in reversed(watching):
                one.stop()
            if is_watched:
                with quiet():
                    faults = [repr(fault) for fault in watch.faults]
                    refusals = [*watch.journal.refusals, *children.observation().refusals]
                    _tell(self.folder, watch.journal, list(variables.dependencies()), refusals, faults)


def _begin(watching: tuple[Probe | FileWatch, ...]) -> bool:
    try:
        for one in watching:
            one.start()
    except (
        Exception
    ):  # the task must run all the same; whoever asked misses what it would have told, and refuses
        return False
    return True


@dataclass(frozen=True, slots=True)
class Told:
    """What one task in a worker was seen to do."""

    seen: tuple[Seen, ...]
    listings: tuple[Listing, ...]
    made: dict[str, str]
    trees: tuple[str, ...]
    links: tuple[str, ...]
    environment: tuple[Dependency, ...]
    refusals: tuple[Refusal, ...]


def _tell(
    folder: str,
    journal: Journal,
    variables: list[Dependency],
    refusals: list[Refusal],
    faults: list[str],
) -> None:
    record = {
        "base": journal.base,
        "seen": [asdict(seen) for seen in journal.seen.values()],
        "listings": [asdict(listing) for listing in journal.listings.values()],
        "made": journal.made,
        "trees": sorted(journal.trees),
        "links": sorted(journal.links),
        "environment": [asdict(variable) for variable in variables],
        "refusals": [asdict(refusal) for refusal in refusals],
        "faults": faults,
    }
    path = os.path.join(folder, uuid.uuid4().hex)
    try:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(record, file)
        os.replace(path, path + _SUFFIX)
    except OSError:
        return  # who asked is gone; one that still waits misses the record, and refuses


def read_told(folder: str) -> list[Told]:
    """Return what the workers have told so far."""
    found = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(_SUFFIX):
            with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
                found.append(_as_told(json.load(file)))
    return found


def _as_told(record: dict[str, Any]) -> Told:
    is_here = record["base"] == working_directory()
    faults = tuple(
        Refusal("a worker's files could not be watched", f"report this: {fault}")
        for fault in record["faults"]
    )
    return Told(
        seen=tuple(_as_seen(one, is_here=is_here) for one in record["seen"]),
        listings=tuple(_as_listing(one, is_here=is_here) for one in record["listings"]),
        made={path: name if is_here else path for path, name in record["made"].items()},
        trees=tuple(record["trees"]),
        links=tuple(record["links"]),
        environment=tuple(Dependency(**one) for one in record["environment"]),
        refusals=(*(Refusal(**one) for one in record["refusals"]), *faults),
    )


def _as_seen(one: dict[str, Any], *, is_here: bool) -> Seen:
    first = one["first"]
    whole = {**one, "first": None if first is None else Signature(**first)}
    return Seen(**whole if is_here else {**whole, "name": one["path"]})


def _as_listing(one: dict[str, Any], *, is_here: bool) -> Listing:
    whole = {**one, "without": tuple(one["without"])}
    return Listing(**whole if is_here else {**whole, "name": one["path"]})
