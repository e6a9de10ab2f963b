"""Files and directories that a run leaves, as effects that a replay puts back.

A replay only ever adds what is missing. A file that exists with other content
than recorded is a reason to run the code, so that only the user's own code
overwrites it. Files of more than 256 MiB in all, links, devices, deletions
and changes that nobody was seen to make keep a run from being stored.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from fpcache.dependencies.context import Context
from fpcache.dependencies.file_effects import (
    FILE,
    FOLDER,
    file_effect,
    folder_effect,
    make_folder,
    put_file,
    why_not_ready,
)
from fpcache.dependencies.file_watch import FileWatch, watch_of
from fpcache.dependencies.journal import Journal
from fpcache.dependencies.own_changes import Written, refusals_of, unaccounted, written
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.own_work import quiet

__all__ = ["KINDS", "WrittenFiles", "apply", "check", "probe", "ready"]

_REMEDY = "write it in a cell of its own"

KINDS = frozenset({FILE, FOLDER})
MAX_WRITTEN_BYTES = 256 << 20


class WrittenFiles:
    """Watches what one run changes in the file system."""

    def __init__(self, context: Context) -> None:
        self._watch: FileWatch = watch_of(context)
        self._limit_bytes = int(context.settings.get("max_written_bytes", MAX_WRITTEN_BYTES))
        self._is_started = False

    def start(self) -> None:
        """Begin to watch."""
        self._is_started = True
        self._watch.start()

    def stop(self) -> None:
        """Stop watching."""
        if self._is_started:
            self._is_started = False
            self._watch.stop()

    def observation(self) -> Observation:
        """Return the files and directories left, and why they can't be put back."""
        with quiet():
            return _observation(self._watch.journal, self._limit_bytes)


def probe(context: Context) -> WrittenFiles:
    """Return the probe for one run."""
    return WrittenFiles(context)


def _observation(journal: Journal, limit_bytes: int) -> Observation:
    files = written(journal)
    accounted = frozenset(seen.path for seen in journal.seen.values() if seen.is_own or seen.is_read)
    accounted |= {file.path for file in files}
    refusals = [*refusals_of(journal), *unaccounted(journal, accounted)]
    if not refusals and sum(file.found.size_bytes for file in files) > limit_bytes:
        refusals.append(
            Refusal(f"wrote more than {limit_bytes >> 20} MiB of files", "write them in a cell of its own")
        )
    if refusals:
        return Observation(refusals=tuple(refusals))
    return _effects(journal, files)


def _effects(journal: Journal, files: list[Written]) -> Observation:
    effects = [*_folders(journal)]
    refusals = []
    for file in files:
        makes_parent = os.path.dirname(file.path) in journal.made or journal.is_inside_own(file.path)
        effect = file_effect(file.path, file.name, keeps_times=file.keeps_times, makes_parent=makes_parent)
        if effect is None:
            refusals.append(Refusal(f"`{file.name}` changed while it was stored, or can't be read", _REMEDY))
        else:
            effects.append(effect)
    return Observation(effects=tuple(effects), refusals=tuple(refusals))


def _folders(journal: Journal) -> Iterator[Effect]:
    for path, name in sorted(journal.made.items()):
        if os.path.isdir(path):
            yield folder_effect(path, name, makes_parent=journal.is_inside_own(path))


def check(dependency: Dependency, context: Context) -> str | None:
    """Written files are effects; nothing depends on them here."""
    return None


def ready(effect: Effect, context: Context) -> str | None:
    """Return why the effect can't be replayed now, or ``None`` where it can."""
    with quiet():
        return why_not_ready(effect)


def apply(effect: Effect, context: Context) -> None:
    """Put a missing file or directory back."""
    with quiet():
        if effect.kind == FOLDER:
            make_folder(effect)
        else:
            put_file(effect)
