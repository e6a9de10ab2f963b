"""Items on a Qdrant server: it proposes, by the same features as a file's index, and keeps what decides."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fpcache.errors import FpcacheError, MediaError, StoreUnavailableError, UntrustedEntryError
from fpcache.media.index.checks import other_algorithm
from fpcache.media.index.deciding import is_alike, judged
from fpcache.media.index.duplicates import Groups
from fpcache.media.index.items import Item, checked_id
from fpcache.media.index.qdrant.asking import item_filter, proposed_ids, scrolled
from fpcache.media.index.qdrant.collection import agreed_kind, ensure_vectors, known_sizes, made_or_found
from fpcache.media.index.qdrant.connecting import qdrant, translated
from fpcache.media.index.qdrant.filters import passes
from fpcache.media.index.qdrant.points import (
    Kept,
    ids_in_order,
    kept,
    payload_of,
    point_id,
    vector_name,
    vectors_of,
)
from fpcache.media.index.rows import Prepared, prepared
from fpcache.media.index.stores import Outcome, Where
from fpcache.media.methods import method
from fpcache.media.records import KINDS, Kind, MediaFingerprint
from fpcache.store.keys import load_key

__all__ = ["QdrantStore"]

logger = logging.getLogger("fpcache")
_PAGE = 256
_REQUEST_BYTES = 8 << 20  # a server takes 32 MiB


class QdrantStore:
    """Keeps items in a collection; see `fpcache.media.index.stores.IndexStore` for what its methods do.

    Several processes may write at once. Of two that add one id at the same moment, the first one's stays.

    Parameters
    ----------
    client : QdrantClient
        Of a server, or one that works in this process.
    collection : str
        Made where there is none.
    kind : str or None
        The only kind that it shall take.
    owns_client : bool
        Whether to close it, too.
    place : str, optional
        Where that is, in words.
    key : bytes, optional
        What items are signed with; the user's by default.
    """

    def __init__(
        self, client: Any, collection: str, kind: Kind | None, *, owns_client: bool = False,
        place: str = "", key: bytes | None = None,
    ) -> None:  # fmt: skip
        qdrant()
        self.place = place or f"in the collection {collection!r}"
        self.client = client
        self._name = collection
        self._key = key or load_key()
        self._owns_client = owns_client
        self._lock = threading.RLock()
        self._last_added = 0
        self._is_closed = False
        with translated(self.place):
            made_or_found(client, collection, kind)
            self.kind = agreed_kind(client, collection, kind)
            self._sizes = known_sizes(client, collection)

    def insert(self, items: Sequence[tuple[Any, Outcome]], is_strict: bool) -> dict[int, FpcacheError]:
        """Write new items in one request, or where they are large in several."""
        with self._using() as client:
            ids = {one for one, outcome in items if not isinstance(outcome, FpcacheError)}
            taken = {point.id for point in self._retrieved(client, ids, with_payload=False)}
            failed: dict[int, FpcacheError] = {}
            points = []
            for place, (item_id, outcome) in enumerate(items):
                try:
                    points.append(self._new_point(item_id, outcome, taken))
                except MediaError as error:
                    failed[place] = error
                    if is_strict:
                        return failed
            self._upsert(client, points, is_new=True)
        return failed

    def _new_point(self, item_id: Any, outcome: Outcome, taken: set[str]) -> Any:
        if isinstance(outcome, FpcacheError):
            raise outcome
        item, metadata = outcome
        if point_id(item_id) in taken:
            raise MediaError(
                f"{item_id!r} is in the index already; use update() to replace it, or another id"
            )
        ensure_vectors(self.client, self._name, self._sizes, item.fingerprint)
        taken.add(point_id(item_id))
        return self._point(item_id, item, metadata, self._next_number())

    def update(self, item_id: str, item: Prepared | None, metadata: str | None) -> None:
        """Replace what is given of an item."""
        with self._using() as client:
            old = self._held(client, item_id)
            text = old.metadata_text if metadata is None else metadata
            if item is None:
                payload = payload_of(self._key, item_id, old.item.fingerprint, text, old.added)
                client.overwrite_payload(self._name, payload, points=[point_id(item_id)], wait=True)
                return
            ensure_vectors(client, self._name, self._sizes, item.fingerprint)
            self._upsert(client, [self._point(item_id, item, text, self._next_number())], is_new=False)

    def delete(self, item_id: str) -> None:
        """Take an item out, also one that doesn't carry the signature."""
        with self._using() as client:
            if not self._retrieved(client, [item_id], with_payload=False):
                raise MediaError(f"there is no {item_id!r} in the index; add() it")
            chosen = qdrant().models.PointIdsList(points=[point_id(item_id)])
            client.delete(self._name, chosen, wait=True)

    def get(self, item_id: str) -> Item | None:
        """Return an item."""
        with self._using() as client:
            if not self.has(item_id):
                return None
            return self._held(client, item_id).item

    def has(self, item_id: str) -> bool:
        """Say whether there is such an item."""
        with self._using() as client:
            return bool(self._retrieved(client, [checked_id(item_id)], with_payload=False))

    def count(self) -> int:
        """Return how many there are."""
        with self._using() as client:
            return int(client.count(self._name, count_filter=item_filter(), exact=True).count)

    def candidates(self, asked: MediaFingerprint, where: Where, count: int) -> list[Item]:
        """Return what is worth comparing."""
        with self._using() as client:
            self._check_algorithms(client, asked.kind, asked.algorithm)
            return self._proposed(client, asked, where, count)

    def groups(self, where: Where, count: int, threshold: float | None) -> list[list[str]]:
        """Return what is the same, kind by kind."""
        with self._using() as client:
            groups: list[list[str]] = []
            for kind in self._kinds(client):
                self._check_algorithms(client, kind, method(kind).algorithm)
                groups += self._groups_of(client, kind, where, count, threshold)
            return groups

    def outdated(self) -> list[str]:
        """Return the ids of items that another version fingerprinted."""
        ids: list[str] = []
        with self._using() as client:
            for kind in self._kinds(client):
                others = item_filter(kind, but_algorithm=method(kind).algorithm)
                ids += ids_in_order(scrolled(client, self._name, others, ["id", "added"]))
        return ids

    def rebuild(self) -> None:
        """Write the vectors and the filters' words of all items anew, from what is signed."""
        with self._using() as client:
            for kind in self._kinds(client):
                current = item_filter(kind, method(kind).algorithm)
                for one in self._trusted(scrolled(client, self._name, current)):
                    item = prepared(one.item.fingerprint)
                    point = self._point(one.item.id, item, one.metadata_text, one.added)
                    self._upsert(client, [point], is_new=False)

    def finish(self) -> None:
        """Do nothing: a server makes its own indexes."""

    def close(self) -> None:
        """Close the client, if it is this one's own."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                if self._owns_client:
                    self.client.close()

    @contextmanager
    def _using(self) -> Iterator[Any]:
        with self._lock:
            if self._is_closed:
                raise StoreUnavailableError(f"the media index {self.place} was closed; open it again")
            with translated(self.place):
                yield self.client

    def _next_number(self) -> int:
        """Return a number above all that were given here, and above those of the past."""
        self._last_added = max(self._last_added + 1, time.time_ns())
        return self._last_added

    def _point(self, item_id: str, item: Prepared, metadata: str, added: int) -> Any:
        payload = payload_of(self._key, item_id, item.fingerprint, metadata, added)
        return qdrant().models.PointStruct(id=point_id(item_id), vector=vectors_of(item), payload=payload)

    def _upsert(self, client: Any, points: list[Any], is_new: bool) -> None:
        modes = qdrant().models.UpdateMode
        mode = modes.INSERT_ONLY if is_new else modes.UPSERT
        batch: list[Any] = []
        size_bytes = 0
        for point in points:
            batch.append(point)
            size_bytes += len(point.payload["data"])
            if size_bytes > _REQUEST_BYTES:
                client.upsert(self._name, batch, wait=True, update_mode=mode)
                batch, size_bytes = [], 0
        if batch:
            client.upsert(self._name, batch, wait=True, update_mode=mode)

    def _retrieved(self, client: Any, ids: Iterable[str], with_payload: bool = True) -> list[Any]:
        names = [point_id(one) for one in ids]
        return list(client.retrieve(self._name, names, with_payload=with_payload)) if names else []

    def _held(self, client: Any, item_id: str) -> Kept:
        points = self._retrieved(client, [item_id])
        if not points:
            raise MediaError(f"there is no {item_id!r} in the index; add() it")
        one = kept(self._key, points[0])
        if one is None:
            raise UntrustedEntryError(
                f"{item_id!r} in the media index {self.place} does not carry your key's signature, or is "
                "damaged; remove() it and add it again, or share the key file (FPCACHE_KEY_FILE)"
            )
        return one

    def _trusted(self, points: Iterable[Any]) -> Iterator[Kept]:
        """Yield what carries the signature, and tell of what doesn't."""
        refused = 0
        for point in points:
            one = kept(self._key, point)
            if one is None:
                refused += 1
            else:
                yield one
        if refused:
            logger.warning(
                "%d items of the media index %s don't carry the signature of your key, or are damaged, and "
                "were passed over; share the key file (FPCACHE_KEY_FILE), or add them again",
                refused, self.place,
            )  # fmt: skip

    def _kinds(self, client: Any) -> list[Kind]:
        return [kind for kind in KINDS if client.count(self._name, count_filter=item_filter(kind)).count]

    def _check_algorithms(self, client: Any, kind: Kind, algorithm: str) -> None:
        """Refuse to search among items that can't be compared."""
        others = item_filter(kind, but_algorithm=algorithm)
        found, _ = client.scroll(
            self._name, scroll_filter=others, limit=100, with_payload=["id", "algorithm"]
        )
        for point in found:
            match point.payload:
                case {"id": str(item_id), "algorithm": str(other)}:
                    raise other_algorithm(item_id, other, algorithm)

    def _proposed(self, client: Any, asked: MediaFingerprint, where: Where, count: int) -> list[Item]:
        """Return candidates in the order in which they were added."""
        if asked.vector is not None and vector_name(asked) not in self._sizes:
            self._sizes |= known_sizes(client, self._name)
        ids = proposed_ids(client, self._name, asked, where, count, self._sizes)
        points = client.retrieve(self._name, ids, with_payload=True) if ids else []
        found = sorted(self._trusted(points), key=lambda one: one.added)
        return [one.item for one in found if passes(one.item.metadata, where)]

    def _groups_of(
        self, client: Any, kind: Kind, where: Where, count: int, threshold: float | None
    ) -> list[list[str]]:
        chosen = item_filter(kind, method(kind).algorithm, where)
        points = scrolled(client, self._name, chosen, ["id", "added"])
        ids = ids_in_order(points)
        numbers = {item_id: number for number, item_id in enumerate(ids)}
        groups = Groups(numbers.values())
        for start in range(0, len(ids), _PAGE):
            for one in self._trusted(self._retrieved(client, ids[start : start + _PAGE])):
                if not passes(one.item.metadata, where):
                    continue
                own, made = numbers[one.item.id], one.item.fingerprint
                others = [
                    item
                    for item in self._proposed(client, made, where, count)
                    if item.id in numbers and groups.is_open(own, numbers[item.id])
                ]
                for item, told in zip(others, judged(made, others, threshold), strict=True):
                    if is_alike(told, threshold):
                        groups.link(own, numbers[item.id])
        return [[ids[number] for number in group] for group in groups.linked()]
