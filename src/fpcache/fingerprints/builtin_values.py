"""Python's own containers: in bulk where they are flat, child by child where not.

Which way is taken depends on the value alone, never on addresses or on what
happens to be shared inside immutable values.
"""

from __future__ import annotations

import gc
import marshal
from collections.abc import Generator, Iterator
from itertools import chain, pairwise
from operator import ne
from typing import Any

import xxhash

from fpcache.fingerprints.addresses import byte_bounds
from fpcache.fingerprints.bulk import columns, feed_flat
from fpcache.fingerprints.encoder import Apart, Encoder, Part
from fpcache.fingerprints.purity import is_pure
from fpcache.fingerprints.tokens import MARSHALLED, one_nan

__all__ = [
    "encode_bytearray",
    "encode_dict",
    "encode_frozenset",
    "encode_list",
    "encode_not_implemented",
    "encode_range",
    "encode_set",
    "encode_slice",
    "encode_tuple",
    "encode_view",
    "feed_sequence",
]

CHUNK = 1 << 16
"""Items that are marshalled at once: it bounds the memory of a digest."""
_LEAST_S = 5e-8  # what an element of a set takes at least

_SEED_FREE = frozenset({int, float, bool, complex})


def encode_not_implemented(enc: Encoder, _: Any) -> None:
    enc.feed("NotImplemented")


def encode_range(enc: Encoder, obj: range) -> None:
    enc.feed("range", obj.start, obj.stop, obj.step)


def encode_slice(enc: Encoder, obj: slice) -> Iterator[Any]:
    enc.feed("slice")
    yield ".start", obj.start
    yield ".stop", obj.stop
    yield ".step", obj.step


def encode_bytearray(enc: Encoder, obj: bytearray) -> None:
    enc.feed("bytearray")
    enc.memory(obj, *byte_bounds(obj))
    enc.feed_buffer(obj)


def encode_memoryview(enc: Encoder, obj: memoryview) -> Iterator[Any]:
    enc.feed("memoryview", obj.format, obj.ndim, obj.readonly, *(obj.shape or ()))
    enc.feed("strides", *(obj.strides or ()))
    enc.memory(obj, *byte_bounds(obj))
    enc.feed_buffer(obj if obj.c_contiguous and obj.nbytes else obj.tobytes())
    yield ".obj", obj.obj


def encode_list(enc: Encoder, obj: list[Any]) -> Iterator[Any] | None:
    enc.feed("list", len(obj))
    return feed_sequence(enc, obj)


def encode_tuple(enc: Encoder, obj: tuple[Any, ...]) -> Iterator[Any] | None:
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
    enc.feed("view", type(obj).__name__)
    yield ".mapping", _mapping_of_view(obj)


def _mapping_of_view(obj: Any) -> object:
    """Return the dict under a view: ``.mapping`` wraps it, a reduce would copy it."""
    (mapping,) = (held for held in gc.get_referents(obj) if isinstance(held, dict))
    return mapping


def encode_set(enc: Encoder, obj: set[Any]) -> Iterator[Any] | None:
    enc.feed("set", len(obj))
    return feed_set(enc, obj)


def encode_frozenset(enc: Encoder, obj: frozenset[Any]) -> Iterator[Any] | None:
    if enc.is_open(obj):
        return None
    enc.feed("frozenset", len(obj))
    return feed_set(enc, obj)


def feed_set(enc: Encoder, obj: set[Any] | frozenset[Any]) -> Iterator[Any] | None:
    """Feed a set's elements, whatever order it keeps them in."""
    enc.allow(len(obj) * _LEAST_S)
    kinds = set(map(type, obj))
    enc.ordered_set = enc.ordered_set or len(obj) > 1
    if len(obj) > 1 and not kinds <= _SEED_FREE:
        enc.seeded_set = enc.seeded_set or _is_seeded(obj, kinds)
    if enc.counts_set_order and kinds <= _SEED_FREE:
        enc.feed_plain(list(obj), kinds)
    if kinds <= MARSHALLED:
        _feed_flat_set(enc, obj, kinds)
        return None
    if kinds <= MARSHALLED | {tuple} and _are_flat(obj):
        encoded = [marshal.dumps(element, 2) for element in obj]
        _note_order(enc, encoded)
        _feed_sorted(enc, encoded)
        return None
    return _elements_by_digest(enc, obj)


def _is_seeded(obj: set[Any] | frozenset[Any], kinds: set[type]) -> bool:
    if not kinds <= _SEED_FREE | {tuple}:
        return True
    members = chain.from_iterable(e for e in obj if type(e) is tuple)
    return not set(map(type, members)) <= _SEED_FREE


def _note_order(enc: Encoder, encoded: list[bytes]) -> None:
    """Note the order of elements that hash alike in processes of one seed; objects' addresses never do."""
    if enc.counts_set_order and len(encoded) > 1:
        enc.seeded_orders.append(xxhash.xxh3_128_digest(marshal.dumps(encoded, 2)))


def _feed_flat_set(enc: Encoder, obj: set[Any] | frozenset[Any], kinds: set[type]) -> None:
    if enc.counts_set_order and not kinds <= _SEED_FREE:
        _note_order(enc, [_flat_bytes(element) for element in obj])
    if len(kinds) <= 1 and kinds <= {int, str, bytes}:
        enc.feed_plain(sorted(obj), kinds)
    else:
        _feed_sorted(enc, [_flat_bytes(element) for element in obj])


def _flat_bytes(element: Any) -> bytes:
    return marshal.dumps(one_nan(element), 2)


def _feed_sorted(enc: Encoder, encoded: list[bytes]) -> None:
    enc.feed_plain(sorted(encoded), {bytes})


def _are_flat(obj: set[Any] | frozenset[Any]) -> bool:
    """Return whether all tuples are flat and free of NaN."""
    members = list(chain.from_iterable(e if type(e) is tuple else (e,) for e in obj))
    return set(map(type, members)) <= MARSHALLED and not any(map(ne, members, members))


def _elements_by_digest(enc: Encoder, obj: set[Any] | frozenset[Any]) -> Generator[Any, Part, None]:
    """Order elements by their own digests; then encode those with identity in place."""
    parts: list[tuple[bytes, int, bool, Any]] = []
    enc.opened(obj)
    for element in obj:
        part = yield Apart("{…}", element)
        known = enc.ranks.get(id(element), len(enc.ranks) + 1)
        parts.append((part.digest, known, part.is_pure, element))
    enc.closed(obj)
    parts.sort(key=lambda part: part[:2])
    enc.feed_plain([part[0] for part in parts], {bytes})
    digests = [part[0] for part in parts]
    tied = {one for one, two in pairwise(digests) if one == two}
    for digest, _, is_pure_part, element in parts:
        if not is_pure_part:
            first = len(enc.nodes)
            yield "{…}", element
            if digest in tied:
                ranks = range(first, len(enc.nodes))
                enc.ambiguous.update(rank for rank in ranks if not isinstance(enc.nodes[rank], type))
