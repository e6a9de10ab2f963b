"""What no fingerprint tells: objects that a run replaced by equal ones, or gave an equal class."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from operator import is_not

from fpcache.fingerprints.records import Reading, Root

__all__ = ["roots_of_other_classes", "roots_with_replaced"]


def roots_with_replaced(before: Reading, after: Reading) -> frozenset[str]:
    """Return the keys of roots in which an object was replaced by another that is equal to it.

    It counts where one of the two is referred to from elsewhere: only there it
    shows. Objects that a fingerprint makes for itself are replaced at each look.

    Parameters
    ----------
    before, after : Reading
        Of the same roots, before and after the run.
    """
    later = {root.key: root for root in after.roots}
    of_old, of_new = _holders(before), _holders(after)
    return frozenset(
        root.key for root in before.roots if _has_replaced(root, later[root.key], of_old, of_new)
    )


def roots_of_other_classes(before: Reading, kinds: Sequence[type]) -> frozenset[str]:
    """Return the keys of roots with an object to which the run gave another class.

    Parameters
    ----------
    before : Reading
        From before the run.
    kinds : sequence of type
        The classes that its nodes had then.
    """
    if not any(map(is_not, map(type, before.nodes), kinds)):
        return frozenset()
    given = {id(node) for node, kind in zip(before.nodes, kinds, strict=True) if type(node) is not kind}
    walks = ((root.key, root.walk) for root in before.roots if root.walk is not None)
    return frozenset(key for key, walk in walks if not given.isdisjoint(walk.ranks))


def _holders(reading: Reading) -> Counter[int]:
    """Return how often each node is kept by a reading itself."""
    kept = Counter(map(id, reading.nodes))
    for root in reading.roots:
        kept.update(map(id, root.walk.nodes if root.walk is not None else ()))
    return kept


def _has_replaced(old: Root, new: Root, of_old: Counter[int], of_new: Counter[int]) -> bool:
    if old.walk is None or new.walk is None or old.digest != new.digest:
        return False
    olds, news = old.walk.nodes, new.walk.nodes
    return any(
        olds[rank] is not news[rank]
        and (
            _references(olds, rank) > of_old[id(olds[rank])]
            or _references(news, rank) > of_new[id(news[rank])] + 1  # for what holds it now
        )
        for rank in range(len(olds))
    )


def _references(nodes: tuple[object, ...], rank: int) -> int:
    return sys.getrefcount(nodes[rank]) - _OWN


_OWN = 1  # the argument itself
