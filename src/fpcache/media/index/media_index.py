"""`MediaIndex`: fingerprints on disk, added, changed, taken out, and searched for what is the same."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self

from fpcache.errors import MediaError
from fpcache.media.arguments import (
    checked_choice,
    checked_count,
    checked_kind,
    checked_path,
    checked_threshold,
    each_of,
)
from fpcache.media.batch import Failure, bare
from fpcache.media.fingerprinting import fingerprint
from fpcache.media.index.checks import checked, prepared_batch
from fpcache.media.index.deciding import best
from fpcache.media.index.filters import condition
from fpcache.media.index.items import Item, Match, checked_id, metadata_text
from fpcache.media.index.local_store import LocalStore
from fpcache.media.index.qdrant.connecting import connected, is_address, parsed
from fpcache.media.index.rows import prepared
from fpcache.media.index.stores import IndexStore
from fpcache.media.records import Kind, MediaFingerprint
from fpcache.media.words import in_words

__all__ = ["MediaIndex"]

_TOGETHER = 256
# More than any index holds, and little enough for what counts in 32 bits.
_MOST_PROPOSED = 1 << 30


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
    path : path or address
        The SQLite file; made where there is none. Vector files are put beside it. Or a collection of a Qdrant
        server, ``"qdrant://host:6333/collection"``, as well made where there is none (``qdrants://`` if the
        connection is encrypted; the server's key in ``FPCACHE_QDRANT_API_KEY``).
    kind : str, optional
        The only kind that it takes, ``"image"``, ``"audio"``, ``"video"`` or ``"text"``; by default all.
    candidates : int
        How many items each feature may propose for comparison, if not more are asked for: more find more and
        take longer. Where a search is about no more items than that, all are compared.
    numpy_below : int
        How many vectors are compared one by one, in memory; beyond them usearch takes over, if installed.
        Of a file only.
    client, collection : QdrantClient and str, optional
        Instead of a path: a client that there is already, and the collection's name; it stays open.

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
        path: str | os.PathLike[str] | None = None,
        kind: Kind | None = None,
        *,
        candidates: int = 32,
        numpy_below: int = 10_000,
        client: Any = None,
        collection: str | None = None,
    ) -> None:
        self._count = min(checked_count("candidates=", candidates), _MOST_PROPOSED)
        numpy_below = checked_count("numpy_below=", numpy_below, least=0)
        self.store = _opened(path, checked_kind(kind), numpy_below, client, collection)
        self.kind = self.store.kind

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
        text, item = metadata_text(metadata), prepared(self._fingerprint_of(source))
        for error in self.store.insert([(item_id, (item, text))], is_strict=True).values():
            raise error

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
        checked_choice("on_error=", on_error, ("raise", "collect"))
        failures: list[Failure] = []
        place, remaining = 0, each_of(items, "items are a list or another iterable of tuples")
        while batch := list(islice(remaining, _TOGETHER)):
            failed = self._add_batch(batch, place, on_error == "raise")
            failures += failed
            place += len(batch)
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
        item = prepared(self._fingerprint_of(source)) if source is not None else None
        self.store.update(item_id, item, text)

    def remove(self, item_id: str) -> None:
        """Take an item out.

        Raises
        ------
        MediaError
            If there is no item of this id.
        """
        self.store.delete(checked_id(item_id))

    def get(self, item_id: str) -> Item | None:
        """Return an item, or None if there is none of this id."""
        return self.store.get(checked_id(item_id))

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and self.store.has(checked_id(item_id))

    def __len__(self) -> int:
        return self.store.count()

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
            The least score, from 0 to 1; by default where its kind says that it is the same. 0 gives what is
            most alike.
        where : mapping, optional
            What the metadata must be: ``{"album": "x", "year": (2000, 2010), "genre": ["jazz", "blues"]}``,
            equal, within a range (both ends included, None for no end), one of a list; all of these.

        Raises
        ------
        MediaError
            If the source can't be fingerprinted or is of another kind; if items of its kind were made by
            another version; if `where` can't be understood.
        """
        limit, threshold = checked_count("limit=", limit), checked_threshold(threshold)
        asked = self._fingerprint_of(source)
        condition(where)
        items = self.store.candidates(asked, where, max(self._count, min(2 * limit, _MOST_PROPOSED)))
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
        condition(where)
        return self.store.groups(where, self._count, checked_threshold(threshold))

    def outdated(self) -> list[str]:
        """Return the ids of items that another version fingerprinted, and that must be added again."""
        return self.store.outdated()

    def rebuild(self) -> None:
        """Make all that searching needs anew from the fingerprints, vector files too; others wait for it."""
        self.store.rebuild()

    def finish(self) -> None:
        """Bring the vector files up to date here and now, as after adding very many."""
        self.store.finish()

    def close(self) -> None:
        """Save the vector file that is being made, and close; a closed index can't be used."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MediaIndex {self.store.place!r}, {self.kind or 'all kinds'}>"

    def _fingerprint_of(self, source: Any) -> MediaFingerprint:
        """Return a fingerprint that this index can hold."""
        made = source if isinstance(source, MediaFingerprint) else fingerprint(source, self.kind)
        return checked(made, self.kind)

    def _add_batch(self, batch: list[tuple[Any, ...]], first: int, is_strict: bool) -> list[Failure]:
        outcomes = prepared_batch(batch, self.kind)
        ids = [item[0] if isinstance(item, (tuple, list)) and item else None for item in batch]
        failed = self.store.insert(list(zip(ids, outcomes, strict=True)), is_strict)
        for place, error in failed.items():
            if is_strict:
                error.add_note(f"item {first + place} of those to be added")
                raise error
        return [Failure(first + place, batch[place], bare(error)) for place, error in sorted(failed.items())]


def _opened(
    path: str | os.PathLike[str] | None, kind: Kind | None, numpy_below: int, client: Any,
    collection: str | None,
) -> IndexStore:  # fmt: skip
    if (path is None) == (client is None) or (client is None) != (collection is None):
        raise MediaError("an index is opened by its path or address, or by client= and collection=")
    if path is not None and not is_address(path):
        return LocalStore(checked_path(path), kind, numpy_below)
    from fpcache.media.index.qdrant import QdrantStore

    if client is not None and collection is not None:
        if not isinstance(collection, str) or not collection:
            raise MediaError(f"collection= is the name of a collection, a text, not {in_words(collection)}")
        return QdrantStore(client, collection, kind)
    address = parsed(str(path))
    return QdrantStore(
        connected(address), address.collection, kind, owns_client=True, place=str(path)
    )  # fmt: skip
