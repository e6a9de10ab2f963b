"""What happens to sound on its way through the world: samples in, an encoded file out."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import av
import numpy as np
from scipy import signal

__all__ = ["RATE_HZ", "TRANSFORMS", "encoded"]

RATE_HZ = 44_100
Samples = np.ndarray
"""Float32, shape (2, n), at `RATE_HZ`."""


def encoded(
    samples: Samples,
    container: str = "wav",
    codec: str = "pcm_s16le",
    bit_rate: int = 0,
    rate: int = RATE_HZ,
    layout: str = "stereo",
) -> bytes:
    """Encode samples in memory."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        experimental = {"strict": "experimental"} if codec == "vorbis" else {}
        stream = output.add_stream(codec, rate=rate, layout=layout, options=experimental)
        if bit_rate:
            stream.bit_rate = bit_rate
        wanted = stream.codec_context.format.name if stream.codec_context.format else "s16"
        resampler = av.AudioResampler(format=wanted, layout=layout, rate=rate)
        for start in range(0, samples.shape[1], 1 << 16):
            piece = np.ascontiguousarray(
                np.clip(samples[:, start : start + (1 << 16)], -1, 1), dtype=np.float32
            )
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = RATE_HZ
            for converted in resampler.resample(frame):
                output.mux(stream.encode(converted))
        for converted in resampler.resample(None):
            output.mux(stream.encode(converted))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def sped(samples: Samples, factor: float) -> Samples:
    """Play faster, pitch and all."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
    frame.sample_rate = round(RATE_HZ * factor)
    pieces = [part.to_ndarray() for part in [*resampler.resample(frame), *resampler.resample(None)]]
    return np.concatenate(pieces, axis=1)


def filtered(samples: Samples, name: str, arguments: str) -> Samples:
    """Send samples through a filter of FFmpeg."""
    graph = av.filter.Graph()
    source = graph.add(
        "abuffer",
        sample_rate=str(RATE_HZ),
        sample_fmt="fltp",
        channel_layout="stereo",
        time_base=f"1/{RATE_HZ}",
    )
    change, form, sink = (
        graph.add(name, arguments),
        graph.add("aformat", "sample_fmts=fltp"),
        graph.add("abuffersink"),
    )
    source.link_to(change)
    change.link_to(form)
    form.link_to(sink)
    graph.configure()
    pieces = []
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts = RATE_HZ, 0
    graph.push(frame)
    graph.push(None)
    while True:
        try:
            pieces.append(graph.pull().to_ndarray())
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(pieces, axis=1)


def noisy(samples: Samples, snr_db: float, seed: int) -> Samples:
    """Add pink-ish noise at a signal-to-noise ratio over the whole piece."""
    random = np.random.default_rng(seed)
    white = random.standard_normal(samples.shape).astype(np.float32)
    noise = signal.lfilter([1.0], [1.0, -0.9], white, axis=1) * 0.3 + white * 0.5
    level = np.sqrt(np.mean(samples**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixed = samples + level * noise
    return (mixed / max(1.0, np.abs(mixed).max())).astype(np.float32)


def excerpt(samples: Samples, seconds: float, seed: int) -> Samples:
    """Cut out seconds from somewhere that is not near silence."""
    length = int(seconds * RATE_HZ)
    if samples.shape[1] <= length:
        return samples
    random = np.random.default_rng(seed)
    loud = np.sqrt(np.mean(samples**2))
    for _ in range(50):
        start = int(random.integers(0, samples.shape[1] - length))
        piece = samples[:, start : start + length]
        if np.sqrt(np.mean(piece**2)) > 0.1 * loud:
            break
    return piece


def shelved(samples: Samples, gain_db: float, is_bass: bool) -> Samples:
    """Boost the bass below 300 Hz or the treble above 2500 Hz."""
    cut = signal.butter(2, 300 if is_bass else 2500, "low" if is_bass else "high", fs=RATE_HZ, output="sos")
    boosted = samples + (10 ** (gain_db / 20) - 1) * signal.sosfilt(cut, samples, axis=1)
    return (boosted / max(1.0, np.abs(boosted).max())).astype(np.float32)


def phoned(samples: Samples) -> Samples:
    """Keep the telephone's band, 300 to 3400 Hz."""
    band = signal.butter(4, [300, 3400], "band", fs=RATE_HZ, output="sos")
    return signal.sosfilt(band, samples, axis=1).astype(np.float32)


