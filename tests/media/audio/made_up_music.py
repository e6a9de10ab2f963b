"""Made-up music: enough like music to be recognised, different for every seed."""

from __future__ import annotations

import io

import pytest

from fpcache.media.audio import describe, from_samples

np = pytest.importorskip("numpy", reason="NumPy is missing; it comes with the media extra")
av = pytest.importorskip("av", reason="PyAV is missing; it comes with the media extra")
pytest.importorskip("scipy", reason="SciPy is missing; it comes with the media extra")

RATE_HZ = 16_000


def melody(seed: int, seconds: float = 20.0, rate: int = RATE_HZ):
    """Return plucked notes of two voices with a little noise, float32, shape (n,)."""
    random = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * rate) + rate)
    for _ in range(2):
        start = 0.0
        while start < seconds:
            length = random.choice([0.2, 0.3, 0.45, 0.6])
            time_s = np.arange(int(1.5 * length * rate)) / rate
            tone = 200.0 * 2.0 ** (random.integers(0, 30) / 12)
            strengths = random.uniform(0.1, 1.0, 4) / np.arange(1, 5)
            note = sum(
                strength * np.sin(2 * np.pi * tone * (number + 1) * time_s)
                for number, strength in enumerate(strengths)
            )
            first = int(start * rate)
            note = (note * np.exp(-4 * time_s / length))[: len(samples) - first]
            samples[first : first + len(note)] += note
            start += length
    samples = samples[: int(seconds * rate)] + 0.003 * random.standard_normal(int(seconds * rate))
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)


def encode(samples, container="wav", codec="pcm_s16le", rate=RATE_HZ, bit_rate=0) -> bytes:
    """Encode mono samples in memory."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
        if container == "mp4":
            add_picture(output)
        resampler = av.AudioResampler(format=stream.codec_context.format or "s16", layout="mono", rate=rate)
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def add_picture(output) -> None:
    """Add a video stream of one black picture."""
    stream = output.add_stream("mpeg4", rate=1)
    stream.width = stream.height = 32
    stream.pix_fmt = "yuv420p"
    picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
    output.mux(stream.encode(picture))
    output.mux(stream.encode(None))


def described(samples, rate: int = RATE_HZ):
    """Return the parts of samples."""
    return describe(from_samples(samples, rate))
