"""Decoded pictures and sound that people hold already: what they are, as exactly as their digests say."""

from __future__ import annotations

import threading
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.digests import digest_of_array, digest_of_bytes
from fpcache.media.words import in_words

__all__ = ["picture_digest", "pixels", "samples", "samples_digest"]

_pillow = threading.Lock()
_ORIENTATION = 0x0112


def picture_digest(image: Any) -> str:
    """Return the digest of all that a Pillow image shows, and of what is told of it."""
    with _pillow:  # which loads its images lazily, and not in several threads at once
        image.load()
        palette = (image.palette.mode, image.palette.tobytes()) if image.palette is not None else None
        shown = (image.mode, image.size, palette, image.info.get("transparency"))
        told = (image.getexif().get(_ORIENTATION), image.format, getattr(image, "n_frames", 1))
        return digest_of_bytes(repr((shown, told)).encode() + image.tobytes())


def pixels(value: Any) -> Any:
    """Return an array or tensor as an array of numbers.

    Raises
    ------
    MediaError
        If it is something else.
    """
    import numpy as np

    if hasattr(type(value), "detach"):
        value = value.detach().resolve_conj().resolve_neg().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if not isinstance(value, np.ndarray):
        raise MediaError(
            f"a value of type {type(value).__name__} can't be fingerprinted; give a path, URL, bytes, file, "
            "Pillow image, array, tensor, (samples, rate) or text"
        )
    if isinstance(value, np.ma.MaskedArray):
        raise MediaError("a masked array has nothing where it is masked; fill it first: array.filled(value)")
    if value.dtype.hasobject:
        raise MediaError(f"an array of {value.dtype} can't be fingerprinted; give one of numbers")
    return value


def samples(value: Any, rate: Any) -> tuple[Any, int]:
    """Return samples as an array, and their rate in hertz as an int.

    Raises
    ------
    MediaError
        If they are no numbers, or the rate is no whole number.
    """
    import numpy as np

    try:
        whole = int(rate)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole < 1 or whole != rate:
        raise MediaError(f"the rate of sound is a whole number of hertz, not {in_words(rate)}")
    return pixels(np.asarray(value) if isinstance(value, (list, tuple)) else value), whole


def samples_digest(array: Any, rate: int) -> str:
    """Return the digest of samples at a rate."""
    return digest_of_array(array, f"rate {rate}")
