"""What one run does to the file system, in the order in which it does it.

The journal is what the probes of reads and of writes share. It knows which
files the component itself has written, so that reading those back is no
dependency, and takes the digest of what was read before the component's own
first write changes it.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from fpcache.dependencies import aspects
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_digests import clock_ns, content_digest, listing_digest
from fpcache.dependencies.paths import (
    Signature,
    absolute,
    is_noise,
    is_transient,
    signature,
    working_directory,
)
from fpcache.dependencies.records import Refusal

__all__ = ["Journal", "Listing", "Seen"]

_WHEN_STILL = "run the cell again when nothing writes the file"

FRESH_NS = 50_000_000  # a file changed this recently may change again within one tick of its clock
ENTROPY = frozenset({"/dev/random", "/dev/urandom", "/dev/hwrng"})


@dataclass(slots=True)
class Seen:
    """All that the run did with one path.

    Attributes
    ----------
    path : str
        Absolute.
    name : str
        As the code named it: relative where the working directory was still the first.
    first : Signature or None
        Of what lay there when the path was first met; ``None``: nothing.
    is_read : bool
        Whether content was read that the component didn't write itself.
    is_presumed : bool
        Whether the path is only known as a string that the code holds.
    before : str
        The digest before the component's own first write; ``""``: not taken.
    early : str
        The digest when first met, of a file that had only just changed.
    is_written, is_removed, is_touched : bool
        Whether the component wrote it, removed or moved it, set its mode or times.
    answers : dict
        What looks at it told, by aspect.
    """

    path: str
    name: str
    first: Signature | None
    is_read: bool = False
    is_presumed: bool = False
    before: str = ""
    early: str = ""
    is_written: bool = False
    is_removed: bool = False
    is_touched: bool = False
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether what lies there now is the component's own making."""
        return self.is_written or self.is_removed


@dataclass(frozen=True, slots=True)
class Listing:
    """One directory as it was listed, without what the component had put there."""

    path: str
    name: str
    pattern: str
    is_detailed: bool
    digest: str
    without: tuple[str, ...]


