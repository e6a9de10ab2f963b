import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")

from fpcache.errors import MediaError  # noqa: E402
from fpcache.media.image import (  # noqa: E402
    dct,
    hash_distance,
    luma_hashes,
)

pytestmark = pytest.mark.media

ORIENTATIONS = {
    "as is": lambda a: a,
    "left-right": lambda a: a[:, ::-1],
    "top-bottom": lambda a: a[::-1],
    "half turn": lambda a: a[::-1, ::-1],
    "transposed": lambda a: a.T,
    "quarter turn": np.rot90,
    "other quarter turn": lambda a: np.rot90(a, 3),
    "other diagonal": lambda a: a[::-1, ::-1].T,
}


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def hash_of(plane: np.ndarray) -> np.ndarray:
    return luma_hashes(np.ascontiguousarray(plane)[None])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), height=st.integers(17, 90), width=st.integers(17, 90))
def test_noise_is_found_again_in_all_eight_orientations_bit_for_bit(orientation, seed, height, width) -> None:
    plane = noise(seed, height, width)
    turned = ORIENTATIONS[orientation](plane)
    # Coefficients that are exactly 0 have no sign to be negated; noise has next to none.
    assert hash_distance(hash_of(plane), hash_of(turned))[0] <= 2


@settings(max_examples=30, deadline=None)
@given(seeds=st.lists(st.integers(0, 2**32), min_size=2, max_size=2, unique=True))
def test_the_distance_is_what_hashing_all_eight_turned_pictures_gives(seeds) -> None:
    a, b = (noise(seed, 40, 40) for seed in seeds)
    bits_b = np.unpackbits(hash_of(b))
    by_hashing = min(int((np.unpackbits(hash_of(turn(a))) != bits_b).sum()) for turn in ORIENTATIONS.values())
    assert hash_distance(hash_of(a), hash_of(b))[0] == by_hashing


def test_unrelated_noise_differs_in_some_110_bits_at_best() -> None:
    hashes = luma_hashes(np.stack([noise(seed, 64, 64) for seed in range(40)]))
    distances = hash_distance(hashes[:, None], hashes[None])[~np.eye(40, dtype=bool)]
    assert distances.min() > 80
    assert 105 < distances.mean() < 122


def test_distance_is_symmetric_and_broadcasts() -> None:
    hashes = luma_hashes(np.stack([noise(seed, 32, 48) for seed in range(6)]))
    table = hash_distance(hashes[:, None], hashes[None])
    assert table.shape == (6, 6)
    assert (table == table.T).all()
    assert (np.diag(table) == 0).all()


def test_a_batch_gives_each_frame_the_hash_it_has_alone() -> None:
    frames = np.stack([noise(seed, 45, 80) for seed in range(5)])
    alone = np.concatenate([luma_hashes(frame[None]) for frame in frames])
    assert (luma_hashes(frames) == alone).all()


def test_the_order_of_summation_does_not_reach_the_bits() -> None:
    # All sums are whole numbers that float64 holds; adding them in Python's integers must agree.
    plane = noise(3, 33, 50)
    centred = plane.astype(object) - int((2 * plane.sum(dtype=int) + plane.size) // (2 * plane.size))
    down, across = (dct.rounded_cosines(16, side, 1024).astype(int).astype(object) for side in plane.shape)
    coefficients = down.dot(centred).dot(across.T)
    assert (dct.packed((coefficients > 0)[None].astype(int)) == hash_of(plane)).all()


def test_the_cosines_are_exactly_even_or_odd() -> None:
    for length in (2, 17, 31, 64):
        cosines = dct.rounded_cosines(16, length, 1024)
        signs = np.where(np.arange(16) % 2, -1, 1)[:, None]
        assert (cosines[:, ::-1] == signs * cosines).all()


def test_bits_are_counted_alike_without_the_processor_instruction(monkeypatch) -> None:
    words = np.random.default_rng(0).integers(0, 2**63, (5, 7), np.uint64)
    fast = dct.bit_counts(words)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert (dct.bit_counts(words) == fast).all()
    assert (fast == [[bin(word).count("1") for word in row] for row in words.tolist()]).all()


def test_the_hash_of_a_known_picture_never_changes() -> None:
    rows, columns = np.mgrid[0:60, 0:100]
    plane = ((rows * 7 + columns * 3 + (rows * columns) // 11) % 256).astype(np.uint8)
    assert hash_of(plane)[0].tobytes().hex() == GOLDEN


GOLDEN = "01013111d8d5ca0fa00060c119256cf11e1e260ed2d70c411b1fd06f226b637e"


PRINT_ALL_HASHES = """
import numpy as np
from fpcache.media.image import decode_image, image_parts, luma_hashes

frames = np.random.default_rng(5).integers(0, 256, (9, 270, 480), np.uint8)
print(luma_hashes(frames).tobytes().hex())
for name, array in sorted(image_parts(decode_image(frames[0])).hashes.items()):
    print(name, array.shape, array.tobytes().hex())
"""


def test_another_process_with_more_threads_gives_the_same_bits() -> None:
    printed = set()
    for number in ("1", "3"):
        environment = {
            "PYTHONPATH": ":".join(sys.path),
            "PYTHONHASHSEED": number,
            "OPENBLAS_NUM_THREADS": number,
        }
        command = [sys.executable, "-c", PRINT_ALL_HASHES]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert not done.returncode, done.stderr
        printed.add(done.stdout)
    assert len(printed) == 1
    assert "patches (2" in printed.pop()


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((1, 4, 4), np.float32),
        np.zeros((1, 1, 400), np.uint8),
        np.broadcast_to(np.uint8(0), (1, 5000, 5000)),
    ],
)
def test_what_is_no_luma_plane_is_refused_with_advice(frames) -> None:
    with pytest.raises(MediaError, match="scale|stack"):
        luma_hashes(frames)
