"""From decoded pictures to what is stored of them: hashes, keypoints, vector, facts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.image.borders import inner_window
from fpcache.media.image.dct import luma_hashes
from fpcache.media.image.decoding import DecodedImage
from fpcache.media.image.keypoints import find_keypoints
from fpcache.media.image.vectors import ImageModel
from fpcache.media.records import Parts

__all__ = ["image_parts", "image_parts_many"]

_HASHED_SIDE = 64
_WINDOWS = 2


def image_parts(image: DecodedImage, model: ImageModel | None = None) -> Parts:
    """Return what is stored of one picture; `image_parts_many` is faster for many."""
    return image_parts_many([image], model)[0]


def image_parts_many(images: Sequence[DecodedImage], model: ImageModel | None = None) -> list[Parts]:
    """Return what is stored of pictures, hashed in one batch and taken through the network in few.

    Parameters
    ----------
    images : sequence of DecodedImage
        As `fpcache.media.image.decode_image` gives them.
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
    hashes = luma_hashes(np.stack([plane for image in images for plane in _hashed_planes(image.luma)]))
    hashes = hashes.reshape(len(images), _WINDOWS, -1)
    vectors = model.vectors([image.rgb for image in images]) if model is not None else None
    found = find_keypoints([image.luma for image in images])
    parts = []
    for index, image in enumerate(images):
        keypoints = found[index]
        named = {"global": hashes[index], "places": keypoints.places, "patches": keypoints.patches}
        if vectors is None or model is None:
            parts.append(Parts(named, dict(image.metadata)))
            continue
        at = vectors.placement
        row = vectors.vectors[index]
        parts.append(Parts(named, dict(image.metadata), row, model.name, at.device, at.dtype))
    return parts


def _hashed_planes(luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    whole = _small(luma)
    rows, columns = inner_window(luma)
    inner = luma[rows, columns]
    return whole, whole if inner.shape == luma.shape else _small(inner)


def _small(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    resized = Image.fromarray(plane).resize((_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized)
