"""From values to digests: one root, several roots, and a text for people."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import fpcache.fingerprints.code_types
import fpcache.fingerprints.tables  # noqa: F401  (registers the handlers)
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.overlaps import overlap_groups
from fpcache.fingerprints.records import MISSING, Allowance, Buffer, GlobalRead, MetSets, Walk, unlimited

__all__ = ["FORMAT", "EncoderMaker", "digest_among", "fingerprint", "join", "joint_nodes", "walk"]

EncoderMaker = Callable[[str, Allowance], Encoder]

FORMAT = "fp1"
"""Prefix of fingerprints; raised when equal values would get other digests."""


def walk(
    obj: object, name: str = "", *, allowance: Allowance | None = None, make: EncoderMaker = Encoder
) -> Walk:
    """Walk one value and return its digest and what was met on the way.

    Parameters
    ----------
    obj : object
        The root.
    name : str
        How paths in errors begin, such as ``"df"``.
    allowance : callable, optional
        Called often; what it raises ends the walk.
    make : callable, optional
        Makes the encoder, of a name and an allowance.

    Returns
    -------
    Walk
        Equal digests mean values that no program can tell apart, up to the
        globals that functions in it read (``reached``).

    Raises
    ------
    UnfingerprintableValueError
        For what has hidden or outside state; it carries the path.
    """
    enc = make(name, allowance or unlimited)
    enc.encode(obj)
    _feed_overlaps(enc, {"": enc.buffers})
    return Walk(
        digest=enc.digest(),
        nodes=tuple(enc.nodes),
        buffers=tuple(enc.buffers),
        packages=frozenset(enc.packages),
        reached=tuple(enc.reached.values()),
        has_set=enc.met_set,
        has_seeded_set=enc.seeded_set,
        ranks=enc.ranks,
        ambiguous=frozenset(enc.ambiguous),
        contents=enc.contents,
    )


def digest_among(
    obj: object,
    name: str,
    nodes: Iterable[object],
    walks: Iterable[Walk],
    *,
    allowance: Allowance | None = None,
    met: MetSets | None = None,
) -> bytes:
    """Return the digest of a value in which `nodes` stand for their place.

    The layout of sets of numbers counts here: a plain run gives the same one in
    every process, so a copy must too.

    Parameters
    ----------
    obj : object
        The value; what of it is none of `nodes` counts with all its content.
    name : str
        How paths in errors begin.
    nodes : iterable of object
        Objects that are known by themselves.
    walks : iterable of Walk
        Of values that hold them, for their attributes and memory.
    allowance : callable, optional
        Called often; what it raises ends the walk.
    met : MetSets, optional
        Where to note what sets there are.

    Returns
    -------
    bytes
        16 bytes. Values of equal digest refer to the same of `nodes` and
        share memory with them in the same way.
    """
    enc = Encoder(name) if allowance is None else Encoder(name, allowance)
    enc.counts_set_order = True
    enc.enter_nodes({id(node): node for node in nodes}.values())
    known = _enter_parts(enc, walks)
    enc.encode(obj)
    if met is not None:
        met.any, met.seeded_orders = enc.met_set, tuple(enc.seeded_orders)
    _feed_overlaps(enc, {"": enc.buffers, "known": known})
    return enc.digest()


def _enter_parts(enc: Encoder, walks: Iterable[Walk]) -> dict[Buffer, None]:
    """Let the attributes of known objects stand for their place too, and return the objects' memory."""
    known: dict[Buffer, None] = {}
    for walked in walks:
        places = [enc.ranks.get(id(node), -1) for node in walked.nodes]
        for key, rank in walked.ranks.items():
            if rank < 0 <= places[-1 - rank]:
                enc.ranks.setdefault(key, -1 - places[-1 - rank])
        known |= dict.fromkeys(
            replace(buffer, rank=places[buffer.rank])
            for buffer in walked.buffers
            if buffer.rank >= 0 <= places[buffer.rank]
        )
    return known


def _feed_overlaps(enc: Encoder, buffers: Mapping[str, Iterable[Buffer]]) -> None:
    for group in overlap_groups(buffers):
        enc.feed("overlap", len(group))
        for root, rank, offset, size_bytes in group:
            enc.feed(root, rank, offset, size_bytes)


def join(walks: Mapping[str, Walk]) -> bytes:
    """Return the digest of all roots and of the identity across them.

    Parameters
    ----------
    walks : mapping of str to Walk
        By root name; the order of the mapping doesn't count.

    Returns
    -------
    bytes
        16 bytes. Two sets of roots of equal digest have the same names and
        values, share the same nodes, and overlap in memory in the same way.
    """
    enc = Encoder()
    roots = dict(sorted(walks.items()))
    for name, walked in roots.items():
        enc.feed("root", name, walked.digest)
    for place, other in _shared(roots):
        enc.feed("shared", *place, *other)
    _feed_overlaps(enc, {name: walked.buffers for name, walked in roots.items()})
    return enc.digest()


def _shared(roots: Mapping[str, Walk]) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Return pairs (first place, later place) of nodes met under several roots."""
    pairs = []
    names = list(roots)
    for later in range(1, len(names)):
        seen: set[int] = set()
        for earlier in range(later):
            common = _common_ids(roots[names[earlier]], roots[names[later]]) - seen
            seen |= common
            pairs += [(_place(roots, names[earlier], i), _place(roots, names[later], i)) for i in common]
    return sorted(pairs)


def _place(roots: Mapping[str, Walk], name: str, key: int) -> tuple[str, int]:
    return name, roots[name].ranks[key]


def _common_ids(one: Walk, other: Walk) -> set[int]:
    small, large = sorted((one.ranks, other.ranks), key=len)
    return {i for i in small if i in large}


def joint_nodes(walks: Mapping[str, Walk]) -> tuple[object, ...]:
    """Return the nodes of all roots by root name, each object once.

    Under equal `join` digests, equal indexes mean objects of the same role.
    """
    found: dict[int, object] = {}
    for _, walked in sorted(walks.items()):
        for node in walked.nodes:
            found.setdefault(id(node), node)
    return tuple(found.values())


def fingerprint(obj: object) -> str:
    """Return the fingerprint of a value and of all that its functions read.

    Parameters
    ----------
    obj : object
        Any value of Python's own types, of a supported library, of a class of
        yours, or a function.

    Returns
    -------
    str
        ``"fp1-"`` and 32 hexadecimal digits: equal in every process.

    Raises
    ------
    UnfingerprintableValueError
        For what has hidden or outside state, such as a lock or an open file.

    Examples
    --------
    >>> fingerprint([1, 2]) == fingerprint([1, 2])
    True
    >>> fingerprint(1) == fingerprint(True)
    False
    """
    walks = {"": walk(obj)}
    scopes: dict[str, int] = {}
    pending = deque(walks[""].reached)
    while pending:
        read = pending.popleft()
        key = _read_key(read, scopes)
        if read.role in ("read", "store") and key not in walks:
            walks[key] = _walk_read(read)
            pending.extend(walks[key].reached)
    return f"{FORMAT}-{join(walks).hex()}"


def _read_key(read: GlobalRead, scopes: dict[str, int]) -> str:
    """Name a global; namesakes in different namespaces are numbered as they are met."""
    key = base = f"{read.module}:{read.name}"
    number = 1
    while scopes.setdefault(key, id(read.namespace)) != id(read.namespace):
        number += 1
        key = f"{base}#{number}"
    return key


def _walk_read(read: GlobalRead) -> Walk:
    if read.value is MISSING:
        return Walk(b"missing")
    return walk(read.value, ".".join(read.chain) or read.name)
