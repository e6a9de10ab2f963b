"""Ways to find a text again, each as: fingerprint a text, and score one against many."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_PERMUTATIONS = 128


@dataclass(frozen=True, slots=True)
class Method:
    """A way to find texts; `scores` compares one fingerprint with many, higher is more alike."""

    name: str
    fingerprint: Callable[[str], Any]
    scores: Callable[[Any, Sequence[Any]], np.ndarray]


def _cleaned(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _characters(text: str, length: int) -> set[str]:
    text = _cleaned(text)
    return {text[start : start + length] for start in range(max(1, len(text) - length + 1))}


def _words(text: str, length: int) -> set[str]:
    words = re.findall(r"\w+", _cleaned(text))
    return {" ".join(words[start : start + length]) for start in range(max(1, len(words) - length + 1))}


def _minhash(shingles: set[str]) -> np.ndarray:
    from datasketch import MinHash

    minhash = MinHash(num_perm=_PERMUTATIONS)
    minhash.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in shingles])
    return np.asarray(minhash.hashvalues)


def _equal_share(one: np.ndarray, many: Sequence[np.ndarray]) -> np.ndarray:
    return (np.stack(many) == one).mean(1)


def _simhash(shingles: set[str]) -> np.ndarray:
    hashes = [hashlib.blake2b(s.encode("utf-8", "surrogatepass"), digest_size=8).digest() for s in shingles]
    bits = np.unpackbits(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 8), axis=1)
    return np.packbits(2 * bits.sum(0, dtype=np.int64) > len(hashes))


def _equal_bits(one: np.ndarray, many: Sequence[np.ndarray]) -> np.ndarray:
    return 1 - np.unpackbits(np.stack(many) ^ one, axis=1).mean(1)


def _iscc(text: str) -> np.ndarray:
    import iscc_lib

    text = text.encode("utf-8", "replace").decode()
    code = iscc_lib.gen_text_code_v0(iscc_lib.text_collapse(text), bits=256)["iscc"].removeprefix("ISCC:")
    return np.frombuffer(base64.b32decode(code + "=" * (-len(code) % 8))[2:], np.uint8)


def _ours(text: str) -> Any:
    from fpcache.media.text import parts_of_text

    return parts_of_text(text)


def _our_scores(one: Any, many: Sequence[Any]) -> np.ndarray:
    from fpcache.media.text import compare

    return np.array([compare(one, other).score for other in many])


METHODS = (
    Method("fpcache", _ours, _our_scores),
    Method("MinHash char-9", lambda text: _minhash(_characters(text, 9)), _equal_share),
    Method("MinHash word-5", lambda text: _minhash(_words(text, 5)), _equal_share),
    Method("SimHash word-3", lambda text: _simhash(_words(text, 3)), _equal_bits),
    Method("ISCC text", _iscc, _equal_bits),
)
