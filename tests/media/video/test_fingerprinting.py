"""What is stored of a video: the same everywhere, and only of what plays."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_video import RATE, described, encode, moving_pictures, np

from fpcache.media.image import hash_distance
from fpcache.media.records import Parts
from fpcache.media.video import ALGORITHM, Video, compare, decode, describe
from fpcache.media.video.borders import centre, playing_window
from fpcache.media.video.frames import frame_hashes

pytestmark = pytest.mark.media


def squares(seed: int, count: int = 24) -> Video:
    """Return a video of whole-numbered squares, the same with any version of any library."""
    cells = np.random.default_rng(seed).integers(0, 256, (count, 16, 16), dtype=np.uint8)
    planes = np.kron(cells, np.ones((1, 8, 8), np.uint8))
    return Video(planes, np.arange(count, dtype=np.float32) / 4, {"duration_s": count / 4})


def digest(parts: Parts) -> str:
    named = sorted(parts.hashes.items())
    return hashlib.sha256(b"".join(name.encode() + array.tobytes() for name, array in named)).hexdigest()[:16]


def test_the_same_frames_keep_their_hashes_until_the_algorithm_gets_another_name() -> None:
    assert ALGORITHM == "video-1"
    assert digest(describe(squares(1))) == "107a51f5f0bc16ba"


SCRIPT = """
import sys
from fpcache.media.video import decode, describe
parts = describe(decode(sys.argv[1]))
import hashlib
for name, array in sorted(parts.hashes.items()):
    print(name, hashlib.sha256(array.tobytes()).hexdigest())
print(hashlib.sha256(parts.vector.tobytes()).hexdigest())
"""


def test_another_process_with_other_threads_and_hash_seed_gives_the_same_bits(film, tmp_path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(encode(film[:40], codec="libx264", bf="2"))
    printed = set()
    for number in ("1", "2"):
        given = os.environ | {
            "PYTHONHASHSEED": number, "OMP_NUM_THREADS": number, "OPENBLAS_NUM_THREADS": number,
        }  # fmt: skip
        run = [sys.executable, "-c", SCRIPT, str(path)]
        printed.add(subprocess.run(run, env=given, capture_output=True, check=True, text=True).stdout)
    assert len(printed) == 1


def test_importing_it_imports_no_numpy_and_no_decoder() -> None:
    code = "import sys, fpcache.media.video; sys.exit(bool({'numpy', 'av', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_vector_is_of_length_1_and_the_same_for_a_mirrored_video(film) -> None:
    vector, mirrored, other = (
        described(frames).vector.astype(np.float64)
        for frames in (film, film[:, :, ::-1], moving_pictures(70))
    )
    assert vector @ vector == pytest.approx(1, abs=0.01)
    assert vector @ mirrored > 0.99
    assert vector @ other < vector @ mirrored - 0.05


def test_hashes_are_those_of_the_image_room_turned_alike() -> None:
    planes = squares(3).planes
    whole = (slice(0, 128), slice(0, 128))
    hashes = frame_hashes(planes, [whole])[:, 0]
    mirrored = frame_hashes(planes[:, :, ::-1], [whole])[:, 0]
    assert (hash_distance(hashes, mirrored) <= 2).all()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(0, 40),
    columns=st.integers(0, 40),
    level=st.integers(0, 255),
)
def test_borders_of_any_width_and_level_are_found(seed, rows, columns, level) -> None:
    random = np.random.default_rng(seed)
    inner = random.integers(0, 256, (6, 128 - 2 * rows, 128 - 2 * columns), dtype=np.uint8)
    padding = ((0, 0), (rows, rows), (columns, columns))
    planes = np.pad(inner, padding, constant_values=level)
    assert playing_window(planes) == (slice(rows, 128 - rows), slice(columns, 128 - columns))


def test_a_dark_scene_with_bright_ones_around_it_makes_no_border() -> None:
    planes = np.random.default_rng(5).integers(40, 200, (20, 128, 128), dtype=np.uint8)
    planes[5:15, :50] = 0
    assert playing_window(planes) == (slice(0, 128), slice(0, 128))


def test_a_video_of_one_colour_has_no_borders() -> None:
    planes = np.full((9, 128, 128), 77, np.uint8)
    assert playing_window(planes) == (slice(0, 128), slice(0, 128))
    assert describe(Video(planes, np.arange(9, dtype=np.float32), {})).vector is None


@given(st.integers(0, 60), st.integers(64, 128), st.sampled_from([0.8, 0.9]))
def test_the_centre_of_a_window_is_as_far_from_both_sides(start, stop, share) -> None:
    rows, _ = centre((slice(start, stop), slice(0, 128)), share)
    assert rows.start - start == stop - rows.stop
    assert rows.stop - rows.start == pytest.approx(share * (stop - start), abs=2)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), start=st.integers(0, 60), length=st.integers(8, 40))
def test_a_piece_from_anywhere_is_found_where_it_was_cut(seed, start, length) -> None:
    whole = squares(seed, 100)
    piece = Video(whole.planes[start : start + length], whole.times_s[:length], {})
    found = compare(describe(piece), describe(whole))
    assert found.is_match
    assert found.evidence["offset_s"] == pytest.approx(start / 4, abs=0.1)


def test_a_video_of_one_frame_has_a_fingerprint() -> None:
    single = described(moving_pictures(1, 0.1))
    assert len(single.hashes["frames"]) == 1
    assert compare(single, described(moving_pictures(1, 6.0))).evidence["likeness"] > 0.8


def test_key_frames_alone_do_for_a_long_video(monkeypatch, film) -> None:
    content = encode(film, codec="libx264", g="8", bf="0", sc_threshold="0")
    whole = decode(content)
    monkeypatch.setattr("fpcache.media.video.decoding._LONG_S", 5.0)
    monkeypatch.setattr("fpcache.media.video.decoding._LEAST_KEYS_A_SECOND", 0.1)
    few = decode(content)
    assert len(few.planes) == len(film) // 8
    assert few.times_s == pytest.approx(np.arange(len(few.planes)) * 8 / RATE, abs=0.01)
    found = compare(describe(few), describe(whole))
    assert found.is_match
    assert abs(found.evidence["offset_s"]) < 0.3


def test_too_few_key_frames_are_not_taken_alone(monkeypatch, film) -> None:
    content = encode(film, codec="libx264", g="1000", bf="0", sc_threshold="0")
    monkeypatch.setattr("fpcache.media.video.decoding._LONG_S", 5.0)
    assert len(decode(content).planes) > 20
