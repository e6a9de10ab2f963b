"""Videos are found again after what happens to them, and others are not."""

from __future__ import annotations

import pytest
from made_up_video import RATE, SOUND_HZ, described, moving_pictures, np, tune

from fpcache.errors import MediaError
from fpcache.media import fingerprint, similarity
from fpcache.media.records import MediaFingerprint, Parts
from fpcache.media.video import THRESHOLD, compare

pytestmark = pytest.mark.media


def bars(frames, rows=0, columns=0):
    return np.pad(frames, ((0, 0), (rows, rows), (columns, columns)))


def noisy(frames):
    noise = np.random.default_rng(3).normal(0, 10, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "other codec": lambda film: described(film, container="webm", codec="libvpx", deadline="realtime"),
    "half the size": lambda film: described(film[:, ::2, ::2]),
    "half the rate": lambda film: described(film[::2], rate=RATE // 2),
    "letterbox": lambda film: described(bars(film, rows=16)),
    "pillarbox": lambda film: described(bars(film, columns=32)),
    "start cut off": lambda film: described(film[35:]),
    "end cut off": lambda film: described(film[:80]),
    "darker": lambda film: described((film * 0.5 + 20).astype(np.uint8)),
    "noise": lambda film: described(noisy(film)),
    "crop": lambda film: described(film[:, 4:-4, 6:-6]),
    "faster": lambda film: described(film, rate=10.4),
    "inside another": lambda film: described(
        np.concatenate([moving_pictures(8, 5), film[20:100], moving_pictures(9, 5)])
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_video_is_found_again(change, film, film_parts) -> None:
    changed = CHANGES[change](film)
    found = compare(film_parts, changed)
    assert found.is_match
    assert compare(changed, film_parts).score == found.score
    assert found.evidence["orientation"] == "as is"


@pytest.mark.parametrize(
    ("name", "turned"),
    [
        ("mirrored left-right", lambda film: film[:, :, ::-1]),
        ("mirrored top-bottom", lambda film: film[:, ::-1]),
        ("half turn", lambda film: film[:, ::-1, ::-1]),
    ],
)
def test_a_mirrored_video_is_found_and_said_to_be_mirrored(name, turned, film, film_parts) -> None:
    found = compare(described(bars(turned(film), rows=12)), film_parts)
    assert found.is_match
    assert found.evidence["orientation"] == name
    assert found.evidence["is_mirrored"] == name.startswith("mirrored")


def test_frames_that_are_mirrored_each_another_way_are_no_mirrored_video(film, film_parts) -> None:
    mixed = film.copy()
    for start in range(0, len(film), 30):
        mixed[start : start + 15] = film[start : start + 15, :, ::-1]
    found, whole = compare(described(mixed), film_parts), compare(film_parts, film_parts)
    assert found.evidence["matching_share"] < 0.9
    assert found.score < whole.score


@pytest.mark.parametrize("seed", range(20, 32))
def test_another_video_is_not_found(seed, film_parts) -> None:
    assert not compare(described(moving_pictures(seed, 8.0)), film_parts).is_match


def test_the_evidence_says_where_the_piece_lies(film, film_parts) -> None:
    piece = described(film[42:92])
    found = compare(piece, film_parts)
    assert found.evidence["offset_s"] == pytest.approx(4.2, abs=0.2)
    assert found.evidence["matching_s"] == pytest.approx(5.0, abs=0.5)
    assert found.evidence["matching_share"] > 0.9
    assert compare(film_parts, piece).evidence["offset_s"] == pytest.approx(-4.2, abs=0.2)


def test_the_evidence_says_how_much_faster_it_is(film, film_parts) -> None:
    found = compare(described(film, rate=10.4), film_parts)
    assert found.evidence["speed"] == pytest.approx(1.04, abs=0.01)
    assert compare(film_parts, described(film, rate=10.4)).evidence["speed"] == pytest.approx(
        1 / 1.04, abs=0.01
    )


def test_black_frames_and_grey_ones_are_like_nothing() -> None:
    black = described(np.zeros((40, 64, 64), np.uint8))
    grey = described(np.full((40, 64, 64), 128, np.uint8))
    for a, b in [(black, black), (black, grey), (grey, grey)]:
        found = compare(a, b)
        assert found.score == 0
        assert "plain" in found.evidence["why"]
        assert a.vector is None


def test_a_black_lead_in_shared_by_two_videos_makes_them_no_match(film) -> None:
    black = np.full((60, *film.shape[1:]), 2, np.uint8)
    first = described(np.concatenate([black, film]))
    second = described(np.concatenate([black, moving_pictures(40)]))
    assert not compare(first, second).is_match


def test_a_still_picture_says_no_more_in_an_hour_than_in_a_second(film) -> None:
    short, long = (described(np.repeat(film[:1], count, axis=0)) for count in (20, 400))
    told = [parts.hashes["weights"].sum() / 255 for parts in (short, long)]
    assert told[1] < 3 * told[0]


def test_sound_that_fits_at_the_same_time_adds_to_the_score_and_another_takes_nothing(film) -> None:
    weak = noisy(np.roll(film, 11, axis=2))[:, 8:, :-16][:20]
    plain = compare(described(weak), described(film)).score
    song, other = tune(1), tune(2)
    whole = described(film, sound=song)
    with_sound = compare(described(weak, sound=song[: 2 * SOUND_HZ]), whole)
    assert with_sound.score >= plain
    assert with_sound.evidence["sound"] > 0.5
    assert compare(described(film, sound=other), whole).is_match
    assert compare(described(film), whole).evidence["sound"] is None


def test_the_same_sound_under_other_pictures_is_no_match(film) -> None:
    song = tune(4)
    found = compare(described(moving_pictures(50), sound=song), described(film, sound=song))
    assert found.evidence["sound"] > 0.5
    assert not found.is_match


def test_the_fingerprint_survives_being_written_down_and_goes_through_the_public_way(film, tmp_path) -> None:
    from made_up_video import encode

    path = tmp_path / "film.mp4"
    path.write_bytes(encode(film, sound=tune(1)))
    made = fingerprint(path)
    assert made.kind == "video"
    assert made.metadata["has_sound"]
    assert MediaFingerprint.from_bytes(made.to_bytes()) == made
    assert similarity(made, encode(film[:, :, ::-1][30:])).is_match
    assert fingerprint(path, kind="audio").kind == "audio"


def test_the_score_is_the_same_whichever_comes_first_and_within_bounds(film_parts) -> None:
    for seed in range(60, 64):
        other = described(moving_pictures(seed, 5.0))
        forth, back = compare(film_parts, other), compare(other, film_parts)
        assert forth.score == back.score
        assert 0 <= forth.score <= 1
    assert compare(film_parts, film_parts).score > THRESHOLD


def test_parts_of_another_kind_are_refused(film_parts) -> None:
    with pytest.raises(MediaError, match=r"video\.describe"):
        compare(film_parts, Parts({"bits": np.zeros((1, 12), np.uint8)}))
    uneven = dict(film_parts.hashes) | {"weights": film_parts.hashes["weights"][:-1]}
    with pytest.raises(MediaError, match="differ in number"):
        compare(film_parts, Parts(uneven))
