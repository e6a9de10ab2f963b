"""From decoded pictures to what is stored of them: hashes, keypoints, vector, facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.image.borders import inner_window
from fpcache.media.image.dct import luma_hashes
from fpcache.media.image.decoding import DecodedImage
from fpcache.media.image.keypoints import find_keypoints
from fpcache.media.image.vectors import ImageModel, network_input
from fpcache.media.records import Parts

__all__ = ["HashedImage", "hashed_image", "image_parts", "image_parts_many"]

_HASHED_SIDE = 64
_WINDOWS = 2


@dataclass(frozen=True, slots=True, eq=False)
class HashedImage:
    """A picture of which all is made but the vector: so much comes back from another process.

    Attributes
    ----------
    parts : Parts
        Hashes and facts.
    square : ndarray of uint8, shape (224, 224, 3), or None
        What the network takes; None where no vector is wanted.
    """

    parts: Parts
    square: NDArray[np.uint8] | None = None


def hashed_image(image: DecodedImage, wants_vector: bool) -> HashedImage:
    """Return all of a picture but its vector, and what that is made from where it is wanted."""
    (parts,) = image_parts_many([image])
    return HashedImage(parts, network_input(image.rgb) if wants_vector else None)


def image_parts(image: DecodedImage, model: ImageModel | None = None) -> Parts:
    """Return what is stored of one picture; `image_parts_many` is faster for many."""
    return image_parts_many([image], model)[0]


def image_parts_many(
    images: Sequence[DecodedImage | HashedImage], model: ImageModel | None = None
) -> list[Parts]:
    """Return what is stored of pictures, hashed in one batch and taken through the network in few.

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
    hashed = iter(_hashed([image for image in images if isinstance(image, DecodedImage)]))
    parts = [image.parts if isinstance(image, HashedImage) else next(hashed) for image in images]
    if model is None or not parts:
        return parts
    vectors = model.vectors([_pixels(image) for image in images])
    at = vectors.placement
    return [
        replace(one, vector=row, model=model.name, device=at.device, dtype=at.dtype)
        for one, row in zip(parts, vectors.vectors, strict=True)
    ]


def _hashed(images: Sequence[DecodedImage]) -> list[Parts]:
    if not images:
        return []
    hashes = luma_hashes(np.stack([plane for image in images for plane in _hashed_planes(image.luma)]))
    hashes = hashes.reshape(len(images), _WINDOWS, -1)
    found = find_keypoints([image.luma for image in images])
    return [
        Parts({"global": own, "places": points.places, "patches": points.patches}, dict(image.metadata))
        for image, own, points in zip(images, hashes, found, strict=True)
    ]


def _pixels(image: DecodedImage | HashedImage) -> NDArray[np.uint8]:
    if isinstance(image, DecodedImage):
        return image.rgb
    assert image.square is not None, "hashed without a vector in mind, and taken through the network"
    return image.square


def _hashed_planes(luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    whole = _small(luma)
    rows, columns = inner_window(luma)
    inner = luma[rows, columns]
    return whole, whole if inner.shape == luma.shape else _small(inner)


def _small(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    resized = Image.fromarray(plane).resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized)
