"""The same sound is found after what happens to sound; other sound is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_music import RATE_HZ, described, encode, melody, np

from fpcache.errors import MediaError
from fpcache.media.audio import THRESHOLD, compare, compare_many, decode, describe
from fpcache.media.records import MediaFingerprint, Parts

pytestmark = pytest.mark.media


def test_equal_sound_scores_one(song, song_parts) -> None:
    similarity = compare(song_parts, described(song))
    assert similarity.score == 1.0
    assert similarity.evidence["bit_error_rate"] == 0.0
    assert similarity.evidence["offset_s"] == 0.0


@pytest.mark.parametrize(
    ("container", "codec", "rate", "bit_rate"),
    [
        ("mp3", "libmp3lame", 22_050, 24_000),
        ("ogg", "libopus", 48_000, 12_000),
        ("adts", "aac", 16_000, 24_000),
    ],
)
def test_a_lossy_copy_is_found(container, codec, rate, bit_rate, song, song_parts) -> None:
    similarity = compare(describe(decode(encode(song, container, codec, rate, bit_rate))), song_parts)
    assert similarity.is_match
    assert abs(similarity.evidence["offset_s"]) <= 0.1
    assert similarity.evidence["speed"] == pytest.approx(1.0, abs=0.005)
    assert similarity.evidence["matching_s"] > 15
    assert 0 < similarity.evidence["bit_error_rate"] < 0.3


@pytest.mark.parametrize("factor", [0.95, 0.98, 1.013, 1.037, 1.05])
def test_another_speed_is_found_and_named(factor, song, song_parts) -> None:
    faster = described(song, round(RATE_HZ * factor))
    similarity = compare(faster, song_parts)
    assert similarity.is_match
    assert similarity.evidence["speed"] == pytest.approx(factor, abs=0.005)
    assert similarity.evidence["pitch"] == pytest.approx(factor, abs=0.01)
    back = compare(song_parts, faster)
    assert back.score == similarity.score
    assert back.evidence["speed"] == pytest.approx(1 / factor, abs=0.005)


@pytest.mark.parametrize("seconds", [5, 10])
@pytest.mark.parametrize("start_s", [0.0, 3.33, 9.9])
def test_an_excerpt_is_found_at_its_place(seconds, start_s, song, song_parts) -> None:
    first = int(start_s * RATE_HZ)
    piece = described(song[first : first + seconds * RATE_HZ])
    similarity = compare(piece, song_parts)
    assert similarity.is_match
    assert similarity.evidence["offset_s"] == pytest.approx(start_s, abs=0.11)
    assert similarity.evidence["matching_s"] >= 0.7 * (seconds - 0.5)
    assert compare(song_parts, piece).evidence["offset_s"] == pytest.approx(-start_s, abs=0.11)


def test_two_recordings_that_overlap_are_found_with_the_overlap(song) -> None:
    first, second = described(song[: 13 * RATE_HZ]), described(song[8 * RATE_HZ :])
    similarity = compare(first, second)
    assert similarity.is_match
    assert similarity.evidence["offset_s"] == pytest.approx(-8.0, abs=0.15)
    assert 3.0 <= similarity.evidence["matching_s"] <= 5.0


@pytest.mark.parametrize("change", ["noise", "quiet", "bass", "loud beginning"])
def test_noise_volume_and_equalisers_do_not_hide_it(change, song, song_parts) -> None:
    random = np.random.default_rng(0)
    if change == "noise":
        changed = song + np.float32(0.3 * song.std()) * random.standard_normal(len(song)).astype(np.float32)
    elif change == "quiet":
        changed = song * np.float32(0.01)
    elif change == "bass":
        changed = song + np.float32(0.9) * np.concatenate([np.zeros(1, np.float32), song[:-1]])
    else:
        changed = np.concatenate([random.uniform(-1, 1, 3 * RATE_HZ).astype(np.float32), song])
    similarity = compare(described(changed), song_parts)
    assert similarity.is_match
    assert similarity.evidence["offset_s"] == pytest.approx(
        -3.0 if change == "loud beginning" else 0.0, abs=0.11
    )


def test_channels_that_cancel_each_other_out_are_heard(song, song_parts) -> None:
    opposed = described(np.stack([song, -song]))
    assert not opposed.metadata["is_silent"]
    assert compare(opposed, song_parts).is_match


def test_other_music_is_no_match() -> None:
    parts = [described(melody(seed, 10.0)) for seed in range(20, 32)]
    scores = [compare(a, b).score for index, a in enumerate(parts) for b in parts[:index]]
    assert max(scores) < THRESHOLD


def test_the_same_tune_played_otherwise_backwards_or_transposed_far_is_another_sound(
    song, song_parts
) -> None:
    assert not compare(described(song[::-1]), song_parts).is_match
    assert not compare(described(song, round(RATE_HZ * 1.5)), song_parts).is_match


def test_noise_is_found_in_itself_but_not_in_other_noise() -> None:
    first, second = (np.random.default_rng(seed).normal(0, 0.1, 12 * RATE_HZ) for seed in (1, 2))
    assert not compare(described(first), described(second)).is_match
    assert compare(described(first), described(first[3 * RATE_HZ :])).is_match


def test_silence_is_like_nothing_not_even_itself(song_parts) -> None:
    silence = described(np.zeros(8 * RATE_HZ))
    for a, b in [(silence, song_parts), (song_parts, silence), (silence, silence)]:
        similarity = compare(a, b)
        assert similarity.score == 0.0
        assert "silent" in similarity.evidence["why"]


def test_music_with_long_pauses_is_not_matched_by_its_pauses() -> None:
    gap = np.zeros(10 * RATE_HZ, np.float32)
    first = described(np.concatenate([melody(41, 3.0), gap, melody(42, 3.0)]))
    second = described(np.concatenate([melody(43, 3.0), gap, melody(44, 3.0)]))
    assert not compare(first, second).is_match


def test_a_steady_tone_says_that_there_is_nothing_to_recognise(song_parts) -> None:
    tone = described(0.5 * np.sin(2 * np.pi * 440 * np.arange(6 * RATE_HZ) / RATE_HZ))
    similarity = compare(tone, song_parts)
    assert not similarity.is_match


@pytest.mark.parametrize("seconds", [0.0001, 0.1, 0.6])
def test_a_blip_is_described_and_never_mistaken_for_music(seconds, song, song_parts) -> None:
    blip = described(song[: max(1, int(seconds * RATE_HZ))])
    assert blip.metadata["duration_s"] == pytest.approx(seconds, abs=0.001)
    assert not compare(blip, song_parts).is_match


def test_many_at_once_are_the_same_as_one_by_one(song_parts) -> None:
    others = [described(melody(seed, 6.0)) for seed in (1, 2, 3)]
    assert compare_many(song_parts, others) == [compare(song_parts, other) for other in others]


def test_a_stored_fingerprint_compares_as_the_fresh_one(song, song_parts) -> None:
    stored = MediaFingerprint.from_bytes(
        MediaFingerprint("audio", "00", "audio-1", song_parts).to_bytes()
    ).parts
    piece = described(song[5 * RATE_HZ : 12 * RATE_HZ])
    assert compare(piece, stored) == compare(piece, song_parts)


def test_parts_of_another_kind_are_refused(song_parts) -> None:
    with pytest.raises(MediaError, match="no sub-fingerprints"):
        compare(song_parts, Parts({"bits": np.zeros((4, 8), np.uint8), "active": np.ones(4, np.uint8)}))
    with pytest.raises(MediaError, match="no sub-fingerprints"):
        compare(Parts({}), song_parts)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 36_000 - 101),
    st.integers(48, 100),
    st.floats(0.0, 0.3),
)
def test_seconds_of_it_are_found_in_an_hour(seed, start, length, flipped) -> None:
    random = np.random.default_rng(seed)
    hour = random.integers(0, 256, (36_000, 12), dtype=np.uint8)
    errors = np.packbits(random.random((length, 96)) < flipped, axis=1)
    piece = Parts({"bits": hour[start : start + length] ^ errors, "active": np.ones(length, np.uint8)})
    similarity = compare(piece, Parts({"bits": hour, "active": np.ones(36_000, np.uint8)}))
    assert similarity.is_match
    assert similarity.evidence["offset_s"] == pytest.approx(start / 10, abs=0.11)
    assert similarity.evidence["bit_error_rate"] == pytest.approx(flipped, abs=0.06)
