"""Feature vectors of pictures from a convolutional network, many in one batch.

References
----------
Radenović, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", 2018, for the
generalised mean over places (GeM) that makes one vector of a feature map; Sandler et al., "MobileNetV2",
2018, for the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.devices import Placement, choose_placement, run_in_batches

__all__ = ["VECTOR_MODEL", "ImageModel", "Vectors", "image_model", "network_input"]

VECTOR_MODEL = "mobilenet_v2-gem3-1"
_SIDE = 224
_POWER = 3.0
_FLOOR = 1e-6
_BATCH_SIZE = 32
# Of the pictures that the network was trained on, red, green, blue, from 0 to 1.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Vectors of a batch: float16, shape (n, 1280), each of length 1, and where they were computed."""

    vectors: NDArray[np.float16]
    placement: Placement


class ImageModel:
    """A network ready to run, on one device; `image_model` gives one."""

    def __init__(self, network: Any, placement: Placement, weights_sha256: str = "") -> None:
        self.name = VECTOR_MODEL
        self.weights_sha256 = weights_sha256
        self.placement = placement
        self._network = network
        self._at: Placement | None = None

    def vectors(self, pictures: Sequence[Pixels], batch_size: int = _BATCH_SIZE) -> Vectors:
        """Return the vectors of RGB pictures, uint8, shape (height, width, 3) each.

        Where the device's memory doesn't suffice, smaller batches and then the CPU take over.
        """
        rows, placement = run_in_batches(self._run, pictures, self.placement, batch_size)
        return Vectors(np.asarray(rows, np.float16), placement)

    def _run(self, pictures: Sequence[Pixels], placement: Placement) -> NDArray[Any]:
        import torch

        self._move_to(placement)
        squares = torch.from_numpy(np.stack([network_input(picture) for picture in pictures]))
        with torch.inference_mode():
            dtype = getattr(torch, placement.dtype)
            images = squares.to(placement.device).permute(0, 3, 1, 2).float()
            mean, deviation = (images.new_tensor(three)[:, None, None] for three in (_MEAN, _DEVIATION))
            images = ((images / 255 - mean) / deviation).to(dtype)
            images = images.contiguous(memory_format=torch.channels_last)
            activations = self._network(images).float().clamp(min=_FLOOR)
            means = activations.pow(_POWER).mean(dim=(2, 3)).pow(1 / _POWER)
            unit = torch.nn.functional.normalize(means, dim=1)
        rows: NDArray[Any] = unit.to(torch.float16).cpu().numpy()
        return rows

    def _move_to(self, placement: Placement) -> None:
        import torch

        if self._at != placement:
            dtype = getattr(torch, placement.dtype)
            self._network.to(placement.device, dtype=dtype, memory_format=torch.channels_last)
            self._at = placement


def image_model(
    device: str | None = None, weights: str | Path | None = None, download: bool = True
) -> ImageModel:
    """Return the network for a device, loaded once per process.

    Parameters
    ----------
    device : str, optional
        As for `fpcache.media.devices.choose_placement`.
    weights : str or Path, optional
        The weight file; else it is looked for as `fpcache.media.weights.find_weights` says.
    download : bool
        Whether the weights may be fetched from the network.

    Raises
    ------
    MediaError
        If PyTorch or the weights are missing; the message says where they are to be had.
    DeviceError
        If the device isn't there.
    """
    return _loaded(choose_placement(device), str(weights) if weights else None, download)


@lru_cache(maxsize=4)
def _loaded(placement: Placement, weights: str | None, download: bool) -> ImageModel:
    from fpcache.media.models.mobilenet_v2 import load_mobilenet_v2
    from fpcache.media.weights import MOBILENET_V2, load_weights

    return ImageModel(
        load_mobilenet_v2(load_weights(MOBILENET_V2, weights, download)), placement, MOBILENET_V2.sha256
    )


def network_input(picture: Pixels) -> Pixels:
    """Return a picture as the network takes it, shape (224, 224, 3); one of that size as it is."""
    if picture.shape[:2] == (_SIDE, _SIDE):
        return picture
    resized = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized)
