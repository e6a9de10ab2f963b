"""Made-up fingerprints of pictures, as many as wanted in little memory, shaped like those of real ones.

Vectors: 1,280 numbers, none below zero before they are centred by their network's pooling, most of their
spread in few directions, so that unrelated pictures have cosines of about 0.5, as MobileNetV2's have. Hashes:
signs of cosine coefficients, some pictures with borders. Keypoints: places on seven levels of a pyramid with
hashes of 128 bits. Of every hundred pictures twenty are changed copies of others; any block can be made anew
by its number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpcache.media import MediaFingerprint, Parts

__all__ = ["BLOCK", "Block", "changed", "fingerprints", "made_block"]

BLOCK = 5_000
SIZE = 1280
_DIRECTIONS = 96
_COPIES_IN_100 = 20
_SUBJECTS = 4_000
_LEVELS = np.repeat(np.arange(7), (44, 44, 44, 40, 30, 16, 8)).astype(np.int16)
_BORDERED_SHARE = 0.1
_COMMON_PATCHES = 4_096

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Pictures in a row.

    Attributes
    ----------
    vectors : ndarray of float16, shape (n, 1280)
    codes : ndarray of uint8, shape (n, 2, 32)
    places : ndarray of int16, shape (n, 226, 3)
    patches : ndarray of uint8, shape (n, 226, 16)
    sources : ndarray of int64, shape (n,)
        The place in the block of what each was copied from, its own where it is no copy.
    """

    vectors: NDArray[np.float16]
    codes: NDArray[np.uint8]
    places: NDArray[np.int16]
    patches: NDArray[np.uint8]
    sources: NDArray[np.int64]


def made_block(number: int, count: int = BLOCK, seed: int = 0) -> Block:
    """Return a block of pictures, always the same for a number and a seed."""
    random = np.random.default_rng([seed, number])
    sources = np.arange(count)
    copies = count * _COPIES_IN_100 // 100
    originals = count - copies
    sources[originals:] = random.integers(0, max(originals, 1), copies)
    codes = _codes(random, originals)
    levels = np.broadcast_to(_LEVELS[None, :, None], (originals, 226, 1))
    places = np.concatenate([random.integers(-2000, 2000, (originals, 226, 2), np.int16), levels], axis=2)
    block = Block(_vectors(random, originals), codes, places, _patches(random, originals), sources)
    return _joined(block, changed(block, sources[originals:], random), sources)


def _vectors(random: np.random.Generator, count: int) -> NDArray[np.float16]:
    directions, mean, subjects = _world()
    weights = subjects[random.integers(0, _SUBJECTS, count)]
    weights = weights + 0.8 * random.standard_normal((count, _DIRECTIONS), np.float32)
    spread = 0.45 * random.standard_normal((count, SIZE), np.float32)
    return _unit(np.maximum(mean + weights @ directions + spread, 0))


def _world() -> tuple[Vectors, Vectors, Vectors]:
    """Return what all pictures share: directions, the mean, and what pictures are of."""
    random = np.random.default_rng(99)
    scales = (1.0 / np.sqrt(1 + np.arange(_DIRECTIONS, dtype=np.float32)))[:, None]
    directions = random.standard_normal((_DIRECTIONS, SIZE), np.float32) * scales
    mean = np.abs(random.standard_normal(SIZE, np.float32))
    return 0.35 * directions, 0.9 * mean, random.standard_normal((_SUBJECTS, _DIRECTIONS), np.float32)


def _codes(random: np.random.Generator, count: int) -> NDArray[np.uint8]:
    whole = random.integers(0, 256, (count, 32), np.uint8)
    whole[:, 0] &= 0x7F  # the mean has no sign
    inner = whole.copy()
    bordered = random.random(count) < _BORDERED_SHARE
    inner[bordered] = random.integers(0, 256, (int(bordered.sum()), 32), np.uint8)
    inner[:, 0] &= 0x7F
    return np.stack([whole, inner], axis=1)


def _patches(random: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Return patches of which a third are like common ones, such as edges and corners."""
    patches = random.integers(0, 256, (count, 226, 16), np.uint8)
    common = np.random.default_rng(98).integers(0, 256, (_COMMON_PATCHES, 16), np.uint8)
    is_common = random.random((count, 226)) < 1 / 3
    near = common[random.integers(0, _COMMON_PATCHES, int(is_common.sum()))]
    patches[is_common] = near ^ _flips(random, near.shape, 3)
    return patches


def _flips(random: np.random.Generator, shape: tuple[int, ...], halvings: int) -> NDArray[np.uint8]:
    """Return bytes of which one bit in 2 ** `halvings` is set."""
    drawn = random.integers(0, 256, (halvings, *shape), np.uint8)
    return np.bitwise_and.reduce(drawn, axis=0)


def changed(block: Block, which: NDArray[np.int64], random: np.random.Generator) -> Block:
    """Return copies of pictures: recoded, scaled, with other colours, partly covered."""
    noise = random.standard_normal((len(which), SIZE), np.float32) / np.sqrt(np.float32(SIZE))
    strength = random.uniform(0.1, 0.5, (len(which), 1)).astype(np.float32)
    vectors = _unit(block.vectors[which].astype(np.float32) + strength * noise)
    codes = block.codes[which] ^ _flips(random, (len(which), 2, 32), 5)
    codes[..., 0] &= 0x7F
    places = block.places[which].copy()
    places[..., :2] += random.integers(-12, 13, places[..., :2].shape, np.int16)
    patches = block.patches[which] ^ _flips(random, (len(which), 226, 16), 4)
    lost = random.random((len(which), 226)) < 0.4
    patches[lost] = random.integers(0, 256, (int(lost.sum()), 16), np.uint8)
    return Block(vectors, codes, places, patches, which)


def _joined(one: Block, other: Block, sources: NDArray[np.int64]) -> Block:
    names = ("vectors", "codes", "places", "patches")
    return Block(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names), sources)


def _unit(vectors: Vectors) -> NDArray[np.float16]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def fingerprints(block: Block, name: str) -> list[MediaFingerprint]:
    """Return them as fingerprints, whose digests begin with a name."""
    made = []
    for place in range(len(block.vectors)):
        hashes = {
            "global": block.codes[place], "places": block.places[place], "patches": block.patches[place],
        }  # fmt: skip
        facts = {"width": 1600, "height": 1200, "mode": "RGB", "format": "JPEG", "orientation": 1}
        parts = Parts(hashes, facts, block.vectors[place], "made-up-1", "cpu", "float32")
        made.append(MediaFingerprint("image", f"{name}-{place:08x}", "image-1", parts))
    return made
