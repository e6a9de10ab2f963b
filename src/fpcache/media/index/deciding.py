"""The decision on candidates, by each kind's own comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fpcache.media.index.items import Item, Match
from fpcache.media.methods import method
from fpcache.media.records import MediaFingerprint, Parts, Similarity

__all__ = ["best", "is_alike", "judged"]


def judged(asked: MediaFingerprint, items: Sequence[Item]) -> list[Similarity]:
    """Return what `fpcache.media.similarity` says of one fingerprint and each item, of one algorithm all."""
    told = _compared(asked, [item.fingerprint.parts for item in items])
    return [
        replace(similarity, score=1.0, evidence={**similarity.evidence, "same_content": True})
        if item.fingerprint.digest == asked.digest
        else similarity
        for item, similarity in zip(items, told, strict=True)
    ]


def _compared(asked: MediaFingerprint, others: Sequence[Parts]) -> list[Similarity]:
    if asked.kind == "audio":  # getting one sound ready takes longer than comparing it
        from fpcache.media.audio import compare_many

        return compare_many(asked.parts, others)
    compare = method(asked.kind).compare
    return [compare(asked.parts, parts) for parts in others]


def is_alike(similarity: Similarity, threshold: float | None) -> bool:
    """Say whether a similarity reaches a threshold, by default its kind's own."""
    return similarity.is_match if threshold is None else similarity.score >= threshold


def best(asked: MediaFingerprint, items: Sequence[Item], limit: int, threshold: float | None) -> list[Match]:
    """Return the matches among items, best first, those of equal score by id."""
    matches = [
        Match(item.id, similarity, item.metadata)
        for item, similarity in zip(items, judged(asked, items), strict=True)
        if is_alike(similarity, threshold)
    ]
    return sorted(matches, key=lambda match: (-match.similarity.score, match.id))[:limit]