def echoing(samples: Samples, seed: int) -> Samples:
    """Put it into a hall: an exponential tail of 0.9 s, as loud as the direct sound."""
    random = np.random.default_rng(seed)
    count = int(0.9 * RATE_HZ)
    tail = random.standard_normal((2, count)) * 10 ** (-3 * np.arange(count) / count)
    tail *= 1.0 / np.sqrt((tail**2).sum(axis=1, keepdims=True))
    wet = signal.oaconvolve(samples, tail, axes=1)[:, : samples.shape[1]]
    mixed = samples + wet
    return (mixed / max(1.0, np.abs(mixed).max())).astype(np.float32)


def faded(samples: Samples, seconds: float = 8.0) -> Samples:
    """Fade in and out."""
    count = min(int(seconds * RATE_HZ), samples.shape[1] // 2)
    gain = np.ones(samples.shape[1], np.float32)
    gain[:count], gain[len(gain) - count :] = np.linspace(0, 1, count), np.linspace(1, 0, count)
    return samples * gain


def _as_wav(change: Callable[..., Samples], samples: Samples, seed: int, **options: float) -> bytes:
    if "seed" in change.__code__.co_varnames[: change.__code__.co_argcount]:
        return encoded(change(samples, seed=seed, **options))
    return encoded(change(samples, **options))


def _as_is(samples: Samples, seed: int, **options: object) -> bytes:
    return encoded(samples, **options)


def _crowd(samples: Samples, seed: int) -> bytes:
    """Ten seconds recorded in a noisy place, sent as a low MP3."""
    return encoded(noisy(excerpt(samples, 10, seed), 10, seed), "mp3", "libmp3lame", 64_000)


def _fast_excerpt(samples: Samples, seed: int, factor: float, seconds: float = 10) -> bytes:
    return encoded(sped(excerpt(samples, seconds, seed), factor))


TRANSFORMS: dict[str, Callable[[Samples, int], bytes]] = {
    "MP3 32 kbit/s": partial(_as_is, container="mp3", codec="libmp3lame", bit_rate=32_000),
    "Opus 16 kbit/s": partial(_as_is, container="ogg", codec="libopus", bit_rate=16_000, rate=48_000),
    "AAC 32 kbit/s": partial(_as_is, container="adts", codec="aac", bit_rate=32_000),
    "Vorbis 48 kbit/s": partial(_as_is, container="ogg", codec="vorbis", bit_rate=48_000),
    "noise 20 dB": partial(_as_wav, noisy, snr_db=20),
    "noise 10 dB": partial(_as_wav, noisy, snr_db=10),
    "excerpt 10 s": partial(_as_wav, excerpt, seconds=10),
    "excerpt 5 s": partial(_as_wav, excerpt, seconds=5),
    "8 kHz": partial(_as_is, rate=8000),
    "mono": partial(_as_is, layout="mono"),
    "speed -5 %": partial(_as_wav, sped, factor=0.95),
    "speed -2 %": partial(_as_wav, sped, factor=0.98),
    "speed +2 %": partial(_as_wav, sped, factor=1.02),
    "speed +5 %": partial(_as_wav, sped, factor=1.05),
    "tempo -5 %": partial(_as_wav, filtered, name="atempo", arguments="0.95"),
    "tempo +5 %": partial(_as_wav, filtered, name="atempo", arguments="1.05"),
    "bass +12 dB": partial(_as_wav, shelved, gain_db=12, is_bass=True),
    "treble +12 dB": partial(_as_wav, shelved, gain_db=12, is_bass=False),
    "phone band": partial(_as_wav, phoned),
    "volume -20 dB": partial(_as_wav, lambda samples: samples * np.float32(0.1)),
    "start trimmed 17 s": partial(
        _as_wav, lambda samples: samples[:, min(17 * RATE_HZ, samples.shape[1] // 2) :]
    ),
    "reverb": partial(_as_wav, echoing),
    "fade 8 s": partial(_as_wav, faded),
    "10 s, noise 10 dB, MP3": _crowd,
    "10 s, speed +2 %": partial(_fast_excerpt, factor=1.02),
    "10 s, speed -5 %": partial(_fast_excerpt, factor=0.95),
    "5 s, speed +3 %": partial(_fast_excerpt, factor=1.03, seconds=5),
}
