"""One decision on two texts, with what it rests on."""

from __future__ import annotations

from math import log2
from typing import Any

from fpcache.media.records import Parts, Similarity
from fpcache.media.text.fingerprinting import sketch_in
from fpcache.media.text.sketch import Overlap, overlap

__all__ = ["ALGORITHM", "THRESHOLD", "compare"]

ALGORITHM = "text-1"
# Of unrelated pairs of texts held out from tuning these shares reach it: 2.9e-4 of 622,720 of long texts,
# 6.7e-4 of 886,772 of short ones, 3.4e-4 of 256,320 of titles. Texts that share licences, credits and such
# do contain parts of each other: 9e-3 of 631,680 pairs of them reach it, 1e-3 reach 0.61.
THRESHOLD = 0.5

# How likely as many runs or words are shared by chance grows with the texts, so what means the same text
# rises from a number of members on with each doubling: (at first, from where on, each time, at most).
_PASSAGES = (0.12, 100_000, 0.006, 0.3)
_WORDS = (0.38, 1000, 0.07, 0.8)
_PIECES = 0.4
# As many runs that are not shared are added, so that a few shared by chance prove little.
_DOUBTS = {"passages": 12, "pieces": 4}
_LEAST_WORDS = 16


def compare(a: Parts, b: Parts) -> Similarity:
    """Tell how alike two texts are, be they versions of one text or one a part of the other.

    Three measures are taken, each is set on one scale with 0.5 where it means the same text, and the highest
    is the score: runs of twelve letters (half resemblance, half the larger containment), words regardless of
    their order (resemblance), and of two texts of at most 256 letters runs of four letters. Containment is
    taken lower for small samples, and large texts must have more in common. How often a run or a word occurs
    counts nowhere.

    Parameters
    ----------
    a, b : Parts
        What `parts_of_text` gave.

    Returns
    -------
    Similarity
        With the evidence: ``resemblance``, ``a_in_b`` and ``b_in_a`` (estimated shares of the runs of twelve
        letters), ``sampled`` (how many runs of a and b were compared), ``words`` (resemblance), ``pieces``
        for two short texts, ``cosine`` where both have vectors of one model (decides nothing), and
        ``decided_by``.

    Raises
    ------
    MediaError
        If the parts are not those of texts.
    """
    passages, words, pieces = (_overlap(a, b, name) for name in ("passages", "words", "pieces"))
    scores = {"passages": _scaled(_likeness(passages, _DOUBTS["passages"]), _rising(_PASSAGES, passages))}
    evidence: dict[str, Any] = {
        "resemblance": passages.resemblance,
        "a_in_b": passages.a_in_b,
        "b_in_a": passages.b_in_a,
        "sampled": [passages.in_a, passages.in_b],
        "words": words.resemblance,
    }
    if min(words.in_a, words.in_b) >= _LEAST_WORDS:
        scores["words"] = _scaled(words.resemblance, _rising(_WORDS, words))
    if pieces.in_a and pieces.in_b:
        evidence["pieces"] = pieces.resemblance
        scores["pieces"] = _scaled(_likeness(pieces, _DOUBTS["pieces"]), _PIECES)
    if a.vector is not None and b.vector is not None and a.model == b.model:
        evidence["cosine"] = float(a.vector.astype("f4") @ b.vector.astype("f4"))
    decided_by = max(scores, key=lambda name: scores[name])
    return Similarity(scores[decided_by], THRESHOLD, {**evidence, "decided_by": decided_by})


def _overlap(a: Parts, b: Parts, name: str) -> Overlap:
    return overlap(sketch_in(a, name), sketch_in(b, name))


def _likeness(found: Overlap, doubt: int) -> float:
    if found.shared == found.in_a == found.in_b:
        return 1.0 if found.shared else 0.0
    contained = found.shared / (min(found.in_a, found.in_b) + doubt)
    return (contained + found.resemblance) / 2


def _rising(rule: tuple[float, float, float, float], found: Overlap) -> float:
    first, start, each, most = rule
    doublings = max(0.0, log2(max(found.members_a, found.members_b, 1.0) / start))
    return min(most, first + each * doublings)


def _scaled(measure: float, same: float) -> float:
    if measure < same:
        return THRESHOLD * measure / same
    return THRESHOLD + (1 - THRESHOLD) * (measure - same) / (1 - same)
