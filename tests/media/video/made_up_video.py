"""Made-up videos: pictures that move and change, different for every seed."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest

np = pytest.importorskip("numpy", reason="NumPy is missing; it comes with the media extra")
av = pytest.importorskip("av", reason="PyAV is missing; it comes with the media extra")
pytest.importorskip("scipy", reason="SciPy is missing; it comes with the media extra")

RATE = 10
SOUND_HZ = 16_000


def moving_pictures(seed: int, seconds: float = 12.0, size: tuple[int, int] = (96, 128)):
    """Return grey frames at `RATE`: a new picture every second and a half, each wandering a little."""
    random = np.random.default_rng(seed)
    height, width = size
    frames = []
    while len(frames) < seconds * RATE:
        cells = random.integers(0, 256, (9, 12)).astype(np.float64)
        rows, columns = np.linspace(0.3, 6.5, height), np.linspace(0.3, 9.0, width)
        down, across = random.uniform(-0.05, 0.05, 2)
        for step in range(15):
            frames.append(_interpolated(cells, rows + step * down + 0.7, columns + step * across + 0.7))
    return np.stack(frames[: round(seconds * RATE)])


def _interpolated(cells, rows, columns):
    across = np.stack([np.interp(columns, np.arange(cells.shape[1]), row) for row in cells])
    both = np.stack([np.interp(rows, np.arange(len(cells)), column) for column in across.T], axis=1)
    return both.astype(np.uint8)


def tune(seed: int, seconds: float = 12.0):
    """Return a melody at `SOUND_HZ`, float32, shape (n,)."""
    tones = np.random.default_rng(seed).choice([220, 262, 294, 330, 392, 440, 523, 587], int(seconds * 4))
    phase = np.cumsum(np.repeat(tones, SOUND_HZ // 4)) * (2 * np.pi / SOUND_HZ)
    return (0.4 * np.sin(phase) + 0.1 * np.sin(3 * phase)).astype(np.float32)


def encode(frames, container="mp4", codec="mpeg4", rate=RATE, sound=None, turned=0, **options) -> bytes:
    """Encode grey frames, and mono samples at `SOUND_HZ`, in memory."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=Fraction(rate).limit_denominator(1000), options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        if turned:
            stream.set_display_rotation(turned)
        heard = output.add_stream("aac", rate=SOUND_HZ, layout="mono") if sound is not None else None
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="gray")
            output.mux(stream.encode(frame.reformat(format="yuv420p")))
        output.mux(stream.encode(None))
        if heard is not None:
            frame = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            frame.sample_rate = SOUND_HZ
            output.mux(heard.encode(frame))
            output.mux(heard.encode(None))
    return buffer.getvalue()


def described(frames, **how):
    """Return the parts of frames that went through an encoder."""
    from fpcache.media.video import decode, describe

    return describe(decode(encode(frames, **how)))
