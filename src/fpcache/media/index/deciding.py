"""The decision on candidates, by each kind's own comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from fpcache.media.index.features import patch_tokens
from fpcache.media.index.items import Item, Match
from fpcache.media.methods import method
from fpcache.media.records import MediaFingerprint, Parts, Similarity

__all__ = ["alike", "best", "is_alike", "judged"]

# Photographs shared 6 to 32 samples with copies a third smaller and turned by 3°, 0 to 7 with unrelated ones.
_SEVERAL = 8
_PLACES_A_SAMPLE = 4


def judged(
    asked: MediaFingerprint, items: Sequence[Item], threshold: float | None
) -> list[Similarity | None]:
    """Return what `fpcache.media.similarity` says of one fingerprint and each item, of one algorithm all.

    None stands for what is surely below the threshold.
    """
    same = [item.fingerprint.digest == asked.digest for item in items]
    told: list[Similarity | None] = [None] * len(items)
    for is_same in (True, False):
        places = [place for place, one in enumerate(same) if one == is_same]
        others = [items[place].fingerprint.parts for place in places]
        # Of equal content the score is given, and only the evidence asked for.
        for place, one in zip(places, _compared(asked, others, 0.0 if is_same else threshold), strict=True):
            told[place] = one if one is None or not is_same else _same_content(one)
    return told


def _same_content(similarity: Similarity) -> Similarity:
    return replace(similarity, score=1.0, evidence={**similarity.evidence, "same_content": True})


def _compared(
    asked: MediaFingerprint, others: Sequence[Parts], threshold: float | None
) -> Sequence[Similarity | None]:
    if asked.kind == "audio":  # getting one sound ready takes longer than comparing it
        from fpcache.media.audio import compare_many

        return compare_many(asked.parts, others)
    if asked.kind == "image":
        from fpcache.media.image import THRESHOLD
        from fpcache.media.image.comparing import compare_many as pictures_compared

        return pictures_compared(asked.parts, others, THRESHOLD if threshold is None else threshold)
    compare = method(asked.kind).compare
    return [compare(asked.parts, parts) for parts in others]


def alike(
    asked: MediaFingerprint, items: Sequence[Item], threshold: float | None, *, is_exact: bool
) -> list[bool]:
    """Say of each item whether it is alike, as `judged` does; if not exactly, a few of those are left out."""
    if is_exact or asked.kind != "image" or (threshold is not None and threshold <= 0):
        return [is_alike(one, threshold) for one in judged(asked, items, threshold)]
    from fpcache.media.image import THRESHOLD
    from fpcache.media.image.comparing import reach

    least = THRESHOLD if threshold is None else threshold
    told = reach(asked.parts, [item.fingerprint.parts for item in items], least, _Sharing(asked.parts))
    return [
        is_one or (item.fingerprint.digest == asked.digest and least <= 1)
        for item, is_one in zip(items, told, strict=True)
    ]


class _Sharing:
    """Says whether so many places of a picture and another may agree, by what their patches share.

    Of places that agree, about every other one has a sample in common. So where several would have to agree,
    and too few samples are shared for that, they aren't looked for, which would take ten times as long.
    """

    def __init__(self, asked: Parts) -> None:
        self._asked = asked
        self._tokens: NDArray[np.int64] | None = None

    def __call__(self, other: Parts, wanted: int) -> bool:
        """Say whether it is worth to look for them."""
        if wanted < _SEVERAL:
            return True
        if self._tokens is None:
            self._tokens = patch_tokens(self._asked.hashes["patches"], True)
        theirs = patch_tokens(other.hashes["patches"], False)
        shared = np.intersect1d(self._tokens, theirs, assume_unique=True)
        return len(shared) >= wanted // _PLACES_A_SAMPLE


def is_alike(similarity: Similarity | None, threshold: float | None) -> TypeGuard[Similarity]:
    """Say whether a similarity reaches a threshold, by default its kind's own."""
    if similarity is None:
        return False
    return similarity.is_match if threshold is None else similarity.score >= threshold


def best(asked: MediaFingerprint, items: Sequence[Item], limit: int, threshold: float | None) -> list[Match]:
    """Return the matches among items, best first, those of equal score by id."""
    matches = [
        Match(item.id, similarity, item.metadata)
        for item, similarity in zip(items, judged(asked, items, threshold), strict=True)
        if is_alike(similarity, threshold)
    ]
    return sorted(matches, key=lambda match: (-match.similarity.score, match.id))[:limit]
