"""Fingerprints made of random numbers, fast, and changed ones that are like them."""

from __future__ import annotations

import numpy as np

from fpcache.media import MediaFingerprint, Parts, fingerprint

SIZE = 32
WORDS = (
    "lamp",
    "keeper",
    "ship",
    "wind",
    "harbour",
    "night",
    "rope",
    "bell",
    "stone",
    "gull",
    "tide",
    "chart",
)


def image(seed: int, *, like: int | None = None, has_vector: bool = True) -> MediaFingerprint:
    """A picture's fingerprint, another for each seed; `like` one of another seed, a little changed."""
    random = np.random.default_rng([1, seed if like is None else like])
    code, vector = random.integers(0, 256, (1, 32), dtype=np.uint8), random.standard_normal(SIZE)
    if like is not None:
        change = np.random.default_rng([2, seed])
        code = code ^ (np.uint8(1) << change.integers(0, 7, (1, 32), dtype=np.uint8)) * (
            change.random((1, 32)) < 0.03
        ).astype(np.uint8)
        vector = vector + 0.1 * change.standard_normal(SIZE)
    vector = (vector / np.linalg.norm(vector)).astype(np.float16)
    hashes = {
        "global": np.repeat(code, 2, axis=0),
        "places": np.zeros((0, 3), np.int16),
        "patches": np.zeros((0, 16), np.uint8),
    }
    parts = Parts(hashes, {}, vector if has_vector else None, "made-1" if has_vector else "")
    return MediaFingerprint("image", f"{seed:032x}", "image-1", parts)


def sentence(seed: int, words: int = 30) -> str:
    return " ".join(np.random.default_rng([3, seed]).choice(WORDS, words).tolist()) + f" {seed * 7919}"


def text(seed: int, words: int = 30) -> MediaFingerprint:
    return fingerprint(sentence(seed, words), "text")
