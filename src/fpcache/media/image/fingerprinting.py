"""From decoded pictures to what is stored of them: hashes, keypoints, vector, facts.

Scaling a picture to what hashes and the network look at is done one by one, in whatever thread or process
decoded it; so is hashing on the CPU. Where a card computes the vectors it hashes too, many pictures at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.image.borders import inner_window
from fpcache.media.image.dct import luma_hashes
from fpcache.media.image.decoding import DecodedImage
from fpcache.media.image.keypoints import keypoints_of_pyramids, pyramid
from fpcache.media.image.vectors import ImageModel, network_input
from fpcache.media.records import Parts

__all__ = ["HashedImage", "hashed_image", "image_parts", "image_parts_many"]

_HASHED_SIDE = 64

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class HashedImage:
    """A picture of which all is made that is made one by one: so much comes back from another process.

    Attributes
    ----------
    parts : Parts
        Hashes and facts; facts alone where a card makes the hashes of many at once.
    square : ndarray of uint8, shape (224, 224, 3), or None
        What the network takes; None where no vector is wanted.
    planes : tuple or None
        Where hashes are still to be made, what of: all of the picture and what its plain borders leave,
        uint8, shape (2, 64, 64); and its pyramid's luma planes, finest first.
    """

    parts: Parts
    square: Bytes | None = None
    planes: tuple[Bytes, Sequence[Bytes]] | None = None


def hashed_image(image: DecodedImage, wants_vector: bool, hashes_later: bool = False) -> HashedImage:
    """Return all of a picture but its vector, and what that is made from where it is wanted.

    With ``hashes_later`` it is not hashed either, and what hashes are made from is there instead.
    """
    own = np.stack(_hashed_planes(image.luma)), pyramid(image.luma)
    square = network_input(image.rgb) if wants_vector else None
    facts = dict(image.metadata)
    if hashes_later:
        return HashedImage(Parts({}, facts), square, own)
    return HashedImage(Parts(_hashes(*own), facts), square)


def image_parts(image: DecodedImage, model: ImageModel | None = None) -> Parts:
    """Return what is stored of one picture; `image_parts_many` is faster for many."""
    return image_parts_many([image], model)[0]


def image_parts_many(
    images: Sequence[DecodedImage | HashedImage], model: ImageModel | None = None
) -> list[Parts]:
    """Return what is stored of pictures, taken through the network in few batches.

    Parameters
    ----------
    images : sequence of DecodedImage or HashedImage
        As `fpcache.media.image.decode_image` gives them, or hashed already.
    model : ImageModel, optional
        Gives the vectors; without it there are none, and comparing rests on hashes and keypoints alone.

    Returns
    -------
    list of Parts
        With the hashes ``global`` (uint8, shape (2, 32): the whole picture, and without its plain borders),
        ``places`` (int16, (n, 3)) and ``patches`` (uint8, (n, 16)), and with the vector where a model was
        given.
    """
    if not images:
        return []
    wants_vector, hashes_later = model is not None, model is not None and model.hashes_too
    hashed = [
        hashed_image(image, wants_vector, hashes_later) if isinstance(image, DecodedImage) else image
        for image in images
    ]
    parts = _with_hashes(hashed, model)
    if model is None:
        return parts
    made = model.vectors([_square(image) for image in hashed])
    return [
        replace(one, vector=row, model=model.name, device=at.device, dtype=at.dtype)
        for one, row, at in zip(parts, made.vectors, made.placements, strict=True)
    ]


def _square(image: HashedImage) -> Bytes:
    assert image.square is not None, "hashed without a vector in mind, and taken through the network"
    return image.square


def _with_hashes(images: Sequence[HashedImage], model: ImageModel | None) -> list[Parts]:
    """Return the pictures' parts, with the hashes that are missing made where vectors are."""
    planes = [image.planes for image in images if image.planes is not None]
    if not planes:
        return [image.parts for image in images]
    made = iter(_hashes_of_all(planes, model))
    return [
        image.parts if image.planes is None else replace(image.parts, hashes=next(made)) for image in images
    ]


def _hashes_of_all(
    planes: Sequence[tuple[Bytes, Sequence[Bytes]]], model: ImageModel | None
) -> Sequence[Mapping[str, NDArray[Any]]]:
    if model is None or not model.hashes_too:
        return [_hashes(*own) for own in planes]
    from fpcache.media.image.device_hashes import hashes_on_devices

    return hashes_on_devices(planes, model.placements)


def _hashes(whole: Bytes, levels: Sequence[Bytes]) -> dict[str, NDArray[Any]]:
    (keypoints,) = keypoints_of_pyramids([levels])
    return {"global": luma_hashes(whole), "places": keypoints.places, "patches": keypoints.patches}


def _hashed_planes(luma: Bytes) -> tuple[Bytes, Bytes]:
    whole = _small(luma)
    rows, columns = inner_window(luma)
    inner = luma[rows, columns]
    return whole, whole if inner.shape == luma.shape else _small(inner)


def _small(plane: Bytes) -> Bytes:
    resized = Image.fromarray(plane).resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized)
