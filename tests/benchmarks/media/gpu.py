"""Hashes, vectors, speed and memory on a graphics card: ``python tests/benchmarks/media/gpu.py``, minutes.

Prints tables for `docs/media-measured.md`. Says what is checked and ends with status 1 where something
differs from the CPU: hashes must be the same bits, vectors the same but for rounding. Where there is no CUDA
device it says so, and does the same with few pictures on the CPU, which shows only that the script works.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

os.environ["FPCACHE_DIR"] = tempfile.mkdtemp(prefix="fpcache-gpu-")

import torch
from made_up import jpegs

from fpcache import media
from fpcache.media.devices import CPU, Placement, choose_placements
from fpcache.media.image import compare, decode_image, image_model, image_parts_many
from fpcache.media.image.device_hashes import Planes, hashes_on_devices
from fpcache.media.image.fingerprinting import HashedImage, hashed_image
from fpcache.media.image.vectors import ImageModel

LEAST_COSINE = 0.998
_TRIES = 5


@dataclass(slots=True)
class Setting:
    """What is measured on, and how much."""

    placements: Sequence[Placement]
    model: ImageModel
    pictures: list[HashedImage]
    files: list[bytes]
    is_cuda: bool
    problems: list[str]

    def check(self, holds: bool, claim: str) -> None:
        """Print a claim, and remember where it doesn't hold."""
        print(f"- {'holds' if holds else '**does not hold**'}: {claim}")
        if not holds:
            self.problems.append(claim)


def seconds(run: Callable[[], object], tries: int = _TRIES) -> float:
    """Return the median time of some tries, after one that warms up."""
    run()
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def _planes(pictures: Sequence[HashedImage]) -> list[Planes]:
    return [one.planes for one in pictures if one.planes is not None]


def same_hashes(setting: Setting) -> None:
    """Compare the hashes of the device with NumPy's, bit by bit."""
    given = _planes(setting.pictures)
    differing = 0
    for one, made in zip(setting.pictures, hashes_on_devices(given, setting.placements), strict=True):
        (by_numpy,) = image_parts_many([one])
        differing += any(
            array.shape != made[name].shape or (array != made[name]).any()
            for name, array in by_numpy.hashes.items()
        )
    setting.check(not differing, f"hashes of {len(given)} pictures are those of NumPy ({differing} differ)")


def same_vectors(setting: Setting) -> None:
    """Compare the vectors of the device with those of the CPU in float32."""
    few = setting.pictures[:64]
    squares = [one.square for one in few]
    single = ImageModel(setting.model.network, CPU).vectors(squares).vectors.astype(float)
    own = setting.model.vectors(squares).vectors.astype(float)
    cosines = (single * own).sum(axis=1)
    bound = LEAST_COSINE if setting.is_cuda else 0.98
    claim = f"cosines to the CPU's float32 vectors are at least {bound} (least {cosines.min():.5f}, median "
    setting.check(bool(cosines.min() >= bound), f"{claim}{np.median(cosines):.5f})")
    on_cpu = image_parts_many(few, ImageModel(setting.model.network, CPU))
    scores = [compare(a, b) for a, b in zip(on_cpu, image_parts_many(few, setting.model), strict=True)]
    least = min(one.score for one in scores)
    matches = all(one.is_match for one in scores)
    setting.check(matches, f"each picture matches itself across devices (score at least {least:.4f})")


def speeds(setting: Setting) -> None:
    """Print images a second for the steps and for all of it."""
    count, squares = len(setting.pictures), [one.square for one in setting.pictures]
    given = _planes(setting.pictures)
    print("\n| step | images/s |\n|---|---|")
    for size in (32, 64, 128, 256, 512) if setting.is_cuda else (8,):
        took_s = seconds(lambda size=size: setting.model.vectors(squares, size))
        print(f"| vectors, batches of {size} | {count / took_s:,.0f} |")
    took_s = seconds(lambda: hashes_on_devices(given, setting.placements))
    print(f"| hashes, on the device | {count / took_s:,.0f} |")
    took_s = seconds(lambda: image_parts_many(setting.pictures, setting.model))
    print(f"| hashes and vectors, of scaled pictures | {count / took_s:,.0f} |")
    cpus, devices = os.cpu_count(), [one.device for one in setting.placements]
    for wants_vector, what in ((True, "with vectors"), (False, "hashes only, on the CPU")):
        took_s = seconds(lambda wants=wants_vector: _from_files(setting.files, devices, wants), 3)
        print(f"| 1080p JPEG files, {cpus} CPUs, {what} | {len(setting.files) / took_s:,.0f} |")


def _from_files(files: list[bytes], devices: list[str], wants_vector: bool) -> None:
    media.cache.clear(stored=True)
    media.fingerprint_batch(files, device=devices, vector=wants_vector, on_error="raise")


