"""One decision on two texts, with what it rests on."""

from __future__ import annotations

from typing import Any

from fpcache.media.records import Parts, Similarity
from fpcache.media.text.fingerprinting import sketch_in
from fpcache.media.text.sketch import Overlap, Sketch, overlap

__all__ = ["ALGORITHM", "THRESHOLD", "compare"]

ALGORITHM = "text-1"
THRESHOLD = 0.5

# Where each measure of likeness means the same text: see the docstring of `compare`.
_PASSAGES, _WORDS, _PIECES = 0.12, 0.45, 0.40
# As many runs that are not shared are added, so that a few shared by chance prove little.
_DOUBT = {"passages": 12, "pieces": 4}
_LEAST_WORDS = 16


def compare(a: Parts, b: Parts) -> Similarity:
    """Tell how alike two texts are, be they versions of one text or one a part of the other.

    Three measures are taken, each is set on one scale with 0.5 where it means the same text, and the highest
    is the score: runs of twelve letters (half resemblance, half the larger containment), words regardless of
    their order (resemblance), and of two texts of at most 256 letters runs of four letters. Containment is
    taken lower for small samples.

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
    evidence: dict[str, Any] = {}
    passages = _overlap(a, b, "passages")
    scores = {"passages": 0.0}
    if passages is not None:
        evidence |= {
            "resemblance": passages.resemblance, "a_in_b": passages.a_in_b, "b_in_a": passages.b_in_a,
            "sampled": [passages.in_a, passages.in_b],
        }  # fmt: skip
        scores["passages"] = _scaled(_likeness(passages, _DOUBT["passages"]), _PASSAGES)
    words = _overlap(a, b, "words")
    if words is not None:
        evidence["words"] = words.resemblance
        if min(words.in_a, words.in_b) >= _LEAST_WORDS:
            scores["words"] = _scaled(words.resemblance, _WORDS)
    pieces = _overlap(a, b, "pieces")
    if pieces is not None:
        evidence["pieces"] = pieces.resemblance
        scores["pieces"] = _scaled(_likeness(pieces, _DOUBT["pieces"]), _PIECES)
    if a.vector is not None and b.vector is not None and a.model == b.model:
        evidence["cosine"] = float(a.vector.astype("f4") @ b.vector.astype("f4"))
    decided_by = max(scores, key=lambda name: scores[name])
    return Similarity(scores[decided_by], THRESHOLD, {**evidence, "decided_by": decided_by})


def _overlap(a: Parts, b: Parts, name: str) -> Overlap | None:
    first: Sketch | None = sketch_in(a, name)
    second = sketch_in(b, name)
    return None if first is None or second is None else overlap(first, second)


def _likeness(found: Overlap, doubt: int) -> float:
    if found.shared == found.in_a == found.in_b:
        return 1.0 if found.shared else 0.0
    contained = found.shared / (min(found.in_a, found.in_b) + doubt)
    return (contained + found.resemblance) / 2


def _scaled(measure: float, same: float) -> float:
    if measure < same:
        return THRESHOLD * measure / same
    return THRESHOLD + (1 - THRESHOLD) * (measure - same) / (1 - same)
