"""Measures an hour of sound: memory and time to describe it, and excerpts of 10 s found in it."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from corpus import tracks
from evaluate import loaded
from transforms import encoded, excerpt, noisy, sped

from fpcache.media.audio import decode, describe
from fpcache.media.audio.comparing import compare_ready, ready
from fpcache.media.audio.sound import Sound

_HOUR_S = 3600.0


def chained(paths: list[Path]) -> tuple[Sound, dict[Path, float]]:
    """Return tracks played one after the other, an hour in all, and where each begins once it is read."""
    begins: dict[Path, float] = {}
    whole = Sound(iter(()), "an hour", "", 44_100, 2)

    def blocks() -> Iterator[np.ndarray]:
        for path in paths:
            if whole.duration_s >= _HOUR_S:
                return
            part = decode(path)
            begins[path] = whole.duration_s
            yield from part.blocks
            whole.duration_s += part.duration_s
            whole.levels.samples += part.levels.samples
            whole.levels.peak = max(whole.levels.peak, part.levels.peak)

    whole.blocks = blocks()
    return whole, begins


def main() -> None:
    """Describe an hour, then look for excerpts of what is in it and of what is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    paths = tracks(parser.parse_args().corpus, held_out=True)[::3]
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    sound, begins = chained(paths)
    hour = describe(sound)
    spent_s = time.perf_counter() - started
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    size_kb = sum(array.nbytes for array in hour.hashes.values()) / 1000
    print(f"{sound.duration_s:.0f} s in {spent_s:.1f} s, {grown_mb:.0f} MB more memory, {size_kb:.0f} kB")
    prepared = ready(hour)
    changes = {
        "10 s": lambda samples: excerpt(samples, 10, 0),
        "10 s, noise 10 dB": lambda samples: noisy(excerpt(samples, 10, 0), 10, 0),
        "10 s, speed +3 %": lambda samples: sped(excerpt(samples, 10, 0), 1.03),
        "5 s, speed -4 %": lambda samples: sped(excerpt(samples, 5, 0), 0.96),
    }
    for name, change in changes.items():
        found, wrong, times_s = [], [], []
        for path in paths[:40:2]:
            query = ready(describe(decode(encoded(change(loaded(path, 60))))))
            started = time.perf_counter()
            similarity = compare_ready(query, prepared)
            times_s.append(time.perf_counter() - started)
            offset_s = similarity.evidence.get("offset_s", 0.0)
            if path in begins:
                found.append(similarity.is_match and begins[path] < offset_s < begins[path] + 70)
            else:
                wrong.append(similarity.is_match)
        right, mistaken = f"{sum(found)} of {len(found)}", f"{sum(wrong)} of {len(wrong)}"
        spent_ms = 1e3 * np.median(times_s)
        print(f"{name}: {right} found in their track, {mistaken} absent ones matched, {spent_ms:.0f} ms each")


if __name__ == "__main__":
    main()
