"""Videos of pans over made-up scenes, as decoded planes, and changed ones."""

from __future__ import annotations

import numpy as np

from fpcache.media import MediaFingerprint

SIDE = 128
A_SECOND = 4


def video(seed: int, seconds: int = 10):
    """Return planes, uint8, shape (n, 128, 128): three shots, each a pan over a blurred random picture."""
    random = np.random.default_rng([8, seed])
    planes = []
    for _ in range(3):
        coarse = random.integers(0, 255, (16, 24)).astype(np.float32)
        large = np.kron(coarse, np.ones((16, 16), np.float32))
        for _ in range(2):
            large = (large + np.roll(large, 7, 0) + np.roll(large, 7, 1) + np.roll(large, -7, 0)) / 4
        steps = seconds * A_SECOND // 3
        planes += [large[40 : 40 + SIDE, 4 * step : 4 * step + SIDE] for step in range(steps)]
    return np.stack(planes).clip(0, 255).astype(np.uint8)


def changed(planes, name: str):
    """Return a changed copy."""
    if name == "mirrored":
        return planes[:, :, ::-1].copy()
    if name == "cut":
        return planes[8:-6].copy()
    if name == "noisy":
        noise = np.random.default_rng(1).normal(0, 6, planes.shape)
        return (planes + noise).clip(0, 255).astype(np.uint8)
    if name == "letterboxed":
        boxed = np.zeros_like(planes)
        rows = np.arange(96) * SIDE // 96
        boxed[:, 16:112] = planes[:, rows]
        return boxed
    if name == "cropped":
        places = 6 + np.arange(SIDE) * (SIDE - 12) // SIDE
        return planes[:, places][:, :, places].copy()
    raise ValueError(name)


def fingerprint_of(planes, digest: str) -> MediaFingerprint:
    """Return what a video of these planes is like."""
    from fpcache.media.video import ALGORITHM
    from fpcache.media.video.decoding import Video
    from fpcache.media.video.fingerprinting import describe

    times_s = np.arange(len(planes), dtype=np.float32) / A_SECOND
    return MediaFingerprint("video", digest, ALGORITHM, describe(Video(planes, times_s, {})))
