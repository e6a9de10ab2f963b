"""What is measured next to fpcache: hashes of frames by PDQ, compared in two ways.

References
----------
Davis and Rosen, "Open-sourcing photo- and video-matching technology" (PDQ, TMK+PDQF), 2019; the rule of vPDQ
is that of the same authors' ThreatExchange.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
import pdqhash

__all__ = ["PdqVideo", "pdq_of_video", "tmk_score", "vpdq_score"]

_PER_SECOND = 2
_LEAST_QUALITY = 50
_MOST_BITS = 31


@dataclass(frozen=True, slots=True, eq=False)
class PdqVideo:
    """Time-averaged floats, shape (256,), and the bits of frames of some quality, shape (n, 256)."""

    mean: np.ndarray
    bits: np.ndarray


def pdq_of_video(content: bytes) -> PdqVideo:
    """Decode all frames and hash two a second."""
    floats, bits, slot = [], [], -1
    with av.open(io.BytesIO(content), metadata_errors="ignore") as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            if int(frame.time * _PER_SECOND) == slot:
                continue
            slot = int(frame.time * _PER_SECOND)
            values, quality = pdqhash.compute_float(frame.to_ndarray(format="rgb24"))
            floats.append(values)
            if quality >= _LEAST_QUALITY:
                bits.append(np.asarray(values) > np.median(values))
    mean = np.mean(floats, axis=0)
    stacked = np.stack(bits) if bits else np.zeros((0, 256), bool)
    return PdqVideo(mean / max(float(np.linalg.norm(mean)), 1e-9), stacked)


def tmk_score(a: PdqVideo, b: PdqVideo) -> float:
    """Return the cosine of the time-averaged floats, as the first level of TMK+PDQF does."""
    return float(a.mean @ b.mean)


def vpdq_score(a: PdqVideo, b: PdqVideo) -> float:
    """Return the share of one's frames that the other has within 31 bits, of the one that has more."""
    if not len(a.bits) or not len(b.bits):
        return 0.0
    differing = (a.bits[:, None] ^ b.bits[None]).sum(axis=2) <= _MOST_BITS
    return float(max(differing.any(axis=1).mean(), differing.any(axis=0).mean()))
