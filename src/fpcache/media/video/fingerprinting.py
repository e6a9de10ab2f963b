"""From a decoded video to what is stored of it: hashes of frames, sound, vector, facts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpcache.media.records import Parts
from fpcache.media.video.borders import centre, playing_window
from fpcache.media.video.decoding import Video
from fpcache.media.video.frames import frame_hashes, frame_weights
from fpcache.media.video.vector import VECTOR_MODEL, time_averaged

__all__ = ["CROPS", "SOUND", "describe"]

CROPS = (0.9, 0.8)
SOUND = "sound_"


def describe(video: Video) -> Parts:
    """Return what a video is like.

    Returns
    -------
    Parts
        With the hashes ``frames`` (uint8, shape (n, windows, 32): without borders, two crops of that, and
        with the borders where there are any), ``times_s`` (float32, shape (n,)) and ``weights`` (uint8, shape
        (n,)); where there is sound, those of `fpcache.media.audio.describe` with ``sound_`` before their
        names. The vector is None where all frames are plain.
    """
    planes = video.planes
    whole = (slice(0, planes.shape[1]), slice(0, planes.shape[2]))
    playing = playing_window(planes)
    windows = [playing, *(centre(playing, share) for share in CROPS)]
    if playing != whole:
        windows.append(whole)
    hashes = frame_hashes(planes, windows)
    weights = frame_weights(planes, playing, hashes[:, 0])
    vector = time_averaged(planes, playing, weights)
    packed_weights = (weights * 255 + 0.5).astype(np.uint8)
    named: dict[str, NDArray[Any]] = {"frames": hashes, "times_s": video.times_s, "weights": packed_weights}
    if video.sound is not None:
        named |= {SOUND + name: array for name, array in video.sound.hashes.items()}
    metadata = {**video.metadata, "playing_share": _share(playing, whole)}
    return Parts(named, metadata, vector, VECTOR_MODEL if vector is not None else "", dtype="float64")


def _share(playing: tuple[slice, slice], whole: tuple[slice, slice]) -> list[float]:
    """Return what share of the height and of the width is no border."""
    return [round((part.stop - part.start) / all_.stop, 3) for part, all_ in zip(playing, whole, strict=True)]