def memory(setting: Setting) -> None:
    """Print the peak of allocated memory for several sizes of batch."""
    print("\n| batches of | peak memory |\n|---|---|")
    squares = [one.square for one in setting.pictures]
    for size in (32, 128, 512):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        setting.model.vectors(squares, size)
        print(f"| {size} pictures, vectors | {torch.cuda.max_memory_allocated() / 2**20:,.0f} MiB |")
    torch.cuda.reset_peak_memory_stats()
    hashes_on_devices(_planes(setting.pictures), setting.placements)
    print(f"| 128 pictures, hashes | {torch.cuda.max_memory_allocated() / 2**20:,.0f} MiB |")


def out_of_memory(setting: Setting) -> None:
    """Leave the first card less and less memory; results must come all the same."""
    squares = [one.square for one in setting.pictures[:256]]
    expected = setting.model.vectors(squares).vectors.astype(float)
    all_bytes = torch.cuda.mem_get_info(0)[1]
    alone = ImageModel(setting.model.network, setting.placements[0])
    alone.vectors(squares[:1])
    for more_mib in (256, 32, 1):
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(
            (torch.cuda.memory_reserved(0) + (more_mib << 20)) / all_bytes, 0
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = alone.vectors(squares, 256)
        torch.cuda.set_per_process_memory_fraction(1.0, 0)
        least = (found.vectors.astype(float) * expected).sum(axis=1).min()
        where = sorted({one.device for one in found.placements})
        warned = "with" if any("no memory left" in str(one.message) for one in told) else "without"
        claim = f"with {more_mib} MiB left, all is computed (on {where}, {warned} a warning)"
        setting.check(bool(least >= LEAST_COSINE), f"{claim}, least cosine {least:.5f}")


def compiled(setting: Setting) -> None:
    """Print what torch.compile with CUDA graphs would bring, and from how many pictures on it would pay."""
    network = setting.model.network.__class__
    images = torch.randn(128, 3, 224, 224, device=setting.placements[0].torch_name, dtype=torch.float16)
    images = images.contiguous(memory_format=torch.channels_last)
    eager = network().eval().to(images.device, torch.float16, memory_format=torch.channels_last)
    print("\n| network alone, batches of 128 | images/s | prepared in |\n|---|---|---|")
    for name, mode in (("as it is", None), ("torch.compile", "default"), ("with graphs", "reduce-overhead")):
        began = time.perf_counter()
        run = eager if mode is None else torch.compile(eager, mode=mode)
        with torch.inference_mode():
            for _ in range(3):
                run(images)
            torch.cuda.synchronize()
            prepared_s = time.perf_counter() - began
            took_s = seconds(lambda run=run: (run(images), torch.cuda.synchronize()), 20)
        print(f"| {name} | {128 / took_s:,.0f} | {prepared_s:.1f} s |")


def setting_for(device: str | None, count: int) -> Setting:
    """Return what to measure with: all cards unless one is named; the CPU where there is none."""
    is_cuda = torch.cuda.is_available() and device != "cpu"
    count = count if is_cuda else 12
    placements = choose_placements(device if is_cuda else ["cpu:0", "cpu:1"])
    found = image_model([one.device for one in placements])
    files = jpegs(count, made=24 if is_cuda else 3)
    made = [hashed_image(decode_image(data), wants_vector=True, hashes_later=True) for data in files[:24]]
    pictures = [made[index % len(made)] for index in range(count)]
    return Setting(placements, found, pictures, files, is_cuda, [])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default=None, help="such as cuda:1; all cards by default")
    parser.add_argument("--count", type=int, default=2048, help="how many pictures")
    parser.add_argument(
        "--compile", action="store_true", help="measure torch.compile, too: a minute or two more"
    )
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA device: what follows is the CPU, and says nothing of a card.\n")
    setting = setting_for(options.device, options.count)
    named = [
        torch.cuda.get_device_name(one.device) if setting.is_cuda else one.device
        for one in setting.placements
    ]
    print(f"{' and '.join(named)}, {setting.placements[0].dtype}, torch {torch.__version__}, "
          f"CUDA {torch.version.cuda}, {os.cpu_count()} CPUs, {len(setting.files)} pictures\n")  # fmt: skip
    same_hashes(setting)
    same_vectors(setting)
    if setting.is_cuda:
        out_of_memory(setting)
        memory(setting)
    speeds(setting)
    if setting.is_cuda and options.compile:
        compiled(setting)
    print(f"\n{len(setting.problems)} problems" + "".join(f"\n- {one}" for one in setting.problems))
    return 1 if setting.problems else 0


if __name__ == "__main__":
    sys.exit(main())
