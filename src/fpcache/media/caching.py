"""What was fingerprinted before: in memory for a while, and in fpcache's store for good."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real

from fpcache.errors import MediaError, StoreError
from fpcache.graph import CachedOutput, OutputCache
from fpcache.media.arguments import checked_count
from fpcache.media.records import MediaFingerprint
from fpcache.media.words import in_words
from fpcache.own_work import quiet
from fpcache.store import LocalStore, Store

__all__ = ["CacheStats", "FingerprintCache", "Key", "cache"]

logger = logging.getLogger("fpcache")
_LABEL, _KEY = "media fingerprint", "media "


@dataclass(frozen=True, slots=True)
class Key:
    """What a fingerprint depends on: the content, the algorithm, and the network that took part."""

    digest: str
    algorithm: str
    model: str = ""

    def __str__(self) -> str:
        return f"{_KEY}{self.algorithm} {self.model or 'no model'} {self.digest}"


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How often fingerprints were known.

    Attributes
    ----------
    in_memory, in_store, misses : int
        How many were found in memory, how many in the store, and how many were made.
    items : int
        How many are in memory now.
    """

    in_memory: int = 0
    in_store: int = 0
    misses: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class _Dumped:
    stream: bytes
    buffers: Sequence[bytes] = ()


class _Codec:
    """Fingerprints as the store keeps them."""

    def dump(self, value: object) -> _Dumped:
        assert isinstance(value, MediaFingerprint)
        return _Dumped(value.to_bytes())

    def load(self, stream: memoryview, buffers: Sequence[memoryview]) -> object:
        return MediaFingerprint.from_bytes(bytes(stream))


class FingerprintCache:
    """Fingerprints by content: the last used ones in memory, all of them in a store.

    Parameters
    ----------
    most : int
        How many are kept in memory.
    ttl_s : float, optional
        How many seconds they are kept there; by default for as long as there is room.
    store : callable, optional
        Opens the store, when it is first needed; None keeps them in memory only.

    Notes
    -----
    What is wrong with the store is logged once, and the fingerprint is made.
    """

    def __init__(
        self, most: int = 10_000, ttl_s: float | None = None, store: Callable[[], Store] | None = None
    ) -> None:
        if ttl_s is not None and (isinstance(ttl_s, bool) or not isinstance(ttl_s, Real) or not ttl_s >= 0):
            raise MediaError(f"ttl_s= is a number of seconds from 0, or None, not {in_words(ttl_s)}")
        if store is not None and not callable(store):
            raise MediaError(
                f"store= is what opens a store, such as LocalStore itself, not {in_words(store)}"
            )
        self._most, self._ttl_s, self._open = checked_count("most=", most, least=0), ttl_s, store
        self._held: OrderedDict[Key, tuple[float, MediaFingerprint]] = OrderedDict()
        self._lock = threading.Lock()
        self._stats = CacheStats()

    @cached_property
    def _store(self) -> OutputCache | None:
        return OutputCache(self._open(), _Codec()) if self._open is not None else None

    def get(self, key: Key) -> MediaFingerprint | None:
        """Return what is known of this content, or None."""
        with self._lock:
            held = self._held.get(key)
            if held is not None and (self._ttl_s is None or time.monotonic() - held[0] <= self._ttl_s):
                self._held.move_to_end(key)
                self._count("in_memory")
                return held[1].copy()
            self._held.pop(key, None)
        found = self._stored(key)
        with self._lock:
            self._count("misses" if found is None else "in_store")
        if found is None:
            return None
        self._hold(key, found)
        return found.copy()  # whose arrays own their memory, as those of one that was just made

    def put(self, key: Key, made: MediaFingerprint, label: str) -> None:
        """Keep a fingerprint; `label` says of what."""
        self._hold(key, made)
        # The user's code did none of this: no recording of a cell that fingerprints something may hold it.
        with quiet(), contextlib.suppress(StoreError):
            if self._store is not None:
                output = CachedOutput(str(key), key.digest, {"content": key.digest}, 0.0)
                self._store.put(output, made, f"{_LABEL} of {label}")

    def stats(self) -> CacheStats:
        """Return how often fingerprints were known, in this process."""
        with self._lock:
            return replace(self._stats, items=len(self._held))

    def clear(self, *, stored: bool = False) -> None:
        """Forget what is in memory, and with ``stored=True`` what the store keeps of it, too."""
        with self._lock:
            self._held.clear()
            self._stats = CacheStats()
        if stored and self._store is not None:
            with quiet():
                store = self._store.store
                for entry in store.entries(search=_LABEL):
                    if entry.key.startswith(_KEY):
                        store.remove(entry.entry_id)

    def _count(self, name: str) -> None:
        self._stats = replace(self._stats, **{name: getattr(self._stats, name) + 1})

    def _hold(self, key: Key, made: MediaFingerprint) -> None:
        with self._lock:
            self._held[key] = (time.monotonic(), made.copy())  # what is handed out may be changed
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def _stored(self, key: Key) -> MediaFingerprint | None:
        try:
            with quiet():
                found = self._store.look_up(str(key)) if self._store is not None else None
                value = self._store.load(found) if self._store is not None and found is not None else None
        except (StoreError, MediaError) as error:
            logger.warning("a stored media fingerprint can't be read, and is made again: %s", error)
            return None
        return value if isinstance(value, MediaFingerprint) else None


cache = FingerprintCache(store=lambda: LocalStore(open_now=False))
"""What `fpcache.media.fingerprint` uses."""
