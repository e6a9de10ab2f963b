"""Feature vectors of pictures from a convolutional network, many in one batch, on one or more devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpcache.media.devices import Devices, Placement, choose_placements
from fpcache.media.image.networks import NetworkOnDevices
from fpcache.media.sharing import run_in_batches

__all__ = ["VECTOR_MODEL", "ImageModel", "Vectors", "image_model", "network_input"]

VECTOR_MODEL = "mobilenet_v2-gem3-1"
_SIDE = 224
# How many pictures one device takes at once, and how many are best given together for each device.
_BATCH_SIZES = {"cpu": 32, "cuda": 128}
_TOGETHER = {"cpu": 16, "cuda": 128}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Vectors of a batch: float16, shape (n, 1280), each of length 1, and where each was computed."""

    vectors: NDArray[np.float16]
    placements: Sequence[Placement]


class ImageModel:
    """A network ready to run, on one device or on several that share its work; `image_model` gives one.

    Parameters
    ----------
    network : MobileNetV2
        On the CPU, in float32; each device gets a copy.
    placements : Placement
        Where it runs, at least one; in one precision.
    weights_sha256 : str
        Which weights it has, in hexadecimal digits.
    """

    def __init__(self, network: Any, *placements: Placement, weights_sha256: str = "") -> None:
        self.name = VECTOR_MODEL
        self.weights_sha256 = weights_sha256
        self.placements = placements
        self.network = network
        self._on_devices = NetworkOnDevices(network)

    @property
    def placement(self) -> Placement:
        """The first of its devices; the others are of the same kind."""
        return self.placements[0]

    @property
    def hashes_too(self) -> bool:
        """Whether pictures are hashed where their vectors are made, and not by the threads that decode."""
        return self.placement.kind == "cuda"

    @property
    def together(self) -> int:
        """How many pictures are best given at once."""
        return _TOGETHER[self.placement.kind] * len(self.placements)

    def vectors(self, pictures: Sequence[Pixels], batch_size: int | None = None) -> Vectors:
        """Return the vectors of RGB pictures, uint8, shape (height, width, 3) each; at least one.

        Where a device's memory doesn't suffice, smaller batches and then the CPU take over.
        """
        most = batch_size or _BATCH_SIZES[self.placement.kind]
        squares = [network_input(picture) for picture in pictures]
        computed = run_in_batches(self._on_devices.begin, squares, self.placements, most)
        return Vectors(np.stack(computed.rows), computed.placements)


def image_model(
    device: Devices | None = None, weights: str | Path | None = None, download: bool = True
) -> ImageModel:
    """Return the network for a device, loaded once per process.

    Parameters
    ----------
    device : str or sequence of str, optional
        As for `fpcache.media.devices.choose_placements`.
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
    return _loaded(choose_placements(device), str(weights) if weights else None, download)


@lru_cache(maxsize=4)
def _loaded(placements: tuple[Placement, ...], weights: str | None, download: bool) -> ImageModel:
    from fpcache.media.models.mobilenet_v2 import load_mobilenet_v2
    from fpcache.media.weights import MOBILENET_V2, load_weights

    network = load_mobilenet_v2(load_weights(MOBILENET_V2, weights, download))
    return ImageModel(network, *placements, weights_sha256=MOBILENET_V2.sha256)


def network_input(picture: Pixels) -> Pixels:
    """Return a picture as the network takes it, squeezed to (224, 224, 3); one of that size as it is."""
    if picture.shape == (_SIDE, _SIDE, 3):
        return picture
    resized = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized)
