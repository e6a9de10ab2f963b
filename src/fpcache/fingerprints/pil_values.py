"""Pillow: images by mode, size, pixels, palette and info."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.encoder import Encoder

__all__: list[str] = []


def encode_image(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode mode, format, size, pixels, palette and ``info``; an animation is refused."""
    if getattr(obj, "is_animated", False):
        enc.refuse("an image with several frames reads them from its file; pass the frames as a list")
    obj.load()
    own = type(obj).__module__.partition(".")[0] == "PIL"
    enc.feed("image", type(obj).__qualname__ if own else "", obj.mode, obj.format, *obj.size)
    enc.feed_buffer(obj.tobytes())
    enc.feed("palette", *(obj.getpalette("RGBA") or ()))
    yield ".info", obj.info