class Journal:
    """Collects reads and writes; every method may be called by any thread."""

    def __init__(self, context: Context) -> None:
        own = (context.settings.get("cache_directory"), os.environ.get("FPCACHE_DIR"))
        ignored = [*context.settings.get("ignore_paths", ()), *(path for path in own if path)]
        self.base = working_directory()
        self.started_ns = clock_ns()
        self.ignored = tuple(absolute(os.path.expanduser(str(path)), self.base) for path in ignored)
        self.seen: dict[str, Seen] = {}
        self.listings: dict[tuple[str, str, bool], Listing] = {}
        self.made: dict[str, str] = {}
        self.trees: set[str] = set()
        self.links: set[str] = set()
        self.databases: set[str] = set()
        self.refusals: list[Refusal] = []
        self._by_identity: dict[tuple[int, int], list[Seen]] = {}
        self._lock = threading.RLock()

    # -- looking ------------------------------------------------------------------------------

    def see(self, text: str) -> Seen | None:
        """Return the record of a path as the code names it, ``None`` for one that doesn't count."""
        if not text or "\0" in text:
            return None
        here = working_directory()
        path = absolute(text, here)
        present = self.seen.get(path)
        if present is not None:
            return present
        if is_noise(path, self.ignored) or is_transient(path):
            return None
        with self._lock:
            if path not in self.seen:
                name = text if here == self.base else path
                self.seen[path] = self._indexed(Seen(path, name, signature(path)))
            return self.seen[path]

    def _indexed(self, seen: Seen) -> Seen:
        if seen.first is not None:
            self._by_identity.setdefault(seen.first.identity, []).append(seen)
        return seen

    def read(self, text: str) -> None:
        """Note that content is read; an absent file is noted as absent."""
        if text in ENTROPY:
            self.refuse("reads entropy from a device", "seed a generator instead", explicit_ok=True)
        seen = self.see(text)
        if seen is None or self._is_own(seen):
            return
        with self._lock:
            self._note_read(seen)

    def _note_read(self, seen: Seen) -> None:
        if seen.is_read or seen.is_own:
            return
        seen.is_read = True
        found = seen.first
        if found is None or not stat.S_ISREG(found.mode):
            if found is not None and not stat.S_ISDIR(found.mode):
                self.refuse(f"reads `{seen.name}`, which is no ordinary file", "read it in a cell of its own")
        elif clock_ns() - found.changed_ns < FRESH_NS:
            seen.early = content_digest(seen.path)

    def presume(self, text: str) -> None:
        """Note a string that names something that exists: code that isn't seen may read it."""
        path = absolute(text, self.base)
        if path not in self.seen and signature(path) is None:
            return
        seen = self.see(text)
        if seen is not None and not self._is_own(seen):
            seen.is_presumed = True

    def look(self, text: str, aspect: str) -> None:
        """Note what a look at a path tells: whether it exists, its size, ..."""
        seen = self.see(text)
        if seen is None or self._is_own(seen):
            return
        with self._lock:
            if aspect not in seen.answers:
                seen.answers[aspect] = aspects.answer(seen.path, aspect)

    def list(self, text: str, pattern: str = "", *, is_detailed: bool = False) -> None:
        """Note that a directory is listed, as it is now."""
        seen = self.see(text)
        if seen is None or self._is_own(seen):
            return
        key = (seen.path, pattern, is_detailed)
        with self._lock:
            if key not in self.listings:
                without = self._own_names(seen.path)
                digest = listing_digest(seen.path, pattern, detailed=is_detailed, without=without)
                self.listings[key] = Listing(seen.path, seen.name, pattern, is_detailed, digest, without)

    def _own_names(self, folder: str) -> tuple[str, ...]:
        own = [s.path for s in self.seen.values() if s.is_own] + list(self.made)
        return tuple(sorted({os.path.basename(path) for path in own if os.path.dirname(path) == folder}))

    def _is_own(self, seen: Seen) -> bool:
        return seen.is_own or seen.path in self.made or self.is_inside_own(seen.path)

    def is_inside_own(self, path: str) -> bool:
        """Whether a path lies in a directory that the component made."""
        folder = os.path.dirname(path)
        while self.made and folder not in self.made:
            parent = os.path.dirname(folder)
            if parent == folder:
                return False
            folder = parent
        return bool(self.made)

    # -- changing -----------------------------------------------------------------------------

    def write(self, text: str, *, is_whole: bool, is_exclusive: bool = False) -> None:
        """Note that a file is about to be written; not ``is_whole``: what was there stays or is read."""
        seen = self.see(text)
        if seen is None:
            return
        with self._lock:
            if is_exclusive and not self._is_own(seen):
                seen.answers.setdefault("lexists", "0")
            if not is_whole and not self._is_own(seen):
                self._note_read(seen)
            self._before_change(seen)
            seen.is_written = True

    def _before_change(self, seen: Seen) -> None:
        now = signature(seen.path)
        aliases = [] if now is None else self._by_identity.get(now.identity, [])
        for other in (seen, *aliases):
            if other.is_read and not other.before and not other.is_written:
                self._check_unchanged(other, now)
                other.before = content_digest(other.path)
        if not seen.is_own:
            seen.first = now
        seen.is_presumed = False

    def _check_unchanged(self, seen: Seen, now: Signature | None) -> None:
        if seen.first != now:
            self.refuse(f"`{seen.name}` changed while it was read", _WHEN_STILL)

    def remove(self, text: str) -> None:
        """Note that a file or directory is about to be removed or moved away."""
        seen = self.see(text)
        if seen is not None and seen.path not in self.made:
            with self._lock:
                if not self._is_own(seen):  # removing what is missing fails
                    seen.answers.setdefault("lexists", aspects.answer(seen.path, "lexists"))
                self._before_change(seen)
                if seen.first is None and not seen.is_own and os.path.islink(seen.path):
                    self.refuse(f"removed the link `{seen.name}`", "do that in a cell of its own")
                seen.is_removed = True

    def rename(self, source: str, target: str) -> None:
        """Note that something is about to be moved, over ``target`` where that exists."""
        seen = self.see(source)
        is_folder = seen is not None and os.path.isdir(seen.path)
        self.remove(source)
        if is_folder:
            self.make(target, is_lenient=True)
            self.tree(target)
        else:
            self.write(target, is_whole=True)

    def touch(self, text: str) -> None:
        """Note that mode, owner or times are about to be set."""
        seen = self.see(text)
        if seen is not None:
            seen.is_touched = True

    def make(self, text: str, *, is_lenient: bool) -> None:
        """Note that a directory is about to be made; ``is_lenient``: one that exists is as good."""
        seen = self.see(text)
        if seen is None or seen.path in self.made or signature(seen.path) is not None:
            return
        with self._lock:
            if not is_lenient and not self._is_own(seen):
                seen.answers.setdefault("lexists", "0")
            self.made[seen.path] = seen.name

    def tree(self, text: str) -> None:
        """Note that files below a directory are about to be written, by code that isn't seen."""
        seen = self.see(text)
        if seen is not None:
            self.trees.add(seen.path)

    def refuse(self, reason: str, remedy: str, *, explicit_ok: bool = False) -> None:
        """Note why the run can't be stored."""
        refusal = Refusal(reason, remedy, explicit_ok=explicit_ok)
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    # -- what workers saw ---------------------------------------------------------------------

    def merge(self, seen: Iterable[Seen], listings: Iterable[Listing], made: dict[str, str]) -> None:
        """Add what a worker process saw, which ran in the same directory."""
        with self._lock:
            for other in seen:
                self._merge_one(other)
            for listing in listings:
                key = (listing.path, listing.pattern, listing.is_detailed)
                self.listings.setdefault(key, listing)
            self.made.update({path: name for path, name in made.items() if path not in self.made})

    def _merge_one(self, other: Seen) -> None:
        mine = self.seen.get(other.path)
        if mine is None:
            self.seen[other.path] = self._indexed(other)
            return
        if other.is_read and not mine.is_own:
            mine.is_read = True
            mine.before = mine.before or other.before
            if other.first != mine.first and not mine.is_own:
                self.refuse(f"`{mine.name}` changed while it was read", _WHEN_STILL)
        mine.is_written |= other.is_written
        mine.is_removed |= other.is_removed
        mine.is_touched |= other.is_touched
        for aspect, value in other.answers.items():
            mine.answers.setdefault(aspect, value)
