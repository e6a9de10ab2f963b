"""One calibrated decision from hashes, keypoints and vectors together."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p

import numpy as np

from fpcache.errors import MediaError
from fpcache.media.image.calibration import THRESHOLD, WITH_VECTORS, WITHOUT_VECTORS
from fpcache.media.image.dct import HASH_BITS, LOW_BAND, bit_counts, orientation_distances
from fpcache.media.image.keypoints import Keypoints
from fpcache.media.image.matching import Agreement, agreement
from fpcache.media.records import Parts, Similarity

__all__ = ["Evidence", "compare", "evidence", "features", "score"]

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
    seen = evidence(a, b)
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
    for parts in (a, b):
        if not {"global", "places", "patches"} <= parts.hashes.keys():
            raise MediaError(f"no hashes of an image: {sorted(parts.hashes)}; fingerprint it as an image")
    windows_a, windows_b = a.hashes["global"][:, None], b.hashes["global"][None]
    bits = int(orientation_distances(windows_a, windows_b).min())
    low_bits = int(orientation_distances(windows_a, windows_b, LOW_BAND).min())
    return Evidence(bits, low_bits, agreement(_keypoints(a), _keypoints(b)), _cosine(a, b))


def score(seen: Evidence) -> float:
    """Return the calibrated likeness; at most one in a thousand unrelated pairs reaches `THRESHOLD`."""
    weights, offset = WITHOUT_VECTORS if seen.cosine is None else WITH_VECTORS
    logit = offset + sum(weight * value for weight, value in zip(weights, features(seen), strict=True))
    return 1 / (1 + exp(-max(min(logit, 500.0), -500.0)))


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
