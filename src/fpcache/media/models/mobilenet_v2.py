"""MobileNetV2's feature extractor, with the parameter names that torchvision's weight file uses.

References
----------
Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn

__all__ = ["CHANNELS", "MobileNetV2", "load_mobilenet_v2"]

CHANNELS = 1280
_STEM_CHANNELS = 32
# Expansion, output channels, repeats and first stride of each stage: table 2 of the paper.
_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
)  # fmt: skip
_CLASSIFIER = "classifier."


def _unit(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return convolution, normalisation, and the rectifier that is cut off at 6."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class _Bottleneck(nn.Module):  # type: ignore[misc, unused-ignore]
    """Widen, filter each channel, narrow again; added to its input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        widening = [_unit(inputs, width)] if expansion != 1 else []
        self.adds_input = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            *widening,
            _unit(width, width, 3, stride, groups=width),
            nn.Conv2d(width, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, activations: Tensor) -> Tensor:
        changed = cast(Tensor, self.conv(activations))
        return activations + changed if self.adds_input else changed


class MobileNetV2(nn.Module):  # type: ignore[misc, unused-ignore]
    """The convolutional part at width 1: (n, 3, height, width) to (n, 1280, height / 32, width / 32)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [_unit(3, _STEM_CHANNELS, 3, 2)]
        inputs = _STEM_CHANNELS
        for expansion, outputs, repeats, first_stride in _STAGES:
            for index in range(repeats):
                layers.append(_Bottleneck(inputs, outputs, first_stride if index == 0 else 1, expansion))
                inputs = outputs
        layers.append(_unit(inputs, CHANNELS))
        self.features = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last convolution's activations."""
        return cast(Tensor, self.features(images))


def load_mobilenet_v2(state: Mapping[str, Any]) -> MobileNetV2:
    """Return the network with torchvision's published state; what its classifier needs is left out."""
    model = MobileNetV2()
    model.load_state_dict({name: value for name, value in state.items() if not name.startswith(_CLASSIFIER)})
    model.eval()
    return model
