"""What copies have in common with their own originals, the likeliest others, and random ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from corpus import BLANK, SAME_CONTENT
from measuring import Measured
from scoring import Scores
from transforms import TRANSFORMS

from fpcache.media.image.comparing import Evidence, evidence, score
from fpcache.media.image.dct import orientation_distances
from fpcache.media.image.matching import Agreement

__all__ = ["RANDOM", "RELATED", "compared", "evidence_of_rows", "judged", "peer_scores", "scored"]

RELATED, RANDOM, HARD = 0, 1, 2
_RANDOM_EACH = 10
_HARD_EACH = 3
# Columns: transform, copy, original, kind of pair, differing bits, low bits, agreeing places, cosine.
Rows = np.ndarray


def compared(measured: Sequence[Measured], cache: Path, stop_after_s: float) -> Rows:
    """Return the evidence of all chosen pairs, one transform after the other; kept, so that runs go on."""
    began = time.monotonic()
    found = []
    for index, transform in enumerate(TRANSFORMS):
        kept = cache / f"pairs-{index:02d}.npy"
        if not kept.exists():
            if time.monotonic() - began > stop_after_s:
                raise SystemExit(f"{index} of {len(TRANSFORMS)} transforms compared; run again to go on")
            np.save(kept, _compared(measured, index, transform))
        found.append(np.load(kept))
    return np.concatenate(found)


def _compared(measured: Sequence[Measured], index: int, transform: str) -> Rows:
    random = np.random.default_rng(index)
    originals = [each.parts["original"] for each in measured]
    vectors = np.stack([parts.vector for parts in originals]).astype(np.float32)
    hashes = np.stack([parts.hashes["global"][0] for parts in originals])
    rows = []
    for own, each in enumerate(measured):
        copy = each.parts[transform]
        likely = vectors @ copy.vector.astype(np.float32)
        likely -= orientation_distances(copy.hashes["global"][0], hashes).min(axis=1) / 100
        likely[own] = -np.inf
        others = np.delete(np.arange(len(measured)), own)
        chosen = [(own, RELATED)]
        chosen += [(int(other), HARD) for other in np.argsort(-likely)[:_HARD_EACH]]
        chosen += [(int(other), RANDOM) for other in random.choice(others, _RANDOM_EACH, replace=False)]
        for other, kind in chosen:
            seen = evidence(copy, originals[other])
            numbers = seen.bits, seen.low_bits, seen.places.count, seen.cosine
            rows.append((index, own, other, kind, *numbers))
    return np.array(rows, float)


def judged(measured: Sequence[Measured], rows: Rows) -> tuple[list[Measured], Rows]:
    """Return pictures and pairs less those without a right answer: blank ones, and equal content."""
    kept = [index for index, each in enumerate(measured) if each.name not in BLANK]
    place = np.full(len(measured), -1)
    place[kept] = np.arange(len(kept))
    moved = rows.copy()
    moved[:, 1:3] = place[rows[:, 1:3].astype(int)]
    pictures = [measured[index] for index in kept]
    is_right = (moved[:, 1:3] >= 0).all(axis=1)
    is_right &= ~_same_content(pictures)[tuple(moved[:, 1:3].astype(int).T)]
    return pictures, moved[is_right]


def _same_content(measured: Sequence[Measured]) -> np.ndarray:
    names = [each.name for each in measured]
    found = [[a != b and any({a, b} <= same for same in SAME_CONTENT) for b in names] for a in names]
    return np.array(found)


def evidence_of_rows(rows: Rows, with_vectors: bool) -> list[Evidence]:
    """Return the evidence as `fpcache.media.image.comparing.score` takes it."""
    return [
        Evidence(
            int(bits), int(low), Agreement(int(count), 0.0, 0, 1.0, 0.0), cosine if with_vectors else None
        )
        for bits, low, count, cosine in rows[:, 4:8].tolist()
    ]


def scored(rows: Rows, size: int, with_vectors: bool) -> tuple[Scores, Scores]:
    """Return fpcache's scores: of random pairs, for rates; of the likeliest others, for ranks."""
    scores = np.array([score(seen) for seen in evidence_of_rows(rows, with_vectors)])
    # Rounding hides differences near 1, where ranks are decided; logits don't.
    logits = np.log(scores.clip(1e-300)) - np.log1p(-scores.clip(max=1 - 1e-16))
    name = "fpcache" if with_vectors else "fpcache, hashes only"
    tables = []
    for kind in (RANDOM, HARD):
        table = np.full((len(TRANSFORMS), size, size), np.nan)
        wanted = (rows[:, 3] == RELATED) | (rows[:, 3] == kind)
        transform, copy, original = rows[wanted, :3].astype(int).T
        table[transform, copy, original] = logits[wanted]
        tables.append(Scores(name, table))
    return tables[0], tables[1]


def peer_scores(measured: Sequence[Measured]) -> list[Scores]:
    """Return the peers' scores of all copies with all originals."""
    found = []
    left_out = np.where(_same_content(measured), np.nan, 0.0)
    for name in measured[0].peers["original"]:
        originals = np.stack([each.peers["original"][name] for each in measured])
        table = [
            [-(originals ^ each.peers[transform][name]).sum(axis=1) for each in measured]
            for transform in TRANSFORMS
        ]
        found.append(Scores(name, np.array(table, float) + left_out))
    vectors = np.stack([each.parts["original"].vector for each in measured]).astype(np.float32)
    copies = [[each.parts[name].vector for each in measured] for name in TRANSFORMS]
    cosines = np.array(copies, np.float32) @ vectors.T
    return [*found, Scores("MobileNetV2 GeM", cosines + left_out)]
