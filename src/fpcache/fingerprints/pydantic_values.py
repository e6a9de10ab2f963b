"""pydantic: what it notes of a validator names its class by an address, another one in every process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.instances import encode_plain

__all__ = ["encode_decorator"]

_ADDRESS = frozenset({"cls_ref"})


def encode_decorator(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a validator's function, fields and mode."""
    return encode_plain(enc, obj, _ADDRESS)
