"""A network's copies on devices: pictures go there while others are computed, vectors come back.

References
----------
Radenović, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", 2018, for the
generalised mean over places (GeM) that makes one vector of a feature map; Sandler et al., "MobileNetV2",
2018, for the network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcache.media.devices import Placement
from fpcache.media.staging import Staging

__all__ = ["NetworkOnDevices"]

_POWER = 3.0
_FLOOR = 1e-6
# Of the pictures that the network was trained on, red, green, blue, from 0 to 1.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


class NetworkOnDevices:
    """Gives unit vectors of square pictures; makes a device's copy when it is first asked for."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._copies: dict[Placement, _Copy] = {}
        self._lock = threading.Lock()

    def begin(self, squares: Sequence[NDArray[np.uint8]], placement: Placement) -> Callable[[], NDArray[Any]]:
        """Begin to compute on a device; what is returned waits for the vectors, float16, shape (n, 1280)."""
        with self._lock:
            if placement not in self._copies:
                self._copies[placement] = _Copy(self._network, placement)
            found = self._copies[placement]
        return found.begin(squares)


class _Copy:
    """The network on one device."""

    def __init__(self, network: Any, placement: Placement) -> None:
        import torch

        from fpcache.media.models.folding import folded

        device, self._dtype = placement.torch_name, getattr(torch, placement.dtype)
        self._staging = Staging(device)
        self._network = folded(network).to(device, dtype=self._dtype, memory_format=torch.channels_last)
        self._mean, self._deviation = (
            torch.tensor(three, device=device)[:, None, None] for three in (_MEAN, _DEVIATION)
        )

    def begin(self, squares: Sequence[NDArray[np.uint8]]) -> Callable[[], NDArray[Any]]:
        """Send pictures and begin to compute."""
        import torch

        with self._staging.current(), torch.inference_mode():
            return self._staging.fetched(self._vectors(self._staging.sent(squares)))

    def _vectors(self, squares: Any) -> Any:
        import torch

        images = squares.permute(0, 3, 1, 2).float()
        images = ((images / 255 - self._mean) / self._deviation).to(self._dtype)
        activations = self._network(images.contiguous(memory_format=torch.channels_last))
        means = activations.float().clamp(min=_FLOOR).pow(_POWER).mean(dim=(2, 3)).pow(1 / _POWER)
        return torch.nn.functional.normalize(means, dim=1).to(torch.float16)
