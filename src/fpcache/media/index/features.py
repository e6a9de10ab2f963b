"""Compact features by which candidates are found: codes of bits, and tokens of which alike items share some.

What is stored is little; what is asked with may be more, such as all that a picture's turned copy would have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fpcache.errors import MediaError
from fpcache.media.records import Kind, MediaFingerprint, Parts

__all__ = ["CODE_BYTES", "Features", "asked_features", "has_features", "patch_tokens", "stored_features"]

CODE_BYTES = 32

Tokens = NDArray[np.int64]
Codes = NDArray[np.uint8]

# Two samples of 20 of the 32 bits of a patch that stay as they are when the picture is mirrored.
_PATCH_MASKS = (0x5F3A_6DD9, 0xEBC5_1BE7)
_TEXT_SAMPLES = {"passages": (64, 64, 4096), "words": (48, 1 << 62, 48), "pieces": (48, 1 << 62, 48)}
_WORD_BANDS, _BANDS = 24, 96
_ONE_WORD_IN = 8
_MOST_WORDS = 1 << 14
# A sound played up to 5 % faster or slower is heard up to two quarter tones higher or lower.
_SHIFTS_BANDS = (-2, -1, 0, 1, 2)
# The bits of a frame's hash that are of frequencies even down and across come first.
_EVEN_BYTES, _FRAMES, _ONE_FRAME_IN = 8, 200, 2
_PRIME_1, _PRIME_2 = 0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What candidates are found by, besides the vector.

    Attributes
    ----------
    codes : ndarray of uint8, shape (n, 32)
        Hashes of 256 bits.
    tokens : ndarray of int64, shape (m,)
        Ascending, each once.
    """

    codes: Codes = field(default_factory=lambda: np.zeros((0, CODE_BYTES), np.uint8))
    tokens: Tokens = field(default_factory=lambda: np.zeros(0, np.int64))


def has_features(kind: Kind) -> bool:
    """Say whether anything is known by which to find candidates of this kind; else all are compared."""
    return kind in _RULES


def stored_features(fingerprint: MediaFingerprint) -> Features:
    """Return what an item is found by."""
    return _features(fingerprint, False)


def asked_features(fingerprint: MediaFingerprint) -> Features:
    """Return what to find items with that are like this one."""
    return _features(fingerprint, True)


def _features(fingerprint: MediaFingerprint, is_asked: bool) -> Features:
    """Return an item's features; MediaError where its hashes are none of its kind, as in one made by hand."""
    if fingerprint.kind not in _RULES:
        return Features()
    try:
        return _RULES[fingerprint.kind](fingerprint.parts, is_asked)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
        raise MediaError(
            f"the hashes {sorted(fingerprint.parts.hashes)} are not those of {fingerprint.algorithm} "
            f"({said}); fingerprint the source again"
        ) from error


def _image(parts: Parts, is_asked: bool) -> Features:
    """Return the hashes, and samples of the keypoints' where no vector does their work."""
    from fpcache.media.image.dct import HASH_BYTES

    distinct = sorted({code.tobytes() for code in parts.hashes["global"].reshape(-1, HASH_BYTES)})
    codes = np.frombuffer(b"".join(distinct), np.uint8).reshape(-1, HASH_BYTES)
    patches = parts.hashes["patches"]
    if not len(patches) or (parts.vector is not None and not is_asked):
        return Features(codes)
    return Features(codes, patch_tokens(patches, is_asked))


def patch_tokens(patches: Codes, is_asked: bool) -> Tokens:
    """Return samples of keypoints' hashes, of which most are the same for the same place in a copy.

    Parameters
    ----------
    patches : ndarray of uint8, shape (n, 16)
    is_asked : bool
        Whether turned copies shall be found, too.
    """
    words = [_even_words(patches)]
    if is_asked:  # a mirrored patch has the same even bits, a turned one those of the transposed patch
        words.append(_even_words(_turned(patches)))
    even = np.concatenate(words)
    return _tokens([_mixed(even & np.uint64(mask), number) for number, mask in enumerate(_PATCH_MASKS)])


def _even_words(patches: Codes) -> NDArray[np.uint64]:
    return np.ascontiguousarray(patches).view("<u4")[:, 0].astype(np.uint64)


