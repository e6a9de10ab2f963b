"""Files and bytes become small pictures at fixed times, or say what is wrong."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from made_up_video import RATE, SOUND_HZ, av, encode, moving_pictures, np, tune

from fpcache.errors import MediaError
from fpcache.media.video import decode, describe
from fpcache.media.video.sampling import INTERVAL_S, Samples

pytestmark = pytest.mark.media


def test_metadata_says_what_the_file_is(film) -> None:
    facts = decode(encode(film, sound=tune(1))).metadata
    assert (facts["width"], facts["height"], facts["codec"]) == (128, 96, "mpeg4")
    assert facts["duration_s"] == pytest.approx(12.0, abs=0.05)
    assert facts["frame_rate"] == pytest.approx(RATE)
    assert facts["frames"] == len(film)
    assert facts["rotation"] == 0
    assert facts["has_sound"] is True
    assert facts["is_truncated"] is False
    assert decode(encode(film)).metadata["has_sound"] is False


@pytest.mark.parametrize("rate", [5, 10, 24, 30, 60])
def test_one_frame_in_each_interval_is_kept_whatever_the_rate(rate) -> None:
    frames = moving_pictures(2, 12.0)[: 4 * rate]
    video = decode(encode(frames, rate=rate))
    length_s = len(frames) / rate
    assert len(video.planes) == pytest.approx(length_s / INTERVAL_S, abs=1.1)
    assert (np.diff(video.times_s) > 0).all()
    assert (np.floor(video.times_s / INTERVAL_S + 0.01)[1:] > 0).all()


def test_passing_over_frames_that_none_needs_keeps_the_times(film) -> None:
    content = encode(np.repeat(film, 3, axis=0), codec="libx264", rate=3 * RATE, preset="veryfast", bf="3")
    video = decode(content)
    shown = film.reshape(-1, 8, 12, 8, 16).mean(axis=(2, 4))
    kept = video.planes.reshape(-1, 8, 16, 8, 16).mean(axis=(2, 4))
    nearest = np.abs(shown[None] - kept[:, None]).mean(axis=(2, 3)).argmin(axis=1)
    assert np.abs(nearest - video.times_s * RATE).max() <= 1.01


def test_a_path_gives_what_its_bytes_give(film, tmp_path) -> None:
    path = tmp_path / "fïlm?.mp4"
    path.write_bytes(encode(film))
    from_path, from_bytes = decode(path), decode(path.read_bytes())
    assert (from_path.planes == from_bytes.planes).all()
    assert (from_path.times_s == from_bytes.times_s).all()


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_rotation_tag_is_followed(turned, film) -> None:
    upright = decode(encode(film)).planes
    video = decode(encode(np.rot90(film, -turned // 90, axes=(1, 2)), turned=turned))
    assert (video.metadata["width"], video.metadata["height"]) == (128, 96)
    assert np.abs(video.planes.astype(int) - upright).mean() < 8


def test_what_breaks_off_gives_what_is_there(film) -> None:
    content = encode(film, container="mpegts", codec="mpeg2video", rate=25)
    half = decode(content[: len(content) // 2])
    assert 0 < half.metadata["duration_s"] < 0.8 * len(film) / 25
    whole = encode(film, container="avi", rate=RATE)
    cut = decode(whole[: len(whole) // 2])
    assert cut.metadata["is_truncated"] is True
    assert len(cut.planes) < 40


def test_damage_in_the_middle_leaves_the_rest(film) -> None:
    content = bytearray(encode(film, container="mpegts", codec="mpeg2video"))
    content[len(content) // 3 : len(content) // 3 + 3000] = bytes(3000)
    assert len(decode(bytes(content)).planes) > 20


def sound_alone() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=SOUND_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(tune(1, 1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = SOUND_HZ
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def video_without_frames() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.height = stream.width = 64
        stream.pix_fmt = "yuv420p"
        output.start_encoding()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no bytes at all"),
        (b"not a film at all, but text" * 20, "can't be opened"),
        (bytes(5000), "can't be opened|no video stream|no frame"),
        (encode(moving_pictures(1, 1.0))[:200], "can't be opened"),
        (sound_alone(), "no video stream"),
        (video_without_frames(), "no frame|can't be opened|no video stream"),
    ],
    ids=["empty", "text", "zeros", "an MP4's first bytes", "sound alone", "no frames"],
)
def test_what_is_no_video_is_refused_with_the_reason(content, message) -> None:
    with pytest.raises(MediaError, match=message):
        decode(content)


def test_what_is_no_file_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(MediaError, match=r"gone\.mp4"):
        decode(tmp_path / "gone.mp4")
    with pytest.raises(MediaError, match="can't be read"):
        decode(tmp_path)


def test_frames_that_are_too_large_are_refused_before_they_are_decoded(monkeypatch, film) -> None:
    monkeypatch.setattr("fpcache.media.video.decoding.MAX_PIXELS", 96 * 128 - 1)
    with pytest.raises(MediaError, match="128 x 96"):
        decode(encode(film[:5]))


def test_what_goes_on_for_too_long_is_refused(monkeypatch, film) -> None:
    monkeypatch.setattr("fpcache.media.video.decoding.LONGEST_S", 5.0)
    with pytest.raises(MediaError, match="longer than"):
        decode(encode(film))


def test_a_list_of_files_cannot_make_it_open_other_files(tmp_path, film) -> None:
    (tmp_path / "secret.mp4").write_bytes(encode(film[:10]))
    playlist = tmp_path / "list.ffconcat"
    playlist.write_text("ffconcat version 1.0\nfile 'secret.mp4'\n")
    with pytest.raises(MediaError):
        decode(playlist)


def test_a_sound_track_that_cannot_be_decoded_leaves_the_pictures(monkeypatch, film) -> None:
    def broken(source):
        raise MediaError("this sound is broken")

    monkeypatch.setattr("fpcache.media.audio.decode", broken)
    video = decode(encode(film[:20], sound=tune(1, 2.0)))
    assert video.sound is None
    assert video.metadata["sound_problem"] == "this sound is broken"
    assert len(video.planes) > 0


def test_samples_thin_out_rather_than_grow() -> None:
    samples = Samples(most=64)
    plane = np.zeros((1, 1), np.uint8)
    for index in range(10_000):
        if samples.wants(index * 0.1):
            samples.add(index * 0.1, plane)
        assert len(samples.planes) < 64
    assert samples.interval_s == INTERVAL_S * 2 ** round(np.log2(samples.interval_s / INTERVAL_S))
    assert np.abs(np.diff(samples.times_s) - samples.interval_s).max() <= 0.11
    assert samples.times_s[-1] > 990


def test_memory_does_not_grow_with_length(monkeypatch) -> None:
    monkeypatch.setattr("fpcache.media.video.sampling.MOST_FRAMES", 64)
    monkeypatch.setattr("fpcache.media.video.decoding.Samples", lambda: Samples(64))
    frames = moving_pictures(5, 4.0)
    peaks = []
    for repeats in (6, 24):
        content = encode(np.tile(frames, (repeats, 1, 1)), rate=4)
        tracemalloc.start()
        describe(decode(content))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000


def test_a_packet_of_a_stream_that_nobody_told_of_is_passed_over() -> None:
    from fpcache.media.video.decoding import _decoded, _Progress

    class Packet:
        def decode(self):
            return ["a frame"]

    class Container:
        """Raises as PyAV does, and ends the iterator with it."""

        def __init__(self):
            self.left = [Packet(), IndexError("list index out of range"), Packet(), Packet()]

        def demux(self, stream):
            while self.left:
                item = self.left.pop(0)
                if isinstance(item, IndexError):
                    raise item
                yield item

    assert list(_decoded(Container(), None, _Progress())) == ["a frame"] * 3


@pytest.mark.parametrize("seed", range(30))
def test_damage_anywhere_gives_a_fingerprint_or_the_reason(seed, film) -> None:
    random = np.random.default_rng(seed)
    container, codec = [("mp4", "mpeg4"), ("matroska", "libx264"), ("mpegts", "mpeg2video")][seed % 3]
    content = bytearray(encode(film[:20], container=container, codec=codec))
    within = len(content) if seed % 2 else 600
    for place in random.integers(0, within, 30):
        content[place] = random.integers(256)
    reason = ""
    try:
        frames = len(describe(decode(bytes(content))).hashes["frames"])
    except MediaError as error:
        frames, reason = 0, str(error)
    assert frames > 0 or "bytes given" in reason
