"""Python's own containers: in bulk where they are flat, child by child where not.

Which way is taken depends on the value alone, never on addresses or on what
happens to be shared inside immutable values.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Any

from fpcache.fingerprints.addresses import byte_bounds
from fpcache.fingerprints.bulk import columns, feed_flat
from fpcache.fingerprints.encoder import Apart, Encoder, Part
from fpcache.fingerprints.purity import is_pure
from fpcache.fingerprints.tokens import MARSHALLED

__all__ = [
    "encode_bytearray",
    "encode_dict",
    "encode_list",
    "encode_not_implemented",
    "encode_range",
    "encode_slice",
    "encode_tuple",
    "encode_view",
    "feed_sequence",
]

CHUNK = 1 << 16
"""Items that are marshalled at once: it bounds the memory of a digest."""


def encode_not_implemented(enc: Encoder, _: Any) -> None:
    """Encode the one object of its type."""
    enc.feed("NotImplemented")


def encode_range(enc: Encoder, obj: range) -> None:
    """Encode start, stop and step: equal ranges may still differ in these."""
    enc.feed("range", obj.start, obj.stop, obj.step)


def encode_slice(enc: Encoder, obj: slice) -> Iterator[Any]:
    """Encode start, stop and step, which may be any objects."""
    enc.feed("slice")
    yield ".start", obj.start
    yield ".stop", obj.stop
    yield ".step", obj.step


def encode_bytearray(enc: Encoder, obj: bytearray) -> None:
    """Encode the bytes; their memory may be shared with views."""
    enc.feed("bytearray")
    enc.memory(obj, *byte_bounds(obj))
    enc.feed_buffer(obj)


def encode_memoryview(enc: Encoder, obj: memoryview) -> Iterator[Any]:
    """Encode the bytes that are seen, their form, and the object whose memory they are."""
    enc.feed("memoryview", obj.format, obj.ndim, obj.readonly, *(obj.shape or ()))
    enc.feed("strides", *(obj.strides or ()))
    enc.memory(obj, *byte_bounds(obj))
    enc.feed_buffer(obj if obj.c_contiguous and obj.nbytes else obj.tobytes())
    yield ".obj", obj.obj


def encode_list(enc: Encoder, obj: list[Any]) -> Iterator[Any] | None:
    """Encode the items in their order."""
    enc.feed("list", len(obj))
    return feed_sequence(enc, obj)


def encode_tuple(enc: Encoder, obj: tuple[Any, ...]) -> Iterator[Any] | None:
    """Encode the items; a tuple of immutable values has no identity of its own."""
    kinds = set(map(type, obj))
    if kinds <= MARSHALLED:
        enc.feed("flat tuple", len(obj))
        enc.feed_plain(obj, kinds)
        return None
    if is_pure(enc, obj):
        return _encode_apart(enc, obj)
    if not enc.enter_node(obj):
        return None
    enc.feed("tuple", len(obj))
    return feed_sequence(enc, obj)


def _encode_apart(enc: Encoder, obj: tuple[Any, ...]) -> Generator[Any, Part, None]:
    """Feed an immutable tuple as its own digest, so that sharing in it can't count."""
    part = yield Apart("", obj, _tuple_content)
    enc.feed("pure tuple", part.digest)


def _tuple_content(enc: Encoder, obj: tuple[Any, ...]) -> Iterator[Any] | None:
    enc.feed("tuple", len(obj))
    return feed_sequence(enc, obj)


def feed_sequence(enc: Encoder, obj: list[Any] | tuple[Any, ...]) -> Iterator[Any] | None:
    """Feed the items of a sequence: in bulk, or as children for the walker."""
    if len(obj) > CHUNK:
        return _chunks(enc, obj)
    return _feed_chunk(enc, obj, 0)


def _chunks(enc: Encoder, obj: list[Any] | tuple[Any, ...]) -> Iterator[Any]:
    for start in range(0, len(obj), CHUNK):
        yield from _feed_chunk(enc, obj[start : start + CHUNK], start) or ()


def _feed_chunk(enc: Encoder, items: list[Any] | tuple[Any, ...], start: int) -> Iterator[Any] | None:
    kinds = set(map(type, items))
    if feed_flat(enc, items, kinds):
        return None
    if len(kinds) == 1 and len(items) > 1:
        records = columns(enc, items, kinds.pop(), range(start, start + len(items)))
        if records is not None:
            return records
    return enumerate(items, start)


def encode_dict(enc: Encoder, obj: dict[Any, Any]) -> Iterator[Any] | None:
    """Encode keys and values in the order in which they are iterated."""
    enc.feed("dict", len(obj))
    return feed_items(enc, obj)


def feed_items(enc: Encoder, obj: dict[Any, Any]) -> Iterator[Any] | None:
    """Feed keys and values in order: keys at once where they are flat."""
    key_kinds = set(map(type, obj))
    if not key_kinds <= MARSHALLED:
        return chain.from_iterable(((".key", k), ((k,), v)) for k, v in list(obj.items()))
    enc.feed_plain(list(obj), key_kinds)
    values = list(obj.values())
    kinds = set(map(type, values))
    if feed_flat(enc, values, kinds):
        return None
    if len(kinds) == 1 and len(values) > 1:
        records = columns(enc, values, kinds.pop(), obj)
        if records is not None:
            return records
    return zip(zip(obj), values, strict=True)


def encode_view(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode which view it is, and the dict that it shows."""
    enc.feed("view", type(obj).__name__)
    yield ".mapping", _mapping_of_view(obj)


def _mapping_of_view(obj: Any) -> object:
    """Return the dict under a view: ``.mapping`` wraps it, a reduce would copy it."""
    (mapping,) = (held for held in gc.get_referents(obj) if isinstance(held, dict))
    return mapping
