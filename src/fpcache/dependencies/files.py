"""Files and directories that a run reads: content, existence, listings.

Seen are the opens that Python audits, looks by ``os.stat`` and the like, the
native readers of ``native_io``, and what worker processes tell. What is not
seen (a C library that opens files by itself) is met by rule: an existing path
among the strings that the code holds counts as read.

Limits: a look by C code at a file's existence or times; a directory named by
a string whose files only unknown C code opens, beyond 2,000 files or 64 MiB;
writes by another process through a shared memory map of a data file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from json import dumps, loads
from pathlib import PurePath
from typing import cast

from fpcache.dependencies import aspects
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_digests import (
    DIRECTORY,
    GONE,
    content_digest,
    listing_digest,
    tree_digest,
    tree_names,
)
from fpcache.dependencies.file_watch import FileWatch, watch_of
from fpcache.dependencies.journal import Journal, Listing, Seen
from fpcache.dependencies.paths import absolute, in_temporary_folder, signature
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.dependencies.waivers import waivers
from fpcache.own_work import quiet

__all__ = ["KINDS", "Files", "check", "probe"]

KINDS = frozenset({"file", "path", "listing", "tree"})
MAX_STRING = 1024
MAX_ELEMENTS = 2_000


class Files:
    """Watches what one run reads from the file system."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watch: FileWatch = watch_of(context)
        self._is_started = False

    def start(self) -> None:
        """Begin to watch."""
        self._is_started = True
        self._watch.start()
        with quiet():
            for text in _strings(self._context):
                self._watch.journal.presume(text)

    def stop(self) -> None:
        """Stop watching."""
        if self._is_started:
            self._is_started = False
            self._watch.stop()

    def observation(self) -> Observation:
        """Return the files read, by content, and why the run can't be stored."""
        with quiet():
            journal = self._watch.journal
            changed: list[Refusal] = []
            dependencies = list(_dependencies(journal, changed))
            refusals = [*journal.refusals, *changed, *_faults(self._watch.faults)]
        return Observation(dependencies=(*dependencies, *waivers(refusals)), refusals=tuple(refusals))


def probe(context: Context) -> Files:
    """Return the probe for one run."""
    return Files(context)


def _faults(faults: Iterable[Exception]) -> Iterator[Refusal]:
    for fault in faults:
        yield Refusal("its files could not be watched", f"report this: {type(fault).__name__}: {fault}")
        return


def _strings(context: Context) -> Iterator[str]:
    yield from filter(_may_be_path, context.strings)
    for root in () if context.reading is None else context.reading.roots:
        yield from filter(_may_be_path, _paths_in(root.value))


def _paths_in(value: object) -> Iterator[str]:
    if isinstance(value, (str, PurePath)):
        yield str(value)
    elif type(value) in (list, tuple, set, frozenset):
        for element in islice(cast("Iterable[object]", value), MAX_ELEMENTS):
            if isinstance(element, (str, PurePath)):
                yield str(element)
    elif type(value) is dict:
        yield from _paths_in(list(islice(value.values(), MAX_ELEMENTS)))
    elif type(value).__module__ == "pyarrow._dataset":
        yield from getattr(value, "files", ())


def _may_be_path(text: object) -> bool:
    if not isinstance(text, str) or not 0 < len(text) <= MAX_STRING:
        return False
    return "\n" not in text and "\0" not in text and text.strip("./\\~ ") != ""


def _dependencies(journal: Journal, changed: list[Refusal]) -> Iterator[Dependency]:
    for seen in list(journal.seen.values()):
        yield from _of_path(journal, seen, changed)
    for listing in list(journal.listings.values()):
        yield Dependency("listing", listing.name, _listing_text(listing))


def _of_path(journal: Journal, seen: Seen, changed: list[Refusal]) -> Iterator[Dependency]:
    if _was_passing(journal, seen):
        return
    if seen.is_read or seen.is_presumed:
        yield from _of_content(journal, seen, changed)
    for aspect, told in seen.answers.items():
        if not (seen.is_read and aspect in ("exists", "lexists", "isfile", "isdir", "size")):
            yield Dependency("path", seen.name, f"{aspect}={told}")


