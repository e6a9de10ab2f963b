"""Node outputs in the store, by fingerprint key."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import TYPE_CHECKING

from fpcache.errors import StoreError
from fpcache.graph.persisting import Codec, Kept, kept, restored
from fpcache.graph.resources import ModelStorage
from fpcache.store.entry import Entry
from fpcache.store.protocol import Store

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["CachedOutput", "OutputCache"]


@dataclass(frozen=True, slots=True)
class CachedOutput:
    """A node's output as the cache knows it, without its value.

    Attributes
    ----------
    key : str
        The fingerprint key it is stored under.
    output_fingerprint : str
        The fingerprint of the value.
    parts : mapping of str to str
        What the key was made of, for saying what differs.
    duration_s : float
        Seconds that computing it took.
    entry : Entry or None
        Where the store has it.
    """

    key: str
    output_fingerprint: str
    parts: Mapping[str, str]
    duration_s: float
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class OutputCache:
    """Keeps the outputs of nodes in a store.

    Attributes
    ----------
    store : Store
        Where entries and bytes are; it reports its own faults.
    codec : Codec
        How values become bytes.
    """

    store: Store
    codec: Codec

    def look_up(self, key: str) -> CachedOutput | None:
        """Return what is stored under `key`, without its value; None where the store is out of order."""
        try:
            entries = self.store.look_up(key)
        except StoreError:
            return None
        return next((output for output in map(_output, entries) if output), None)

    def nearest(self, label: str) -> CachedOutput | None:
        """Return an output stored for a node called `label`, to tell what differs."""
        try:
            entries = self.store.nearest(label=label)
        except StoreError:
            return None
        return next((output for output in map(_output, entries) if output), None)

    def load(self, found: CachedOutput, storage: ModelStorage | None = None) -> object:
        """Return the value, new in memory; a resource's files go into `storage`.

        Raises
        ------
        StoreError
            If it is lost or damaged.
        """
        if found.entry is None:
            raise StoreError(f"{found.key} was never stored")
        blobs = found.entry.blobs
        buffers = [self.store.read(blobs[f"buffer-{n}"]) for n in range(len(blobs) - 1)]
        form = loads(found.entry.meta)["graph"].get("form", {})
        value = restored(Kept(self.store.read(blobs["payload"]), buffers, form), self.codec, storage)
        self.store.touch(found.entry.entry_id, found.duration_s)
        return value

    def put(
        self,
        output: CachedOutput,
        value: object,
        label: str,
        *,
        source: str = "",
        given: Iterable[Mapping[str, str]] = (),
        storage: ModelStorage | None = None,
    ) -> None:
        """Keep `value`; `source` and `given` tell people what made it, and from what.

        The files of a resource are taken from `storage`.

        Raises
        ------
        UncacheableError
            If it can't be turned into bytes.
        StoreError
            If storing it failed.
        """
        with kept(value, self.codec, storage) as stored:
            blobs: dict[str, ReadableBuffer] = {"payload": stored.payload}
            blobs |= {f"buffer-{n}": buffer for n, buffer in enumerate(stored.buffers)}
            meta = {
                "output_fingerprint": output.output_fingerprint,
                "parts": dict(output.parts),
                "form": dict(stored.form),
            }
            entry = Entry(
                key=output.key,
                created_s=time.time(),
                duration_s=output.duration_s,
                label=label,
                source=source,
                meta=dumps({"graph": meta, "roots": list(given)}).encode(),
            )
            self.store.put(entry, blobs)


def _output(entry: Entry) -> CachedOutput | None:
    meta = loads(entry.meta).get("graph")
    if meta is None:  # another component's entry, such as a cell's
        return None
    return CachedOutput(entry.key, meta["output_fingerprint"], meta["parts"], entry.duration_s, entry)