def _turned(patches: Codes) -> Codes:
    """Return the hashes of the patches mirrored at their diagonal."""
    from fpcache.media.image.keypoints import patch_frequencies

    pairs = {pair: index for index, pair in enumerate(patch_frequencies())}
    order = [pairs[across, down] for down, across in patch_frequencies()]
    return np.packbits(np.unpackbits(patches, axis=1)[:, order], axis=1)


def _text(parts: Parts, is_asked: bool) -> Features:
    """Return of each sketch the smallest values, and of a long text's passages a fixed share."""
    sampled = []
    for number, (name, (least, one_in, most)) in enumerate(_TEXT_SAMPLES.items()):
        values = parts.hashes.get(name)
        if values is not None:
            share = int(np.searchsorted(values, np.uint64((1 << 64) // one_in)))
            sampled.append(_mixed(values[: min(max(share, least), most)], number))
    return Features(tokens=_tokens(sampled))


def _audio(parts: Parts, is_asked: bool) -> Features:
    """Return one in eight of the distinct words of 24 neighbouring bits, in whatever frames they are.

    References
    ----------
    J. Haitsma, T. Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002: an inverted index of
    sub-fingerprints, of which some come through unchanged.
    """
    bits = np.unpackbits(parts.hashes["bits"], axis=1, count=_BANDS)
    bits = bits[parts.hashes["active"].astype(bool)].astype(np.int64)
    weights = np.left_shift(1, np.arange(_WORD_BANDS, dtype=np.int64))
    sampled = []
    for start in range(0, _BANDS, _WORD_BANDS):
        for shift in _SHIFTS_BANDS if is_asked else (0,):
            first = start + shift
            if 0 <= first <= _BANDS - _WORD_BANDS:
                words = bits[:, first : first + _WORD_BANDS] @ weights
                mixed = _mixed(words.astype(np.uint64), start)
                sampled.append(mixed[mixed % np.uint64(_ONE_WORD_IN) == 0])
    return Features(tokens=_tokens(sampled)[:_MOST_WORDS])


def _video(parts: Parts, is_asked: bool) -> Features:
    """Return samples of the frames' lowest frequencies that flips leave as they are, and the sound's words.

    Of an original the whole frames and crops of it are stored, and a crop is asked for by all its windows, so
    that either may show less than the other. Frames that say nothing are left out, as black ones.
    """
    from fpcache.media.video.fingerprinting import SOUND

    frames = parts.hashes["frames"][parts.hashes["weights"] > 0]
    even = np.ascontiguousarray(frames[..., :_EVEN_BYTES]).reshape(-1, _EVEN_BYTES)
    words = even.view(">u8").ravel().astype(np.uint64)
    sampled = [_mixed(words & mask, _FRAMES + number) for number, mask in enumerate(_frame_masks())]
    sampled = [mixed[mixed % np.uint64(_ONE_FRAME_IN) == 0] for mixed in sampled]
    tokens = _tokens(sampled)[:_MOST_WORDS]
    if SOUND + "bits" not in parts.hashes:
        return Features(tokens=tokens)
    sound = {
        name.removeprefix(SOUND): array for name, array in parts.hashes.items() if name.startswith(SOUND)
    }
    return Features(tokens=np.union1d(tokens, _audio(Parts(sound), is_asked).tokens))


@lru_cache(maxsize=1)
def _frame_masks() -> list[np.uint64]:
    """Return three choices of 18 of the 27 lowest frequencies that are even both down and across."""
    low = [8 * down + across for down in range(8) for across in range(8) if 0 < down + across <= 6]
    chosen = ([bit for place, bit in enumerate(low) if place % 3 != left_out] for left_out in range(3))
    return [np.uint64(sum(1 << (63 - bit) for bit in bits)) for bits in chosen]


def _mixed(values: NDArray[np.uint64], family: int) -> NDArray[np.uint64]:
    """Return values spread over 64 bits, those of different families apart."""
    start = np.uint64((family + 1) * _PRIME_2 % (1 << 64))
    mixed = (values + start) * np.uint64(_PRIME_1)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(_PRIME_2)
    spread: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(32))
    return spread


def _tokens(pieces: list[NDArray[np.uint64]]) -> Tokens:
    if not pieces:
        return np.zeros(0, np.int64)
    return np.unique(np.concatenate(pieces)).view(np.int64)


_RULES: dict[str, Callable[[Parts, bool], Features]] = {
    "image": _image,
    "text": _text,
    "audio": _audio,
    "video": _video,
}
