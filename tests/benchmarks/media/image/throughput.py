"""Images per second of 1080p JPEG files, decoding included: ``python .../throughput.py [--weights FILE]``."""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fpcache.media.image import DecodedImage, decode_images, image_parts_many
from fpcache.media.image.vectors import ImageModel, image_model

_SIZE = (1920, 1080)
_COUNT = 48
_BATCH = 16
_TRIES = 3


def made(count: int) -> list[bytes]:
    """Return JPEG files with detail on all scales, such as photographs have."""
    files = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        layers = np.zeros((*_SIZE[::-1], 3), np.float32)
        for cells in (4, 16, 64, 256, 960):
            grid = random.normal(0, 1, (cells * 9 // 16 + 1, cells, 3)).astype(np.float32)
            scaled = [Image.fromarray(grid[..., c]).resize(_SIZE, Image.Resampling.BICUBIC) for c in range(3)]
            layers += np.stack([np.asarray(each) for each in scaled], axis=-1) * (40 / cells**0.3)
        buffer = io.BytesIO()
        Image.fromarray((layers + 128).clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
        files.append(buffer.getvalue())
    return files


def per_second(files: Sequence[bytes], model: ImageModel | None, workers: int) -> float:
    """Return how many files a second are decoded and fingerprinted, the best of three tries."""
    best = 0.0
    for _ in range(_TRIES):
        began = time.perf_counter()
        batch: list[DecodedImage] = []
        for index, decoded in enumerate(decode_images(files, workers), 1):
            assert isinstance(decoded, DecodedImage)
            batch.append(decoded)
            if len(batch) == _BATCH or index == len(files):
                image_parts_many(batch, model)
                batch = []
        best = max(best, len(files) / (time.perf_counter() - began))
    return best


def main() -> None:
    """Print both rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=None, help="the network's weight file")
    parser.add_argument("--workers", type=int, default=2, help="threads that decode")
    options = parser.parse_args()
    files = made(_COUNT)
    print(f"{len(files)} files of {sum(map(len, files)) / len(files) / 1e3:.0f} kB")
    print(f"hashes only: {per_second(files, None, options.workers):.0f} images/s")
    model = image_model(weights=options.weights)
    print(f"with vectors ({model.placement}): {per_second(files, model, options.workers):.1f} images/s")


if __name__ == "__main__":
    main()
