"""Whether two sounds are the same, and where one lies in the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fpcache.errors import MediaError
from fpcache.media.audio.aligning import Alignment, align
from fpcache.media.audio.bands import FRAMES_PER_S
from fpcache.media.audio.deciding import THRESHOLD, chance_of_one, score, strength
from fpcache.media.audio.searching import Searchable, best_place
from fpcache.media.records import Parts, Similarity

if TYPE_CHECKING:
    import numpy as np

__all__ = ["compare", "compare_many", "compare_ready", "ready"]


def compare(a: Parts, b: Parts) -> Similarity:
    """Return how alike two sounds are, also where one is an excerpt of the other or runs at another speed.

    The evidence holds ``why``, and where something was compared: ``offset_s`` (when in b the beginning of a
    would be heard), ``speed`` and ``pitch`` (of a, relative to b), ``matching_s`` (how many seconds are
    alike), ``bit_error_rate`` over these, ``strength`` (how many times above chance) and ``vector_cosine``.

    Raises
    ------
    MediaError
        If one of them is not what `fpcache.media.audio.describe` gives.
    """
    return compare_ready(ready(a), ready(b))


def compare_many(query: Parts, others: Sequence[Parts]) -> list[Similarity]:
    """Return what `compare` gives for one sound and each of the others, preparing the one only once."""
    first = ready(query)
    return [compare_ready(first, ready(other)) for other in others]


class Ready(Searchable):
    """A sound's parts, made ready for many comparisons."""

    def __init__(self, parts: Parts) -> None:
        bits, active = _hashes(parts)
        super().__init__(bits, active)
        self.bits = bits
        self.vector = parts.vector
        self.is_silent = bool(parts.metadata.get("is_silent", False))


def ready(parts: Parts) -> Ready:
    """Return parts in the form that `compare_ready` takes; worth keeping where one is compared with many."""
    return Ready(parts)


def compare_ready(a: Ready, b: Ready) -> Similarity:
    """Return what `compare` does."""
    for one, name in ((a, "a"), (b, "b")):
        if one.is_silent:
            return _nothing(f"{name} is silent, and silence is like nothing else")
        if not one.active.any():
            return _nothing(f"nothing changes in {name}, so that there is nothing to recognise")
    cosine = _cosine(a, b)
    if a.bits.shape == b.bits.shape and (a.bits == b.bits).all() and (a.active == b.active).all():
        return _equal(len(a) / FRAMES_PER_S, cosine)
    is_swapped = _order_of(a) > _order_of(b)
    short, long = (b, a) if is_swapped else (a, b)
    place = best_place(short, long)
    if place is None:
        return _nothing("one of them is too short to recognise, about a second of sound is needed")
    chance = chance_of_one(place.spread, place.length)
    alignment = align(place, short, long, chance)
    alone = strength(place.correlation, place.length, chance, place.trials)
    strongest = max(alone, strength(alignment.correlation, alignment.compared, chance, place.trials))
    return _judged(strongest, alignment, is_swapped, cosine)


def _order_of(sound: Ready) -> tuple[int, bytes, bytes]:
    """Return what sounds are put in order by, whichever is named first: the shorter one is searched for."""
    return len(sound), sound.bits.tobytes(), sound.active.tobytes()


def _judged(strongest: float, found: Alignment, is_swapped: bool, cosine: float | None) -> Similarity:
    """Return the similarity, with evidence as seen from the first sound."""
    beginning = found.at - found.start * found.tempo
    offset, speed, pitch = beginning, found.tempo, found.pitch
    if is_swapped:
        offset, speed, pitch = -beginning / found.tempo, 1.0 / found.tempo, 1.0 / found.pitch
    result = score(strongest)
    matching_s = round(found.matching / FRAMES_PER_S, 1)
    is_match = result >= THRESHOLD
    evidence: dict[str, Any] = {
        "why": f"{matching_s} s are alike" if is_match else "no more alike than chance makes two sounds",
        "offset_s": round(offset / FRAMES_PER_S, 1) + 0.0,  # no -0.0
        "speed": round(speed, 4),
        "pitch": round(pitch, 4),
        "matching_s": matching_s,
        "bit_error_rate": round((1.0 - found.correlation) / 2.0, 4),
        "strength": round(strongest, 3),
        "vector_cosine": cosine,
    }
    return Similarity(result, THRESHOLD, evidence)


def _equal(matching_s: float, cosine: float | None) -> Similarity:
    facts = {"offset_s": 0.0, "speed": 1.0, "pitch": 1.0, "matching_s": matching_s, "bit_error_rate": 0.0}
    return Similarity(1.0, THRESHOLD, {"why": "equal sub-fingerprints", **facts, "vector_cosine": cosine})


def _nothing(why: str) -> Similarity:
    return Similarity(0.0, THRESHOLD, {"why": why})


def _cosine(a: Ready, b: Ready) -> float | None:
    import numpy as np

    if a.vector is None or b.vector is None:
        return None
    return round(float(np.dot(a.vector.astype(np.float64), b.vector.astype(np.float64))), 4)


def _hashes(parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    bits, active = parts.hashes.get("bits"), parts.hashes.get("active")
    if bits is None or active is None or bits.ndim != 2 or bits.shape[1] != 12 or len(bits) != len(active):
        raise MediaError("these parts hold no sub-fingerprints of sound; make them with audio.describe")
    return bits, active
