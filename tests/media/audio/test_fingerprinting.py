"""Parts are the same everywhere, and the facts in them are true."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_music import RATE_HZ, described, melody, np

from fpcache.media.audio import ALGORITHM
from fpcache.media.audio.bands import band_energies
from fpcache.media.audio.cells import pack, sub_fingerprints, unpack

pytestmark = pytest.mark.media

DIGEST = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from made_up_music import described, melody
parts = described(melody(5, 15.0))
arrays = [parts.hashes["bits"], parts.hashes["active"], parts.vector]
print(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


def test_every_process_hash_seed_and_thread_count_gives_the_same_bits() -> None:
    digests = set()
    for hash_seed, threads in (("0", "1"), ("77", "4")):
        environment = dict(os.environ, PYTHONHASHSEED=hash_seed)
        environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        done = subprocess.run(
            [sys.executable, "-c", DIGEST, str(Path(__file__).parent)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_importing_it_loads_no_heavy_library() -> None:
    heavy = {"numpy", "scipy", "av", "librosa", "torch"}
    code = f"import fpcache.media.audio, sys; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60_000), max_size=12))
def test_where_blocks_are_cut_does_not_show(cuts) -> None:
    samples = melody(7, 10.0, 8000)
    places = [0, *sorted(cut % len(samples) for cut in cuts), len(samples)]
    blocks = [samples[start:stop] for start, stop in pairwise(places)]
    assert (band_energies(blocks) == band_energies([samples])).all()


def test_a_long_sound_is_described_as_its_parts_are() -> None:
    energies = np.random.default_rng(0).random((5000, 96)).astype(np.float32)
    bits, active = sub_fingerprints(energies)
    middle, _ = sub_fingerprints(energies[1800:2400])
    assert active.all()
    assert (bits[1820:2380] == middle[20:-20]).mean() > 0.9999


def test_half_of_the_bits_are_set(song_parts) -> None:
    assert np.unpackbits(song_parts.hashes["bits"]).mean() == pytest.approx(0.5, abs=0.1)


def test_packing_is_undone_by_unpacking() -> None:
    bits = np.random.default_rng(1).random((50, 96)) > 0.5
    active = np.arange(50) % 5 > 0
    assert (unpack(*pack(bits, active)) == np.where(bits, 1, -1) * active[:, None]).all()


def test_volume_changes_almost_no_bit(song, song_parts) -> None:
    quiet = described(song * np.float32(0.05))
    differing = np.unpackbits(quiet.hashes["bits"] ^ song_parts.hashes["bits"]).mean()
    assert differing < 0.002


def test_the_vector_is_of_length_one_and_near_that_of_an_excerpt(song, song_parts) -> None:
    vector = song_parts.vector
    assert (vector.dtype, vector.shape) == (np.float16, (77,))
    assert np.linalg.norm(vector.astype(float)) == pytest.approx(1.0, abs=2e-3)
    excerpt = described(song[4 * RATE_HZ : 14 * RATE_HZ]).vector.astype(float)
    others = [described(np.random.default_rng(seed).normal(0, 0.1, 5 * RATE_HZ)).vector for seed in (0, 1)]
    assert excerpt @ vector > max(other.astype(float) @ vector for other in others) + 0.2


def test_the_facts_are_those_of_the_source() -> None:
    time_s = np.arange(3 * 44_100) / 44_100
    sound = np.stack([0.5 * np.sin(2 * np.pi * 500 * time_s), 0.5 * np.sin(2 * np.pi * 800 * time_s)])
    facts = described(sound, 44_100).metadata
    assert (facts["duration_s"], facts["sample_rate"], facts["channels"]) == (3.0, 44_100, 2)
    assert facts["peak_dbfs"] == pytest.approx(-6.0, abs=0.1)
    assert facts["loudness_dbfs"] == pytest.approx(-9.0, abs=0.1)
    assert not facts["is_silent"]
    assert not facts["is_clipped"]


def test_clipping_is_noticed(song) -> None:
    clipped = described(np.clip(song * 4, -1, 1)).metadata
    assert clipped["is_clipped"]
    assert clipped["clipped_share"] == pytest.approx((np.abs(song * 4) >= 0.999).mean(), rel=0.5)
    assert not described(song).metadata["is_clipped"]


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_has_a_fingerprint_of_its_length(level) -> None:
    dither = np.random.default_rng(0).uniform(-level, level, 5 * RATE_HZ)
    parts = described(dither)
    assert parts.metadata["is_silent"]
    assert parts.vector is None
    assert not parts.hashes["bits"].any()
    assert not parts.hashes["active"].any()
    assert len(parts.hashes["bits"]) == pytest.approx(45, abs=1)


def test_other_bits_would_need_another_name() -> None:
    samples = np.random.default_rng(1).standard_normal(40_000).astype(np.float32) * 0.1
    packed, _ = pack(*sub_fingerprints(band_energies([samples])))
    golden = np.load(Path(__file__).parent / "audio_1_noise.npy")
    assert ALGORITHM == "audio-1"
    assert np.unpackbits(packed ^ golden).mean() < 1e-3  # the last digit of a logarithm may differ elsewhere