def _was_passing(journal: Journal, seen: Seen) -> bool:
    """Whether the file came and went with the run, or lay in a folder that did."""
    if journal.is_inside_own(seen.path):
        return True
    gone = seen.first is None and signature(seen.path, follow=False) is None
    return gone and seen.is_own and in_temporary_folder(seen.path)


def _of_content(journal: Journal, seen: Seen, changed: list[Refusal]) -> Iterator[Dependency]:
    if seen.is_presumed and not seen.is_read and os.path.isdir(seen.path):
        yield from _of_tree(journal, seen)
        return
    if seen.before:
        yield Dependency("file", seen.name, seen.before)
        return
    digest = content_digest(seen.path)
    is_other = signature(seen.path) != seen.first and digest != DIRECTORY
    if is_other or seen.early not in ("", digest):
        changed.append(_unsettled(seen))
    yield Dependency("file", seen.name, digest)


def _unsettled(seen: Seen) -> Refusal:
    if seen.is_read:
        return Refusal(
            f"`{seen.name}` changed while it was read", "run the cell again when nothing writes the file"
        )
    return Refusal(
        f"`{seen.name}` was changed while it ran, by code that can't be watched",
        "write the file with Python's open(), or in a cell of its own",
    )


def _of_tree(journal: Journal, seen: Seen) -> Iterator[Dependency]:
    inside = seen.path.rstrip(os.sep) + os.sep
    if (journal.base + os.sep).startswith(inside) or _is_explained(journal, seen, inside):
        return
    names = tree_names(seen.path)
    if names:
        yield Dependency("tree", seen.name, dumps({"digest": tree_digest(seen.path, names), "names": names}))


def _is_explained(journal: Journal, seen: Seen, inside: str) -> bool:
    """Whether files below the directory were seen to be read or written, so that its name was for that."""
    if any(listing.path == seen.path for listing in journal.listings.values()) or seen.path in journal.trees:
        return True
    return any(
        (other.is_read or other.is_own) and other.path.startswith(inside) for other in journal.seen.values()
    )


def _listing_text(listing: Listing) -> str:
    return dumps(
        {
            "digest": listing.digest,
            "pattern": listing.pattern,
            "detailed": listing.is_detailed,
            "without": list(listing.without),
        }
    )


def check(dependency: Dependency, context: Context) -> str | None:
    """Return why a recorded read no longer holds, or ``None`` where it does.

    Relative paths are looked up from the present working directory.
    """
    with quiet():
        return _CHECKS[dependency.kind](dependency.name, dependency.expected)


def _check_file(name: str, expected: str) -> str | None:
    now = content_digest(absolute(name))
    if now == expected:
        return None
    if GONE in (now, expected):
        return f"`{name}` is gone" if now == GONE else f"`{name}` exists now"
    return f"`{name}` changed on disk"


def _check_path(name: str, expected: str) -> str | None:
    aspect, _, before = expected.partition("=")
    now = aspects.answer(absolute(name), aspect)
    return None if now == before else aspects.told(name, aspect, before, now)


def _check_listing(name: str, expected: str) -> str | None:
    known = loads(expected)
    now = listing_digest(
        absolute(name), known["pattern"], detailed=known["detailed"], without=known["without"]
    )
    if now == known["digest"]:
        return None
    if GONE in (now, known["digest"]):
        return f"`{name}` is gone" if now == GONE else f"`{name}` exists now"
    return f"the files in `{name}` are others now"


def _check_tree(name: str, expected: str) -> str | None:
    known = loads(expected)
    if tree_digest(absolute(name), known["names"]) == known["digest"]:
        return None
    return f"files in `{name}` changed on disk"


_CHECKS = {"file": _check_file, "path": _check_path, "listing": _check_listing, "tree": _check_tree}
