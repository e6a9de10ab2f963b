"""`MediaIndex`: fingerprints on disk, added, changed, taken out, and searched for what is the same."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from fpcache.errors import FpcacheError, MediaError, StoreUnavailableError
from fpcache.media.batch import Failure
from fpcache.media.fingerprinting import fingerprint
from fpcache.media.index import rows
from fpcache.media.index.background import Follower
from fpcache.media.index.candidates import Candidates
from fpcache.media.index.checks import agreed_kind, check_algorithms, checked, prepared_batch
from fpcache.media.index.database import open_database, reading, translated, writing
from fpcache.media.index.deciding import best
from fpcache.media.index.duplicates import groups_of
from fpcache.media.index.filters import condition
from fpcache.media.index.items import Item, Match, checked_id, metadata_text
from fpcache.media.index.rows import Scope
from fpcache.media.methods import method
from fpcache.media.records import KINDS, Kind, MediaFingerprint

__all__ = ["MediaIndex"]

_TOGETHER = 256
_LOOK_EVERY = 1000


class MediaIndex:
    """Fingerprints in a file, found again by what they are like.

    What `add` returned for is kept, also if the process is killed; if the power fails, the last items may be
    missing, and the rest is whole. Several processes may search while one writes; a second writer waits for
    up to ten seconds. Threads of one process take turns.

    Candidates are found by what is compact: vectors and hashes in all eight orientations for pictures, where
    there is no vector their keypoints too; shared runs and words for texts; shared words of
    sub-fingerprints, and vectors, for sounds. What shares none of these with its original is not found,
    though comparing the two might have told that they are the same.

    Parameters
    ----------
    path : path
        The SQLite file; made where there is none. Vector files are put beside it.
    kind : str, optional
        The only kind that it takes, ``"image"``, ``"audio"``, ``"video"`` or ``"text"``; by default all.
    candidates : int
        How many items each feature may propose for comparison, if not more are asked for: more find more and
        take longer. Where a search is about no more items than that, all are compared.
    numpy_below : int
        How many vectors are compared one by one, in memory; beyond them usearch takes over, if installed.

    Raises
    ------
    MediaError
        If the index is of another kind.
    StoreError
        If the file can't be opened, is damaged, or is something else.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> line = "To be, or not to be, that is the question."
    >>> with TemporaryDirectory() as folder, MediaIndex(f"{folder}/lines.sqlite", "text") as index:
    ...     index.add("hamlet", line, {"act": 3})
    ...     [match.id for match in index.search(line.upper(), where={"act": (1, 5)})]
    ['hamlet']
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        kind: Kind | None = None,
        *,
        candidates: int = 32,
        numpy_below: int = 10_000,
    ) -> None:
        if kind is not None and kind not in KINDS:
            raise MediaError(f"there is no kind of media {kind!r}; kinds are {', '.join(KINDS)}")
        if candidates < 1 or numpy_below < 0:
            raise MediaError("candidates= must be at least 1, and numpy_below= at least 0")
        self.path = Path(path).expanduser().absolute()
        self._count = candidates
        self._process_id = os.getpid()
        self._lock = threading.RLock()
        self._connection = open_database(self.path)
        try:
            with translated(self.path):
                self.kind = agreed_kind(self._connection, kind)
        except BaseException:
            self._connection.close()
            raise
        self._candidates = Candidates(self.path)
        self._numpy_below = numpy_below
        self._follower = Follower(self.path, numpy_below)
        self._unseen = 0
        self._is_closed = False

    def add(self, item_id: str, source: Any, metadata: Mapping[str, Any] | None = None) -> None:
        """Put an item in; it is safe once this returns.

        Parameters
        ----------
        item_id : str
            What it is called; of no other item.
        source : MediaFingerprint or source
            A fingerprint, or what `fpcache.media.fingerprint` takes.
        metadata : mapping, optional
            What JSON holds, to be given back and filtered by.

        Raises
        ------
        MediaError
            If the id is taken, the source can't be fingerprinted, or it is of another kind or algorithm.
        """
        checked_id(item_id)
        text, item = metadata_text(metadata), rows.prepared(self._fingerprint_of(source))
        with self._changing() as connection:
            rows.insert(connection, item_id, item, text)
        self._look(1)

    def add_many(
        self, items: Iterable[tuple[Any, ...]], *, on_error: Literal["raise", "collect"] = "raise"
    ) -> list[Failure]:
        """Put many items in, fingerprinted in threads and written in batches.

        Parameters
        ----------
        items : iterable of tuple
            Each what `add` takes: id, source and, if it has any, metadata. Drawn from as there is room.
        on_error : str
            ``"raise"``: the first item that can't be added is raised, and its batch of up to 256 is left out;
            earlier batches stay. ``"collect"``: the others are added.

        Returns
        -------
        list of Failure
            With ``on_error="collect"``, the items that were not added, and why.
        """
        if on_error not in ("raise", "collect"):
            raise MediaError(f"on_error= is 'raise' or 'collect', not {on_error!r}")
        failures: list[Failure] = []
        place, remaining = 0, iter(items)
        while batch := list(islice(remaining, _TOGETHER)):
            failed = self._add_batch(batch, place, on_error == "raise")
            failures += failed
            place += len(batch)
            self._look(len(batch) - len(failed))
        return failures

    def update(self, item_id: str, source: Any = None, metadata: Mapping[str, Any] | None = None) -> None:
        """Replace an item's fingerprint, its metadata, or both; what is None stays.

        Raises
        ------
        MediaError
            As in `add`, or if there is no item of this id.
        """
        checked_id(item_id)
        text = metadata_text(metadata) if metadata is not None else None
        item = rows.prepared(self._fingerprint_of(source)) if source is not None else None
        with self._changing() as connection:
            row = self._row(connection, item_id)
            if item is None:
                values = (text, row)
                connection.execute("UPDATE items SET metadata = coalesce(?, metadata) WHERE row = ?", values)
                return
            asked = "SELECT metadata FROM items WHERE row = ?"
            kept = connection.execute(asked, (row,)).fetchone()[0]
            rows.delete(connection, row)
            rows.insert(connection, item_id, item, kept if text is None else text)
        self._look(1)

    def remove(self, item_id: str) -> None:
        """Take an item out.

        Raises
        ------
        MediaError
            If there is no item of this id.
        """
        checked_id(item_id)
        with self._changing() as connection:
            rows.delete(connection, self._row(connection, item_id))

    def get(self, item_id: str) -> Item | None:
        """Return an item, or None if there is none of this id."""
        checked_id(item_id)
        with self._seeing() as connection:
            row = rows.first_row(connection, item_id)
            return next((item for _, item in rows.read(connection, [row] if row is not None else [])), None)

    def __contains__(self, item_id: object) -> bool:
        with self._seeing() as connection:
            return isinstance(item_id, str) and rows.first_row(connection, checked_id(item_id)) is not None

    def __len__(self) -> int:
        with self._seeing() as connection:
            return int(connection.execute("SELECT count(*) FROM items").fetchone()[0])

    def search(
        self,
        source: Any,
        limit: int = 10,
        threshold: float | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> list[Match]:
        """Return the items that are the same content, best first.

        Parameters
        ----------
        source : MediaFingerprint or source
            A fingerprint, or what `fpcache.media.fingerprint` takes.
        limit : int
            How many at most.
        threshold : float, optional
            The least score; by default where its kind says that it is the same. 0 gives what is most alike.
        where : mapping, optional
            What the metadata must be: ``{"album": "x", "year": (2000, 2010), "genre": ["jazz", "blues"]}``,
            equal, within a range (both ends included, None for no end), one of a list; all of these.

        Raises
        ------
        MediaError
            If the source can't be fingerprinted or is of another kind; if items of its kind were made by
            another version; if `where` can't be understood.
        """
        if limit < 1:
            raise MediaError(f"limit= must be at least 1, not {limit}")
        asked = self._fingerprint_of(source)
        scope = Scope(asked.kind, asked.algorithm, condition(where))
        with self._seeing() as connection:
            check_algorithms(connection, scope)
            count = max(self._count, 2 * limit)
            found = self._candidates.propose(connection, asked, scope, count)
            items = [item for _, item in rows.read(connection, found)]
        self._mend()
        return best(asked, items, limit, threshold)

    def find_duplicates(
        self, threshold: float | None = None, where: Mapping[str, Any] | None = None
    ) -> list[list[str]]:
        """Return the ids of items that are the same content, in groups of two or more.

        Items that are like a third one are in one group, even if they are not much alike themselves.

        Parameters
        ----------
        threshold, where
            As in `search`.
        """
        filtered = condition(where)
        groups: list[list[str]] = []
        for kind in self._kinds():
            scope = Scope(kind, method(kind).algorithm, filtered)
            with self._seeing() as connection:
                check_algorithms(connection, scope)
            with self._lock, translated(self.path):
                connection = self._usable()
                groups += groups_of(connection, self._candidates, scope, self._count, threshold)
        self._mend()
        return groups

    def outdated(self) -> list[str]:
        """Return the ids of items that another version fingerprinted, and that must be added again."""
        ids: list[str] = []
        for kind in self._kinds():
            asked = "SELECT id FROM items WHERE kind = ? AND algorithm <> ? ORDER BY row"
            with self._seeing() as connection:
                ids += [found[0] for found in connection.execute(asked, (kind, method(kind).algorithm))]
        return ids

    def rebuild(self) -> None:
        """Make all that searching needs anew from the fingerprints, vector files too; others wait for it."""
        kinds = self._kinds()
        with self._changing() as connection:
            rows.make_features_anew(connection, {kind: method(kind).algorithm for kind in kinds})
        with translated(self.path):
            self._follower.finish()

    def close(self) -> None:
        """Save the vector file that is being made, and close; a closed index can't be used."""
        if not self._is_closed and os.getpid() == self._process_id:
            self._is_closed = True
            self._follower.stop()
            with self._lock:
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MediaIndex {str(self.path)!r}, {self.kind or 'all kinds'}>"

    def _usable(self) -> sqlite3.Connection:
        if os.getpid() != self._process_id:
            raise StoreUnavailableError(
                f"the media index {self.path} was opened before this process was forked; open it anew here"
            )
        if self._is_closed:
            raise StoreUnavailableError(f"the media index {self.path} was closed; open it again")
        return self._connection

    @contextlib.contextmanager
    def _seeing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            connection = self._usable()
            with reading(connection):
                yield connection

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self.path):
            connection = self._usable()
            with writing(connection):
                yield connection

    def _fingerprint_of(self, source: Any) -> MediaFingerprint:
        """Return a fingerprint that this index can hold."""
        made = source if isinstance(source, MediaFingerprint) else fingerprint(source, self.kind)
        return checked(made, self.kind)

    def _row(self, connection: sqlite3.Connection, item_id: str) -> int:
        row = rows.first_row(connection, item_id)
        if row is None:
            raise MediaError(f"there is no {item_id!r} in the index; add() it")
        return row

    def _kinds(self) -> list[Kind]:
        with self._seeing() as connection:
            asked = "SELECT 1 FROM items WHERE kind = ? LIMIT 1"
            return [kind for kind in KINDS if connection.execute(asked, (kind,)).fetchone()]

    def _add_batch(self, batch: list[tuple[Any, ...]], first: int, is_strict: bool) -> list[Failure]:
        outcomes = prepared_batch(batch, self.kind)
        failures = []
        with self._changing() as connection:
            for place, (item, outcome) in enumerate(zip(batch, outcomes, strict=True)):
                try:
                    if isinstance(outcome, FpcacheError):
                        raise outcome
                    rows.insert(connection, item[0], *outcome)
                except MediaError as error:
                    if is_strict:
                        error.add_note(f"item {first + place} of those to be added")
                        raise
                    failures.append(Failure(first + place, item, error))
        return failures

    def _look(self, added: int) -> None:
        """Let the follower look now and then, whether there is enough for it to do."""
        self._unseen += added
        if self._unseen >= min(_LOOK_EVERY, self._numpy_below):
            self._unseen = 0
            self._follower.wake()

    def _mend(self) -> None:
        """Have a damaged vector file made anew, and a missing one made."""
        tables = self._candidates.vectors
        damaged = [file for table in tables if (file := table.damaged_file) is not None]
        if damaged:
            with contextlib.suppress(FpcacheError), self._changing() as connection:
                connection.executemany("DELETE FROM sidecars WHERE file = ?", [(file,) for file in damaged])
        if damaged or any(table.tail > self._numpy_below for table in tables):
            self._follower.wake()
