"""How fast each kind is fingerprinted, decoding included: ``python tests/benchmarks/media/speed.py``.

Prints a table with the targets. Each way is tried several times, the ways taking turns; told are medians of
wall time, and of this process's CPU time, which says more where other work runs on the machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

os.environ["FPCACHE_DIR"] = tempfile.mkdtemp(prefix="fpcache-speed-")

from made_up import jpegs, music, video, words

from fpcache import media

_JPEGS = 32


@dataclass(slots=True)
class Task:
    """Something that is timed.

    Attributes
    ----------
    name : str
        What it is.
    target_s : float
        What one of `count` should take at most on two processors.
    run : callable
        Does it once.
    is_known : bool
        Whether what was found before may be taken from the cache.
    """

    name: str
    target_s: float
    run: Callable[[], object]
    count: int = 1
    is_known: bool = False
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def timed(self) -> None:
        """Do it once more, and note how long it took."""
        if not self.is_known:
            media.cache.clear(stored=True)
        wall, cpu = time.perf_counter(), time.process_time()
        self.run()
        self.wall_s.append((time.perf_counter() - wall) / self.count)
        self.cpu_s.append((time.process_time() - cpu) / self.count)

    def row(self) -> str:
        """Return a line of the table; the first try, which loads libraries, is left out."""
        wall, cpu = (float(np.median(times[1:])) for times in (self.wall_s, self.cpu_s))
        return f"| {self.name} | {_told(wall)} | {_told(cpu)} | {_told(self.target_s)} |"


def _told(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.2 else f"{seconds * 1e3:.1f} ms"


def tasks() -> list[Task]:
    """Make the media, and return what is done with them."""
    pictures, sound, film, text = jpegs(_JPEGS), music(180), video(60), words(10_000)
    known = media.fingerprint(pictures[0], vector=False)
    assert known.kind == "image"
    return [
        Task(
            "1080p JPEG, hashes", 1 / 100,
            lambda: media.fingerprint_batch(pictures, vector=False, on_error="raise"), _JPEGS,
        ),
        Task(
            "1080p JPEG, hashes and vector", 1 / 25,
            lambda: media.fingerprint_batch(pictures, vector=True, device="cpu", on_error="raise"), _JPEGS,
        ),
        Task("3 min of stereo AAC", 0.5, lambda: media.fingerprint(sound, "audio")),
        Task("1 min of 720p H.264 with AAC", 3.0, lambda: media.fingerprint(film, "video")),
        Task("text of 10,000 words", 0.010, lambda: media.fingerprint(text)),
        Task(
            "known 1080p JPEG, from memory", 0.001, lambda: media.fingerprint(pictures[0], vector=False),
            is_known=True,
        ),
    ]  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is tried")
    parser.add_argument("--only", default="", help="only what has this in its name")
    options = parser.parse_args()
    found = [task for task in tasks() if options.only in task.name]
    for _ in range(options.rounds + 1):
        for task in found:
            if task.is_known:
                task.run()  # the others have cleared the cache
            task.timed()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    print("| what | wall | CPU | target |\n|---|---|---|---|")
    print("\n".join(task.row() for task in found))


if __name__ == "__main__":
    main()
