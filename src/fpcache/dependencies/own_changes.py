"""What the run left in the file system: as its own writes, or by nobody known."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from fpcache.dependencies.journal import Journal, Seen
from fpcache.dependencies.open_files import open_for_writing, standard_streams
from fpcache.dependencies.paths import Signature, is_noise, is_transient, signature
from fpcache.dependencies.records import Refusal

__all__ = ["Written", "refusals_of", "unaccounted", "written"]

MAX_ENTRIES = 20_000
_DATABASE_SIDES = ("-wal", "-journal")
_SERVER_LOGS = (".log", "nohup.out")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the run created or changed, as it is at the end."""

    path: str
    name: str
    found: Signature
    keeps_times: bool


def written(journal: Journal) -> list[Written]:
    """Return the files that the run created or changed and that are still there."""
    known = {seen.path: seen for seen in journal.seen.values() if seen.is_written}
    for seen in known.values():
        if seen.first is None and os.path.isdir(seen.path):
            _adopt_folder(journal, seen)
    found = [w for seen in known.values() if (w := _as_written(seen)) is not None]
    for folder in sorted(journal.trees):
        for path, now in _changed_below(folder, journal.started_ns):
            if path not in known:
                found.append(Written(path, _named_like(journal, folder, path), now, keeps_times=False))
    return found


def _adopt_folder(journal: Journal, seen: Seen) -> None:
    # What was named as a file to write has become a directory of files.
    journal.trees.add(seen.path)
    journal.made.setdefault(seen.path, seen.name)


def _as_written(seen: Seen) -> Written | None:
    now = signature(seen.path, follow=False)
    if now is None or now == seen.first or stat.S_ISDIR(now.mode):
        return None
    return Written(seen.path, seen.name, now, keeps_times=seen.is_touched)


def _named_like(journal: Journal, folder: str, path: str) -> str:
    name = journal.seen[folder].name if folder in journal.seen else folder
    return os.path.join(name, os.path.relpath(path, folder))


def _changed_below(folder: str, since_ns: int) -> Iterator[tuple[str, Signature]]:
    for parent, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(parent, name)
            now = signature(path, follow=False)
            if now is not None and now.changed_ns >= since_ns:
                yield path, now


def refusals_of(journal: Journal) -> Iterator[Refusal]:
    """Return why what the run did to files can't be replayed."""
    for seen in journal.seen.values():
        now = signature(seen.path, follow=False)
        if journal.is_inside_own(seen.path) and now is None:
            continue
        if seen.is_removed and seen.first is not None and now is None:
            yield Refusal(f"deleted or moved `{seen.name}`", "do that in a cell of its own")
        elif seen.is_touched and not seen.is_own and now is not None and not _is_made(journal, seen):
            yield Refusal(
                f"changed the mode, owner or times of `{seen.name}`", "do that in a cell of its own"
            )
        elif seen.is_written and now is not None and not _can_be_kept(journal, seen, now):
            yield Refusal(
                f"wrote `{seen.name}`, which is a link or no ordinary file", "do that in a cell of its own"
            )
    yield from _left_open(journal)


def _is_made(journal: Journal, seen: Seen) -> bool:
    return seen.path in journal.made or journal.is_inside_own(seen.path)


def _can_be_kept(journal: Journal, seen: Seen, now: Signature) -> bool:
    if stat.S_ISDIR(now.mode):
        return True
    return stat.S_ISREG(now.mode) and seen.path not in journal.links


def _left_open(journal: Journal) -> Iterator[Refusal]:
    for path, now in open_for_writing().items():
        seen = journal.seen.get(path)
        is_own = seen is not None and seen.is_written
        if is_noise(path, journal.ignored) or is_transient(path) or now.identity in standard_streams():
            continue
        if is_own:
            yield Refusal(f"left `{path}` open for writing", "close the file in the same cell")
        elif now.changed_ns > journal.started_ns:
            yield Refusal(
                f"wrote to `{path}`, which an earlier cell opened", "open and close it in this cell"
            )
    for database in sorted(journal.databases):
        if any(signature(database + side) is not None for side in _DATABASE_SIDES):
            yield Refusal(f"left the database `{database}` open", "close the connection in the same cell")


def unaccounted(journal: Journal, accounted: frozenset[str]) -> Iterator[Refusal]:
    """Return the files near those the run met that changed and that nobody was seen to write.

    Times are compared with the kernel's own clock at the start, so a file that the cell before wrote in the
    same tick doesn't count; nor does one that unseen code wrote in that first tick (4 to 10 ms).
    """
    streams = standard_streams()
    held = open_for_writing()
    for folder in sorted(_folders(journal)):
        for path, now in _changed_in(folder, journal.started_ns):
            if path in accounted or now.identity in streams or is_noise(path, journal.ignored):
                continue
            if path.endswith(_SERVER_LOGS) and path not in held:
                continue
            yield Refusal(
                f"`{_short(path, journal.base)}` was written while it ran, by code that can't be watched",
                "write the file with Python's open(), or in a cell of its own",
            )


def _short(path: str, base: str) -> str:
    return os.path.relpath(path, base) if path.startswith(base + os.sep) else path


def _folders(journal: Journal) -> set[str]:
    folders = {os.path.dirname(seen.path) for seen in journal.seen.values()} | {journal.base}
    folders |= {listing.path for listing in journal.listings.values()} | set(journal.made)
    return {folder for folder in folders if folder and not _is_shared(folder)}


def _is_shared(folder: str) -> bool:
    # The temporary folder and the root of the disk change for everybody's reasons.
    return folder in ("/", "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")) or is_noise(folder)


def _changed_in(folder: str, since_ns: int) -> Iterator[tuple[str, Signature]]:
    try:
        names = os.listdir(folder)[:MAX_ENTRIES]
    except OSError:
        return
    for name in names:
        if name.startswith((".", "__pycache__")) or name.endswith((".ipynb", ".pyc")):
            continue
        path = os.path.join(folder, name)
        now = signature(path, follow=False)
        if now is not None and not stat.S_ISDIR(now.mode) and now.changed_ns > since_ns:
            yield path, now
