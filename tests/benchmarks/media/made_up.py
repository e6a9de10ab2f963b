"""Media to measure speed with, made on the spot: pictures, music, a video, words."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

_HD = (1920, 1080)
_VIDEO_SIZE, _VIDEO_RATE = (1280, 720), 25
_SOUND_HZ = 44_100


def jpegs(count: int, made: int = 12) -> list[bytes]:
    """Return 1080p JPEG files with detail on all scales, such as photographs have.

    Above `made` the same pictures come again, with other bytes behind their end: each file is another.
    """
    files = [_jpeg(seed) for seed in range(min(made, count))]
    return [files[index % len(files)] + index.to_bytes(4) for index in range(count)]


def _jpeg(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    layers = np.zeros((*_HD[::-1], 3), np.float32)
    for cells in (4, 16, 64, 256, 960):
        grid = random.normal(0, 1, (cells * 9 // 16 + 1, cells, 3)).astype(np.float32)
        scaled = [Image.fromarray(grid[..., c]).resize(_HD, Image.Resampling.BICUBIC) for c in range(3)]
        layers += np.stack([np.asarray(each) for each in scaled], axis=-1) * (40 / cells**0.3)
    buffer = io.BytesIO()
    Image.fromarray((layers + 128).clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def music(seconds: float, seed: int = 0) -> bytes:
    """Return stereo notes with noise, as AAC at 128 kbit/s."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=_SOUND_HZ, layout="stereo")
        stream.bit_rate = 128_000
        _mux_sound(output, stream, _notes(seconds, seed))
    return buffer.getvalue()


def _notes(seconds: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    tones = 220 * 2 ** (random.integers(0, 24, int(seconds * 4)) / 12)
    phase = 2 * np.pi * np.cumsum(np.repeat(tones, _SOUND_HZ // 4)) / _SOUND_HZ
    left = 0.3 * np.sin(phase) + 0.1 * np.sin(3 * phase) + 0.01 * random.normal(size=len(phase))
    return np.stack([left, 0.8 * left]).astype(np.float32)


def _mux_sound(output: object, stream: object, samples: np.ndarray) -> None:
    import av

    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
    frame.sample_rate = _SOUND_HZ
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def video(seconds: float, seed: int = 0) -> bytes:
    """Return pans over pictures with music, as H.264 of 720p and AAC; a new picture every four seconds."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=_VIDEO_RATE, options={"preset": "fast", "crf": "23"})
        (stream.width, stream.height), stream.pix_fmt = _VIDEO_SIZE, "yuv420p"
        sound = output.add_stream("aac", rate=_SOUND_HZ, layout="stereo")
        page = np.zeros(0)
        for index in range(round(seconds * _VIDEO_RATE)):
            step = index % (4 * _VIDEO_RATE)
            if step == 0:
                page = np.asarray(Image.open(io.BytesIO(_jpeg(seed + index))))
            left, top = 5 * step, 3 * step
            shown = page[top : top + _VIDEO_SIZE[1], left : left + _VIDEO_SIZE[0]]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        _mux_sound(output, sound, _notes(seconds, seed))
    return buffer.getvalue()


def words(count: int, seed: int = 0) -> str:
    """Return a text of made-up words, of which some come often, in sentences."""
    random = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlcumwfgypbvk"))
    known = ["".join(random.choice(letters, random.integers(2, 10))) for _ in range(4000)]
    drawn = [known[min(int(number), 3999)] for number in random.zipf(1.3, count)]
    return " ".join(word + ("." if index % 17 == 16 else "") for index, word in enumerate(drawn))
