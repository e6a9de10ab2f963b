"""Sets: equal ones are encoded alike, in whatever order they keep their elements.

Where the order is asked for, it counts as the layout that it comes from. It
depends on the process's hash seed for text and what is made of it, on nothing
but the set's history for numbers, and on chance where addresses are hashed.
"""

from __future__ import annotations

import marshal
from collections.abc import Generator, Iterator
from functools import lru_cache
from itertools import chain, pairwise
from numbers import Number
from operator import ne
from typing import Any

import xxhash

from fpcache.fingerprints.encoder import Apart, Encoder, Part
from fpcache.fingerprints.set_layouts import AnySet, layout, places
from fpcache.fingerprints.tokens import MARSHALLED, one_nan

__all__ = [
    "encode_frozenset",
    "encode_set",
    "feed_set",
    "has_steady_hashes",
    "is_hashed_by_address",
    "is_hashed_by_python",
]

_MAY_BE_NAN = frozenset({float, complex})
_LEAST_S = 5e-8  # what an element of a set takes at least


def encode_set(enc: Encoder, obj: set[Any]) -> Iterator[Any] | None:
    """Encode a set that is a node: its elements in an order of their own."""
    enc.feed("set", len(obj))
    return feed_set(enc, obj)


def encode_frozenset(enc: Encoder, obj: frozenset[Any]) -> Iterator[Any] | None:
    """Encode a frozenset, which has no identity; within itself it stands for its place."""
    if enc.is_open(obj):
        return None
    enc.feed("frozenset", len(obj))
    return feed_set(enc, obj)


def feed_set(enc: Encoder, obj: AnySet) -> Iterator[Any] | None:
    """Feed a set's elements, whatever order it keeps them in."""
    enc.allow(len(obj) * _LEAST_S)
    kinds = set(map(type, obj))
    is_steady = _are_steady(obj, kinds)
    enc.met_set = True
    enc.seeded_set = enc.seeded_set or (len(obj) > 1 and not is_steady)
    if kinds <= MARSHALLED:
        if enc.counts_set_order:
            _note_order(enc, obj, kinds, list(map(one_nan, obj) if kinds & _MAY_BE_NAN else obj))
        _feed_flat_set(enc, obj, kinds)
        return None
    if kinds <= MARSHALLED | {tuple} and _are_flat(obj):
        encoded = [marshal.dumps(element, 2) for element in obj]
        _note_order(enc, obj, kinds, encoded)
        _feed_sorted(enc, encoded)
        return None
    return _elements_by_digest(enc, obj, kinds)


def has_steady_hashes(obj: AnySet) -> bool:
    """Whether all elements have the same hash in every process, whatever its hash seed."""
    return _are_steady(obj, set(map(type, obj)))


def is_hashed_by_address(obj: AnySet) -> bool:
    """Whether chance decides the hash of an element: that of most objects comes from their address."""
    by_address: object = object.__hash__
    return any(kind.__hash__ is by_address for kind in set(map(type, obj)))


def is_hashed_by_python(obj: AnySet) -> bool:
    """Whether no code of a user's or library's own is run where the elements are hashed and compared."""
    kinds = _kinds_within(obj, set(map(type, obj)))
    return all(kind in MARSHALLED or _is_number(kind) for kind in kinds)


def _are_steady(obj: AnySet, kinds: set[type]) -> bool:
    return all(map(_is_number, _kinds_within(obj, kinds)))


def _kinds_within(obj: AnySet, kinds: set[type]) -> set[type]:
    """Return the types of elements, and of what tuples among them hold."""
    if tuple not in kinds:
        return kinds
    members = chain.from_iterable(e for e in obj if type(e) is tuple)
    return (kinds - {tuple}) | set(map(type, members))


@lru_cache(maxsize=1024)
def _is_number(kind: type) -> bool:
    """Whether Python or NumPy made the numbers of this type: others may hash as they like."""
    return issubclass(kind, Number) and kind.__module__ in {"builtins", "numpy", "decimal", "fractions"}


def _note_order(enc: Encoder, obj: AnySet, kinds: set[type], encoded: list[Any]) -> None:
    """Let the order count: always, or in processes of one seed; where addresses are hashed, never."""
    if not enc.counts_set_order:
        return
    order = xxhash.xxh3_128_digest(marshal.dumps((encoded, *layout(obj), places(obj)), 2))
    if _are_steady(obj, kinds):
        enc.feed_plain([order], {bytes})
    elif not is_hashed_by_address(obj):
        enc.seeded_orders.append(order)


def _feed_flat_set(enc: Encoder, obj: AnySet, kinds: set[type]) -> None:
    if len(kinds) <= 1 and kinds <= {int, str, bytes}:
        enc.feed_plain(sorted(obj), kinds)
    else:
        _feed_sorted(enc, [_flat_bytes(element) for element in obj])


def _flat_bytes(element: Any) -> bytes:
    return marshal.dumps(one_nan(element), 2)


def _feed_sorted(enc: Encoder, encoded: list[bytes]) -> None:
    enc.feed_plain(sorted(encoded), {bytes})


def _are_flat(obj: AnySet) -> bool:
    """Return whether all tuples are flat and free of NaN."""
    members = list(chain.from_iterable(e if type(e) is tuple else (e,) for e in obj))
    return set(map(type, members)) <= MARSHALLED and not any(map(ne, members, members))


def _elements_by_digest(enc: Encoder, obj: AnySet, kinds: set[type]) -> Generator[Any, Part, None]:
    """Order elements by their own digests; then encode those with identity in place."""
    parts: list[tuple[bytes, int, bool, Any]] = []
    enc.opened(obj)
    for element in obj:
        part = yield Apart("{…}", element)
        known = enc.ranks.get(id(element), len(enc.ranks) + 1)
        parts.append((part.digest, known, part.is_pure, element))
    enc.closed(obj)
    _note_order(enc, obj, kinds, [part[0] for part in parts])
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
