"""Texts found again when case, marks, spaces, order or spelling changed, or when one is a part of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names

if TYPE_CHECKING:
    from fpcache.media.text.comparing import ALGORITHM, THRESHOLD, compare
    from fpcache.media.text.fingerprinting import parts_of_text
    from fpcache.media.text.reading import read_text

__all__ = ["ALGORITHM", "THRESHOLD", "compare", "parts_of_text", "read_text"]

_HOMES = {
    "ALGORITHM": "comparing", "THRESHOLD": "comparing", "compare": "comparing",
    "parts_of_text": "fingerprinting", "read_text": "reading",
}  # fmt: skip

__getattr__ = names(__name__, _HOMES)
