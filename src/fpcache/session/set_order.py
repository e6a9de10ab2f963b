"""The order in which input sets are iterated: another one where an equal set was built in another way.

A set's order depends on how it came about, not only on its elements and the
hash seed. The fingerprint leaves it out, so that order-blind code hits; what
iterates over a set has it among its dependencies, and what makes a set of one
or changes one leaves it to be iterated later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from fpcache.dependencies import hash_seed
from fpcache.dependencies.records import Dependency
from fpcache.fingerprints import walk
from fpcache.fingerprints.records import Allowance, Reading, Walk, unlimited
from fpcache.fingerprints.set_layouts import layout, places
from fpcache.fingerprints.set_values import has_steady_hashes, is_hashed_by_address

__all__ = [
    "KIND",
    "RESTORED",
    "SOURCE",
    "are_nested",
    "check",
    "check_lost",
    "check_source",
    "layouts",
    "lost_order",
    "order_of",
    "relaid",
]

Layouts = dict[str, tuple[tuple[object, ...], ...]]
"""Of each root that has sets: which they are, and where their elements lie."""

KIND = "set_order"
SOURCE = "order_of_sets_that_sets_are_made_of"
RESTORED = "restored_set_order"


def order_of(reading: Reading) -> str:
    """Return what says how all sets that are read are laid out; empty where there is none.

    Three digests: of the sets that are laid out alike in all processes, in
    those of one hash seed (and the seed), and by chance, as addresses are hashed.
    """
    found: tuple[list[object], list[object], list[object]] = ([], [], [])
    for one in _sets_in(reading):
        if len(one) < 2 and isinstance(one, frozenset):  # never in another order, nor ever larger
            found[0].append([list(one), *layout(one)])
            continue
        kind = 0 if has_steady_hashes(one) else 2 if is_hashed_by_address(one) else 1
        found[kind].append([list(one), *layout(one), places(one)])
    if not any(found):
        return ""
    return " ".join([*(walk(sets).digest.hex() for sets in found), hash_seed.current()])


def layouts(
    reading: Reading, keys: Collection[str] | None = None, allowance: Allowance = unlimited
) -> Layouts:
    """Return how the sets below the roots, or below those of `keys`, are laid out."""
    return {
        root.key: tuple(_laid_out(root.value, root.walk, allowance))
        for root in reading.roots
        if root.walk is not None and root.walk.has_set and (keys is None or root.key in keys)
    }


def relaid(before: Layouts, after: Reading, changed: Collection[str], allowance: Allowance) -> frozenset[str]:
    """Return the keys of roots that did not change, but in which a run laid out a set anew."""
    unchanged = before.keys() - changed
    now = layouts(after, unchanged, allowance) if unchanged else {}
    return frozenset(key for key in unchanged if now.get(key) != before[key])


def _laid_out(value: object, walked: Walk, allowance: Allowance) -> Iterator[tuple[object, ...]]:
    for one in _sets_below(value, walked):
        allowance(0.0)
        yield id(one), *layout(one), places(one)


def are_nested(reading: Reading) -> bool:
    """Whether a set is part of another value, where its uses can't be read off the code."""
    roots = {id(root.value) for root in reading.roots}
    return any(id(found) not in roots for found in _sets_in(reading))


def check(dependency: Dependency, reading: Reading | None) -> str | None:
    """Return why sets are not in the recorded order, or None."""
    if reading is not None and order_of(reading).split()[:3] == dependency.expected.split()[:3]:
        return None
    return (
        f"iterates over a set ({dependency.name}) that was built in another order; `sorted(...)` would fix it"
    )


def check_source(dependency: Dependency, reading: Reading | None) -> str | None:
    """Return why sets that are made of those read would be laid out in another way, or None."""
    steady, seeded, _, seed = dependency.expected.split()
    now = [] if reading is None else order_of(reading).split()
    if now and now[0] == steady and (now[1] == seeded or hash_seed.is_other(seed)):
        return None
    return "makes or changes a set, out of one that was built in another order"


def lost_order() -> Dependency:
    """Return the dependency of a result with a set whose restored copy is iterated in another order.

    Where the hash seed is another, no order is right or wrong. Where it is the
    same, a run would give the order that it gave before.
    """
    return Dependency(RESTORED, "", hash_seed.current())


def check_lost(dependency: Dependency) -> str | None:
    """Return why a result can't be restored here, or None."""
    if hash_seed.is_other(dependency.expected):
        return None
    return "its result holds a set of which a restored copy would be iterated in another order"


def _sets_in(reading: Reading) -> Iterator[set[object] | frozenset[object]]:
    """Find sets in an order that depends on the values alone; frozensets are no nodes, but parts of some."""
    walks = [(root.value, root.walk) for root in reading.roots if root.walk is not None and root.walk.has_set]
    for value, _ in walks:
        yield from _frozen_in(value)
    yield from _sets_among({id(node): node for _, walked in walks for node in walked.nodes}.values())


def _sets_below(value: object, walked: Walk) -> Iterator[set[object] | frozenset[object]]:
    yield from _frozen_in(value)
    yield from _sets_among(walked.nodes)


def _sets_among(nodes: Iterable[object]) -> Iterator[set[object] | frozenset[object]]:
    for node in nodes:
        if isinstance(node, (set, frozenset)):
            yield node
        else:
            for part in _parts_of(node):
                yield from _frozen_in(part)


def _parts_of(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        yield from dict.keys(node)
        yield from dict.values(node)
    elif isinstance(node, list):
        yield from list.__iter__(node)
    else:
        yield from getattr(node, "__dict__", {}).values()


def _frozen_in(value: object) -> Iterator[frozenset[object]]:
    if isinstance(value, frozenset):
        yield value
    elif type(value) is tuple:
        for part in value:
            yield from _frozen_in(part)
