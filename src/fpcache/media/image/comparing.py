"""One calibrated decision from hashes, keypoints and vectors together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, expm1, log, log1p

import numpy as np

from fpcache.errors import MediaError
from fpcache.media.image.calibration import THRESHOLD, WITH_VECTORS, WITHOUT_VECTORS
from fpcache.media.image.dct import HASH_BITS, LOW_BAND, bit_counts, orientation_distances
from fpcache.media.image.keypoints import Keypoints
from fpcache.media.image.matching import MOST_PLACES, NO_AGREEMENT, Agreement, agreement
from fpcache.media.records import Parts, Similarity

__all__ = ["Evidence", "compare", "compare_many", "evidence", "features", "reach", "score"]

_LOW_BITS = int(bit_counts(LOW_BAND).sum())
_ORIENTATIONS = (
    "as is", "mirrored left-right", "mirrored top-bottom", "half turn",
    "mirrored at the main diagonal", "quarter turn to the right", "quarter turn to the left",
    "mirrored at the other diagonal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two pictures have in common.

    Attributes
    ----------
    bits, low_bits : int
        How many of 255 bits, and of the lowest frequencies' 63 bits, differ in the orientation that fits
        best.
    places : Agreement
        What their keypoints agree on.
    cosine : float or None
        Of the feature vectors; None where one has none, or they are of different models.
    """

    bits: int
    low_bits: int
    places: Agreement
    cosine: float | None


def compare(a: Parts, b: Parts) -> Similarity:
    """Return how alike two pictures are, from 0 to 1, by all that is known of both.

    Parameters
    ----------
    a, b : Parts
        As `image_parts` gives them; better told apart where both have a vector of the same model.

    Raises
    ------
    MediaError
        If one of them holds no image's hashes.
    """
    return _told(evidence(a, b))


def compare_many(a: Parts, others: Sequence[Parts], least: float) -> list[Similarity | None]:
    """Return what `compare` says of one picture and each of others; None where it is surely below `least`.

    From hashes and vectors follows how many places would have to agree, and often that so many can't.
    """
    told: list[Similarity | None] = []
    for b, seen, wanted in _wanted_of(a, others, least):
        places = agreement(_keypoints(a), _keypoints(b), wanted) if wanted <= MOST_PLACES else NO_AGREEMENT
        told.append(_told(replace(seen, places=places)) if places.count >= wanted else None)
    return told


def reach(
    a: Parts, others: Sequence[Parts], least: float, is_worth_it: Callable[[Parts, int], bool]
) -> list[bool]:
    """Say whether the score of one picture with each of others is at least `least`, above 0.

    What hashes and vectors decide by themselves is not looked at any closer: places can only add to it.

    Parameters
    ----------
    a, others : Parts and sequence of Parts
    least : float
    is_worth_it : callable
        Another picture's parts and how many places would have to agree → whether to look if they do.
    """
    told = []
    for b, seen, wanted in _wanted_of(a, others, least):
        if 0 < wanted <= MOST_PLACES and is_worth_it(b, wanted):
            seen = replace(seen, places=agreement(_keypoints(a), _keypoints(b), wanted))
        told.append(score(seen) >= least)
    return told


def _wanted_of(a: Parts, others: Sequence[Parts], least: float) -> Iterator[tuple[Parts, Evidence, int]]:
    """Yield others with what all but places says, and how many places must agree."""
    for b, (bits, low_bits) in zip(others, _differing(a, others), strict=True):
        seen = Evidence(bits, low_bits, NO_AGREEMENT, _cosine(a, b))
        yield b, seen, _places_wanted(seen, least)


def _differing(a: Parts, others: Sequence[Parts]) -> list[tuple[int, int]]:
    """Return in how many bits one picture and each of others differ, of all and of the lowest frequencies."""
    for parts in (a, *others):
        if not {"global", "places", "patches"} <= parts.hashes.keys():
            raise MediaError(f"no hashes of an image: {sorted(parts.hashes)}; fingerprint it as an image")
    if not others:
        return []
    theirs = [parts.hashes["global"] for parts in others]
    starts = np.cumsum([0, *(len(hashes) for hashes in theirs[:-1])])
    windows_a, windows_b = a.hashes["global"][:, None], np.concatenate(theirs)[None]
    found = []
    for band in (None, LOW_BAND):
        least = orientation_distances(windows_a, windows_b, band).min(axis=(0, 2))
        found.append(np.minimum.reduceat(least, starts).tolist())
    return list(zip(*found, strict=True))


def _places_wanted(seen: Evidence, least: float) -> int:
    """Return how many places must agree at least for a score, with all else as seen."""
    weights = (WITHOUT_VECTORS if seen.cosine is None else WITH_VECTORS)[0]
    missing = log(least / (1 - least)) - _logit(seen) if 0 < least < 1 else 0.0
    if missing <= 0:
        return 0
    # As `features` counts them; a little less, for what rounding may do.
    return ceil(2 + expm1(min(missing / weights[2], 50.0)) - 1e-6)


def _told(seen: Evidence) -> Similarity:
    found: dict[str, object] = {
        "differing_bits": seen.bits, "of_bits": HASH_BITS, "differing_low_bits": seen.low_bits,
        "agreeing_places": seen.places.count, "cosine": seen.cosine,
    }  # fmt: skip
    if seen.places.count:
        found["orientation"] = _ORIENTATIONS[seen.places.orientation]
        found["scale"] = round(seen.places.scale, 3)
        found["turn_deg"] = round(seen.places.turn_deg, 1)
    return Similarity(score(seen), THRESHOLD, found)


def evidence(a: Parts, b: Parts) -> Evidence:
    """Measure all that two pictures have in common."""
    ((bits, low_bits),) = _differing(a, [b])
    return Evidence(bits, low_bits, agreement(_keypoints(a), _keypoints(b)), _cosine(a, b))


def score(seen: Evidence) -> float:
    """Return the calibrated likeness; at most one in a thousand unrelated pairs reaches `THRESHOLD`."""
    return 1 / (1 + exp(-max(min(_logit(seen), 500.0), -500.0)))


def _logit(seen: Evidence) -> float:
    weights, offset = WITHOUT_VECTORS if seen.cosine is None else WITH_VECTORS
    return offset + sum(weight * value for weight, value in zip(weights, features(seen), strict=True))


def features(seen: Evidence) -> list[float]:
    """Return what the decision weighs, each growing with likeness; the cosine last, where there is one."""
    # Cubed: up to half of the way from chance to equality says next to nothing.
    whole = max(1 - 2 * seen.bits / HASH_BITS, 0.0) ** 3
    coarse = max(1 - 2 * seen.low_bits / _LOW_BITS, 0.0) ** 3
    by_hashes = [whole, coarse, log1p(max(seen.places.count - 2, 0))]
    return by_hashes if seen.cosine is None else [*by_hashes, seen.cosine]


def _keypoints(parts: Parts) -> Keypoints:
    return Keypoints(parts.hashes["places"], parts.hashes["patches"])


def _cosine(a: Parts, b: Parts) -> float | None:
    if a.vector is None or b.vector is None or a.model != b.model:
        return None
    return float(a.vector.astype(np.float64) @ b.vector.astype(np.float64))
