"""Files, bytes and samples become one stream of mono blocks, or say what is wrong."""

from __future__ import annotations

import io
import tracemalloc
import wave

import pytest
from made_up_music import RATE_HZ, add_picture, av, encode, melody, np

from fpcache.errors import MediaError
from fpcache.media.audio import decode, describe, from_samples
from fpcache.media.audio.sound import RATE_HZ as OWN_RATE_HZ

pytestmark = pytest.mark.media


def read(sound):
    return np.concatenate(list(sound.blocks))


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_s16le", 16_000),
        ("flac", "flac", 16_000),
        ("mp3", "libmp3lame", 44_100),
        ("ogg", "libopus", 48_000),
        ("adts", "aac", 22_050),
        ("mp4", "aac", 44_100),
    ],
)
def test_each_format_gives_the_same_sound_at_one_rate(container, codec, rate, song) -> None:
    sound = decode(encode(song[: 4 * RATE_HZ], container, codec, rate))
    samples = read(sound)
    assert len(samples) / OWN_RATE_HZ == pytest.approx(4.0, abs=0.15)
    assert sound.duration_s == pytest.approx(4.0, abs=0.15)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(song[: 4 * RATE_HZ] ** 2)), rel=0.1)
    assert sound.sample_rate == rate
    assert sound.codec in codec


def test_a_path_gives_what_its_bytes_give(tmp_path, song) -> None:
    content = encode(song[:RATE_HZ])
    path = tmp_path / "sö%ng?.wav"
    path.write_bytes(content)
    assert (read(decode(path)) == read(decode(content))).all()
    assert (read(decode(str(path))) == read(decode(content))).all()


def test_integers_and_floats_of_any_layout_are_the_same_sound(song) -> None:
    short = song[: 2 * RATE_HZ]
    expected = read(from_samples(short, RATE_HZ))
    for dtype, scale, middle in [
        ("int16", 2**15, 0),
        ("int32", 2**31, 0),
        ("float64", 1, 0),
        ("uint8", 2**7, 128),
    ]:
        samples = (short.astype(np.float64) * scale + middle).astype(dtype)
        assert np.abs(read(from_samples(np.stack([samples, samples]), RATE_HZ)) - expected).max() < 0.01


def test_a_file_that_breaks_off_gives_what_is_there(song) -> None:
    content = encode(song, "mp3", "libmp3lame", 44_100, 128_000)
    assert decode_duration(content[: len(content) // 2]) == pytest.approx(10.0, abs=0.5)


def decode_duration(content: bytes) -> float:
    return describe(decode(content)).metadata["duration_s"]


def silent_video() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        add_picture(output)
    return buffer.getvalue()


def wav_of_nothing() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as output:
        output.setparams((1, 2, 8000, 0, "NONE", ""))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no bytes at all"),
        (b"not a sound at all, but text" * 20, "is no sound FFmpeg can read"),
        (bytes(5000), "is no sound|no samples"),
        (encode(melody(3, 1.0))[:20], "is no sound|no samples"),
        (encode(melody(3, 1.0), "flac", "flac")[:60], "is no sound|no samples"),
        (silent_video(), "no sound stream"),
        (wav_of_nothing(), "no samples|is no sound"),
    ],
    ids=[
        "empty",
        "text",
        "zeros",
        "a WAV's first bytes",
        "a FLAC's first bytes",
        "a video without sound",
        "no samples",
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(content, message) -> None:
    with pytest.raises(MediaError, match=message):
        describe(decode(content))


def test_paths_that_hold_no_sound_are_refused_by_name(tmp_path) -> None:
    (tmp_path / "empty.mp3").touch()
    with pytest.raises(MediaError, match="empty.mp3 is empty"):
        decode(tmp_path / "empty.mp3")
    with pytest.raises(MediaError, match="gone.mp3 can't be read"):
        decode(tmp_path / "gone.mp3")
    with pytest.raises(MediaError, match="is no file"):
        decode(tmp_path)
    with pytest.raises(MediaError, match="int is no sound"):
        decode(5)


def test_a_list_of_files_cannot_make_it_open_other_files(tmp_path, song) -> None:
    (tmp_path / "secret.wav").write_bytes(encode(song[:RATE_HZ]))
    playlist = tmp_path / "list.ffconcat"
    playlist.write_text("ffconcat version 1.0\nfile 'secret.wav'\n")
    with pytest.raises(MediaError):
        describe(decode(playlist))
    with pytest.raises(MediaError):
        describe(decode(b"#EXTM3U\n#EXTINF:1,\n" + str(tmp_path / "secret.wav").encode() + b"\n"))


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), 8000, "no samples"),
        (np.zeros((2, 0)), 8000, "no samples"),
        (np.zeros((2, 2, 2)), 8000, "shape"),
        (np.zeros((8000, 2)), 8000, "not \\(n, channels\\)"),
        (np.array(["a"]), 8000, "shape"),
        (np.zeros(9, complex), 8000, "complex"),
        (np.zeros(9), 0, "sample rate of 0"),
        (np.zeros(9), -1, "sample rate"),
        (np.zeros(9), 10**9, "sample rate"),
        (np.zeros(9), 8000.5, "sample rate"),
        (np.zeros(9), True, "sample rate"),
        (np.zeros(9), float("nan"), "sample rate"),
    ],
)
def test_samples_that_are_none_are_refused_with_the_reason(samples, rate, message) -> None:
    with pytest.raises(MediaError, match=message):
        from_samples(samples, rate)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_single_sample_that_is_no_number_is_found(value) -> None:
    samples = np.zeros((2, 300_000))
    samples[1, 200_001] = value
    with pytest.raises(MediaError, match="NaN or infinity among samples 196608 to 262144"):
        describe(from_samples(samples, 48_000))


def test_a_sound_is_described_once_rather_than_as_silence_the_second_time() -> None:
    sound = from_samples(melody(3, 1.0), RATE_HZ)
    describe(sound)
    with pytest.raises(MediaError, match="was read before"):
        describe(sound)


def test_what_goes_on_for_too_long_is_refused_before_it_is_read_to_the_end(monkeypatch, song) -> None:
    endless = np.broadcast_to(np.zeros(1, np.int8), 12 * 3600 * 1000 + 1)
    with pytest.raises(MediaError, match="longer than 12 hours"):
        from_samples(endless, 1000)
    monkeypatch.setattr("fpcache.media.audio.decoding.LONGEST_S", 7.0)
    with pytest.raises(MediaError, match="is longer than"):
        describe(decode(encode(song)))


def test_channels_beyond_two_are_mixed(song) -> None:
    surround = np.zeros((6, 2 * RATE_HZ), np.float32)
    surround[4] = song[: 2 * RATE_HZ]
    assert (
        np.abs(read(from_samples(surround, RATE_HZ)) * 6 - read(from_samples(surround[4], RATE_HZ))).max()
        < 1e-3
    )


def test_memory_does_not_grow_with_length() -> None:
    def peak_bytes(minutes: int) -> int:
        samples = np.zeros(minutes * 60 * 8000, np.int16)
        samples[::7] = 3000
        tracemalloc.start()
        describe(from_samples(samples, 8000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    short, long = peak_bytes(2), peak_bytes(10)
    assert long - short < 8 * 60 * 8000 * 2  # less than the added samples take as int16
