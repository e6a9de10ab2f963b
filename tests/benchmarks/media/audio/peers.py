"""Other fingerprints of sound, measured in the same run: Chromaprint with an offset vote, and ISCC's code."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import av
import numpy as np

__all__ = ["Chromaprint", "chromaprint_score", "iscc_score", "load_with_libraries"]

_RATE_HZ = 11_025
_LEAST_OVERLAP = 20


def load_with_libraries(folder: Path) -> None:
    """Start this program again with a folder of shared libraries; these can't be named later on."""
    paths = f"{folder}/usr/lib/x86_64-linux-gnu:{folder}/lib/x86_64-linux-gnu"
    if os.environ.get("LD_LIBRARY_PATH") != paths:
        os.environ["LD_LIBRARY_PATH"] = paths
        os.execv(sys.executable, [sys.executable, *sys.argv])


class Chromaprint:
    """Raw fingerprints of the C library, fed with what PyAV decodes."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libchromaprint.so.1")
        self._library.chromaprint_new.restype = ctypes.c_void_p

    def __call__(self, path: object) -> np.ndarray:
        """Return 32-bit sub-fingerprints of a file, about 8 a second."""
        library, context = self._library, ctypes.c_void_p(self._library.chromaprint_new(1))
        library.chromaprint_start(context, _RATE_HZ, 1)
        with av.open(path, metadata_errors="ignore") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=_RATE_HZ)
            for frame in [*_frames(container), None]:
                for part in resampler.resample(frame):
                    samples = np.ascontiguousarray(part.to_ndarray())
                    library.chromaprint_feed(context, samples.ctypes.data_as(ctypes.c_void_p), samples.size)
        library.chromaprint_finish(context)
        values, size = ctypes.POINTER(ctypes.c_uint32)(), ctypes.c_int()
        library.chromaprint_get_raw_fingerprint(context, ctypes.byref(values), ctypes.byref(size))
        result = np.array(values[: size.value], np.uint32)
        library.chromaprint_free(context)
        return result


def _frames(container: av.container.InputContainer) -> list[av.AudioFrame]:
    frames = []
    for frame in container.decode(audio=0):
        frame.pts = None
        frames.append(frame)
    return frames


def chromaprint_score(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far the bit error rate is below one half at the best offset, weighted by the overlap."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) < 2:
        return 0.0
    least = min(len(short), max(_LEAST_OVERLAP, len(short) // 2))
    pad = len(short) - least
    padded = np.pad(long, (pad, pad))
    inside = np.pad(np.ones(len(long), np.float32), (pad, pad))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(short))
    errors = np.bitwise_count(windows ^ short).astype(np.float32)
    present = np.lib.stride_tricks.sliding_window_view(inside, len(short))
    overlap = present.sum(axis=1)
    rate = (errors * present).sum(axis=1) / (32 * overlap)
    return float(((0.5 - rate) * np.sqrt(overlap / len(short))).max())


def iscc_code(values: np.ndarray) -> np.ndarray:
    """Return the 256 bits of ISCC's audio code over Chromaprint's values."""
    import base64

    import iscc_lib

    code = iscc_lib.gen_audio_code_v0(values.view(np.int32).tolist(), bits=256)["iscc"].removeprefix("ISCC:")
    return np.unpackbits(np.frombuffer(base64.b32decode(code + "=" * (-len(code) % 8)), np.uint8)[2:])


def iscc_score(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of equal bits."""
    return float((a == b).mean())
