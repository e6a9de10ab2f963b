"""Items as points: vectors to find them by, and all of the fingerprint, signed, to decide by.

What a server gives back may have been changed by others. So a point counts only if it carries the signature
of the user's key, or of the one that a team shares; and its bytes hold plain numbers and JSON, no pickle.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from json import loads
from typing import Any
from uuid import UUID

import blake3
import numpy as np
from numpy.typing import NDArray

from fpcache.media.image.dct import transposed
from fpcache.media.index.features import CODE_BYTES, Codes, Tokens
from fpcache.media.index.items import Item
from fpcache.media.index.packing import packed, unpacked
from fpcache.media.index.qdrant.connecting import qdrant
from fpcache.media.index.qdrant.filters import facets_of
from fpcache.media.index.rows import Prepared
from fpcache.media.records import MediaFingerprint
from fpcache.store.keys import sign_memo

__all__ = [
    "CODE_BITS",
    "Kept",
    "ids_in_order",
    "kept",
    "oriented",
    "payload_of",
    "point_id",
    "sparse",
    "vector_name",
    "vectors_of",
]

CODE_BITS = 8 * CODE_BYTES
# Which of the four classes of bits are inverted as is, mirrored left-right, top-bottom, and both.
_FLIPS = ((0, 0, 0, 0), (0, 1, 0, 1), (0, 0, 1, 1), (0, 1, 1, 0))
_INVERTED = 0xFF
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Kept:
    """A point that carries the signature.

    Attributes
    ----------
    item : Item
        What it holds.
    metadata_text : str
        Its metadata as JSON.
    added : int
        A number that is the higher, the later it was added.
    """

    item: Item
    metadata_text: str
    added: int


def point_id(item_id: str) -> str:
    """Return the server's name for an item."""
    return str(UUID(bytes=blake3.blake3(item_id.encode()).digest(16)))


def vector_name(fingerprint: MediaFingerprint) -> str:
    """Return the name of the vectors that this one's can be compared with."""
    return re.sub(r"[^\w.-]", "_", f"{fingerprint.algorithm}-{fingerprint.parts.model}")[:_LONGEST_NAME]


def payload_of(
    key: bytes, item_id: str, fingerprint: MediaFingerprint, metadata: str, added: int
) -> dict[str, Any]:
    """Return all that is kept of an item, signed."""
    data = packed(fingerprint)
    return {
        "id": item_id, "kind": fingerprint.kind, "algorithm": fingerprint.algorithm,
        "digest": fingerprint.digest, "metadata": metadata, "added": added,
        "data": b64encode(data).decode(), "signature": _signature(key, item_id, metadata, added, data),
        **facets_of(loads(metadata)),
    }  # fmt: skip


def kept(key: bytes, point: Any) -> Kept | None:
    """Return what a point holds, or None if it does not carry the signature or is not whole."""
    try:
        held = point.payload
        item_id, metadata, added = held["id"], held["metadata"], int(held["added"])
        data = b64decode(held["data"], validate=True)
        expected = _signature(key, item_id, metadata, added, data)
        if not hmac.compare_digest(expected, held["signature"]) or point.id != point_id(item_id):
            return None
        return Kept(Item(item_id, unpacked(data), loads(metadata)), metadata, added)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def ids_in_order(points: Iterable[Any]) -> list[str]:
    """Return the ids of points in the order in which they were added; what others spoilt is left out."""
    held = []
    for point in points:
        match point.payload:
            case {"id": str(item_id), "added": int(added)}:
                held.append((added, item_id))
    return [item_id for _, item_id in sorted(held)]


def _signature(key: bytes, item_id: str, metadata: str, added: int, data: bytes) -> str:
    texts = [item_id.encode(), metadata.encode(), str(added).encode(), data]
    whole = b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    return sign_memo(key, "media item", whole).hex()


def vectors_of(item: Prepared) -> dict[str, Any]:
    """Return what a point is found by, by the vectors' names."""
    found: dict[str, Any] = {}
    if len(item.features.codes):
        found["codes"] = np.unpackbits(item.features.codes, axis=1).tolist()
    if len(item.features.tokens):
        found["tokens"] = sparse(item.features.tokens)
    vector = item.fingerprint.vector
    if vector is not None:
        found[vector_name(item.fingerprint)] = vector.astype(np.float32).tolist()
    return found


def sparse(tokens: Tokens) -> Any:
    """Return tokens as the places of ones in a long vector, in 32 bits; few of them fall together."""
    wide = tokens.view(np.uint64)
    folded = np.unique((wide ^ (wide >> np.uint64(32))) & np.uint64(0xFFFF_FFFF))
    return qdrant().models.SparseVector(indices=folded.tolist(), values=[1.0] * len(folded))


def oriented(codes: Codes) -> NDArray[np.uint8]:
    """Return codes in all eight orientations as bits, shape (8 n, 256)."""
    if not len(codes):
        return np.zeros((0, CODE_BITS), np.uint8)
    classes = np.concatenate([codes, transposed(codes)]).reshape(-1, 4, CODE_BYTES // 4)
    masks = np.array(_FLIPS, np.uint8)[:, None, :, None] * np.uint8(_INVERTED)
    return np.unpackbits((classes[None] ^ masks).reshape(-1, CODE_BYTES), axis=1)
