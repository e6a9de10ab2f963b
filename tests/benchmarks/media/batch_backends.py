"""What backends of a batch give: python tests/benchmarks/media/batch_backends.py

Fingerprints made-up media with nothing known, on each backend in turns, and prints medians, and ratios to
threads of the same round. Then runs the network on the same pictures here, and in processes that share the
processors.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np
from PIL import Image

BACKENDS = ("threads", "processes", "loky")
BATCH = 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="what is measured, by a part of its name")
    given = parser.parse_args()
    os.environ["FPCACHE_DIR"] = tempfile.mkdtemp()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, {given.workers} workers")
    for kind, make in CORPORA.items():
        if given.only in kind:
            items = make()
            print(
                f"{kind}, {len(items)}: " + compared(items, kind == "images with vectors", given), flush=True
            )
    if given.only in "network":
        print("network: " + networks(given))


def picture(seed: int, size: tuple[int, int] = (1920, 1080)) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (27, 48, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def plain(image: Image.Image) -> bytes:
    """Return a picture as a PPM file of text, which Pillow reads in Python, with its lock held."""
    rows = "\n".join(" ".join(map(str, row)) for row in np.asarray(image).reshape(image.height, -1).tolist())
    return f"P3\n{image.width} {image.height}\n255\n{rows}\n".encode()


def sound(seed: int, rate: int = 44100) -> bytes:
    import av

    steps = np.random.default_rng(seed).choice([220, 262, 294, 330, 392, 440, 523, 587], 240)
    wave = np.sin(2 * np.pi * np.cumsum(np.repeat(steps, rate // 4)) / rate).astype(np.float32)[None] * 0.5
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave, format="flt", layout="mono")
        frame.sample_rate = rate
        for resampled in av.AudioResampler(format="flt", layout="mono", rate=48000).resample(frame):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def video(seed: int) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        whole = picture(seed, (1280, 720))
        for shift in range(250):
            frame = av.VideoFrame.from_image(whole.crop((shift, shift, shift + 640, shift + 360)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def text(seed: int) -> str:
    words = ["".join(chr(97 + c) for c in row) for row in np.random.default_rng(0).integers(0, 26, (5000, 5))]
    return " ".join(words[n] for n in np.random.default_rng(seed).integers(0, 5000, 33_000))


CORPORA = {
    "images": lambda: [encoded(picture(seed), "JPEG") for seed in range(64)],
    "images with vectors": lambda: [encoded(picture(seed), "JPEG") for seed in range(32)],
    "images whose reader is Python": lambda: [plain(picture(seed, (640, 480))) for seed in range(16)],
    "sounds of 60 s": lambda: [sound(seed) for seed in range(12)],
    "videos of 10 s": lambda: [video(seed) for seed in range(6)],
    "texts of 200,000 letters": lambda: [text(seed) for seed in range(24)],
}


def compared(items: list, vector: bool, given: argparse.Namespace) -> str:
    """Time the backends in turns, and describe them."""
    times: dict[str, list[float]] = {name: [] for name in BACKENDS}
    for round_ in range(given.rounds + 1):
        for name in BACKENDS:
            seconds = timed(items, name, vector, given.workers)
            if round_:  # the first starts processes and loads libraries
                times[name].append(seconds)
    return "; ".join(f"{name} {told(times[name], times['threads'])}" for name in BACKENDS)


def told(seconds: list[float], base: list[float]) -> str:
    ratio = statistics.median(b / a for a, b in zip(seconds, base, strict=True))
    return f"{statistics.median(seconds):.2f} s ({ratio:.2f} times as fast as threads)"


def timed(items: list, backend: str, vector: bool, workers: int) -> float:
    from fpcache.media import caching, fingerprint_batch, fingerprinting

    caching.cache = fingerprinting.cache = caching.FingerprintCache()
    began_s = time.perf_counter()
    assert all(fingerprint_batch(items, backend=backend, vector=vector, workers=workers))
    return time.perf_counter() - began_s


def networks(given: argparse.Namespace) -> str:
    """Run the network on one set of pictures here and in processes, in turns."""
    batches = [
        [np.asarray(picture(BATCH * number + one, (224, 224))) for one in range(BATCH)] for number in range(8)
    ]
    here, there = [], []
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        for round_ in range(given.rounds + 1):
            began_s = time.perf_counter()
            for batch in batches:
                model(None).vectors(batch)
            middle_s = time.perf_counter()
            list(pool.map(vectors_there, batches, [max(1, os.cpu_count() // given.workers)] * len(batches)))
            if round_:
                here.append(middle_s - began_s)
                there.append(time.perf_counter() - middle_s)
    ratio = statistics.median(b / a for a, b in zip(here, there, strict=True))
    return (
        f"{BATCH * len(batches)} pictures here {statistics.median(here):.2f} s, in processes "
        f"{statistics.median(there):.2f} s (here {ratio:.2f} times as fast)"
    )


@cache
def model(threads: int | None):
    import torch

    from fpcache.media.image import image_model

    if threads:
        torch.set_num_threads(threads)
    return image_model("cpu", download=False)


def vectors_there(batch: list, threads: int) -> int:
    return len(model(threads).vectors(batch).vectors)


if __name__ == "__main__":
    main()
