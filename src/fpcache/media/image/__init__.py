"""Images: found again after recoding, scaling, cropping, turning, overlays, pasting into a screenshot.

Three means in one decision: a hash of the whole picture in all eight orientations (`luma_hashes`, also for
video frames), keypoints with small hashes for what shows only a part, and a feature vector where a network is
at hand.

For video, pass decoded luma planes of one size: ``luma_hashes(frames)``, uint8 (n, h, w) to (n, 32), and
compare with ``hash_distance(a[:, None], b[None])``, the least of eight orientations' distances.

>>> from fpcache.media.image import compare, decode_image, image_parts  # doctest: +SKIP
>>> a, b = (image_parts(decode_image(path)) for path in ("photo.jpg", "screenshot.png"))  # doctest: +SKIP
>>> compare(a, b).is_match  # doctest: +SKIP
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names
from fpcache.media.image.calibration import ALGORITHM, THRESHOLD

if TYPE_CHECKING:
    from fpcache.media.image.comparing import compare
    from fpcache.media.image.dct import hash_distance, luma_hashes
    from fpcache.media.image.decoding import DecodedImage, decode_image, decode_images
    from fpcache.media.image.fingerprinting import hashed_image, image_parts, image_parts_many
    from fpcache.media.image.vectors import ImageModel, image_model

__all__ = [
    "ALGORITHM",
    "THRESHOLD",
    "DecodedImage",
    "ImageModel",
    "compare",
    "decode_image",
    "decode_images",
    "hash_distance",
    "hashed_image",
    "image_model",
    "image_parts",
    "image_parts_many",
    "luma_hashes",
]

# Loaded when first asked for, so that importing this imports no NumPy, Pillow or PyTorch.
_HOME = {
    "DecodedImage": "decoding",
    "ImageModel": "vectors",
    "compare": "comparing",
    "decode_image": "decoding",
    "decode_images": "decoding",
    "hash_distance": "dct",
    "hashed_image": "fingerprinting",
    "image_model": "vectors",
    "image_parts": "fingerprinting",
    "image_parts_many": "fingerprinting",
    "luma_hashes": "dct",
}

__getattr__ = names(__name__, _HOME)
