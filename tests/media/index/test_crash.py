"""Killed at any moment, an index opens again with all that was promised."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fpcache.media import MediaIndex

from .made_fingerprints import image

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")

# Each line on its output was promised before it was written.
WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from made_fingerprints import image
from fpcache.media import MediaIndex
index = MediaIndex(sys.argv[1], numpy_below=30, candidates=4)
start = int(sys.argv[3])
for seed in range(start, start + 100_000):
    index.add(str(seed), image(seed))
    print("added", seed, flush=True)
    if seed % 5 == 0:
        index.remove(str(seed))
        print("removed", seed, flush=True)
    if seed % 7 == 0:
        index.update(str(seed), image(seed + 1_000_000)) if seed % 5 else None
        print("updated", seed, flush=True)
"""


def killed(path: Path, start: int, after_s: float) -> list[list[str]]:
    command = [sys.executable, "-c", WRITER, path, Path(__file__).parent, str(start)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    lines = [writer.stdout.readline()]
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    lines += writer.stdout.readlines()
    writer.wait()
    writer.stdout.close()
    return [line.split() for line in lines if line.endswith("\n")]


def test_nothing_promised_is_lost_and_nothing_comes_back(tmp_path):
    path, told, unsure = tmp_path / "media.sqlite", set(), set()
    moments = random.Random(5)
    for start in range(0, 400_000, 100_000):
        seeds = [int(seed) for _, seed in killed(path, start, moments.uniform(0.0, 0.9))]
        told.update(seeds)
        unsure |= {seeds[-1], seeds[-1] + 1}  # whose next step may have been done and not said
        with MediaIndex(path, numpy_below=30, candidates=4) as index:
            check_items(index, told, unsure)
            check_searches(index, [seed for seed in seeds if seed not in unsure and seed % 5 and seed % 7])
    assert len(told) > 40


def check_items(index, told, unsure):
    known = {int(item) for (item,) in index.store.connection.execute("SELECT id FROM items")}
    assert {seed for seed in told if seed % 5} - unsure <= known
    assert known - unsure <= {seed for seed in told if seed % 5}
    for seed in sorted(known - unsure)[::10]:
        expected = image(seed + 1_000_000 if seed % 7 == 0 else seed)
        assert index.get(str(seed)).fingerprint == expected
    for table in ("fingerprints", "vectors", "codes"):
        assert index.store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (len(known),)


def check_searches(index, seeds):
    for seed in seeds[:: max(1, len(seeds) // 10)]:
        found = index.search(image(2_000_000 + seed, like=seed), limit=1)
        assert [match.id for match in found] == [str(seed)]
    assert index.search(image(3_000_000)) == []
