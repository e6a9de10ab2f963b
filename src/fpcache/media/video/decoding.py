"""From an encoded video to small luma planes at fixed intervals of time, and facts about it."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fpcache.errors import MediaError
from fpcache.media.records import Parts
from fpcache.media.video.sampling import SIDE, Samples

__all__ = ["LONGEST_S", "MAX_PIXELS", "Video", "decode"]

MAX_PIXELS = 36_000_000  # just above 8K
LONGEST_S = 12 * 3600.0
_MOST_DECODED = 6_000_000
_MOST_DAMAGED = 1000
# From this length on key frames alone are decoded, where there are enough of them.
_LONG_S = 20 * 60.0
_LOOKED_AT_S = 60.0
_LEAST_KEYS_A_SECOND = 0.2
_LEAST_RATE_TO_SKIP = 16.0
# Others' decoders take a frame that is passed over for an error.
_CAN_SKIP = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vc1", "vp8", "vp9", "wmv3"})
_UNKNOWN_RATE = 25.0
_NO_OTHER_FILES = {"protocol_whitelist": "none"}
"""A playlist would otherwise have FFmpeg open what it names, on this machine or on a network."""


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """What is kept of a decoded video.

    Attributes
    ----------
    planes : ndarray of uint8, shape (n, 128, 128)
        Luma of frames, upright, squeezed into a square; n is at least 1 and below 4096.
    times_s : ndarray of float32, shape (n,)
        When each is shown, from the first frame on, rising.
    metadata : mapping of str to object
        Facts, as JSON holds them.
    sound : Parts or None
        What the sound track is like, as `fpcache.media.audio.describe` says.
    """

    planes: NDArray[np.uint8]
    times_s: NDArray[np.float32]
    metadata: Mapping[str, Any]
    sound: Parts | None = None


@dataclass(slots=True)
class _Progress:
    """What was noticed while frames were decoded."""

    first_s: float | None = None
    last_s: float = 0.0
    decoded: int = 0
    damaged: int = 0
    rotation: int = 0


def decode(source: bytes | str | Path) -> Video:
    """Decode a video as a stream, and keep small pictures of it: memory doesn't grow with its length.

    Frames that no other frame needs are passed over, and of a long video all but the key frames. One that
    breaks off, or is damaged, gives what can be decoded; ``is_truncated`` and ``damaged_packets`` in its
    metadata tell.

    Parameters
    ----------
    source : bytes, str or Path
        An encoded file's content, or its path.

    Raises
    ------
    MediaError
        If it can't be opened, holds no video or no frame that can be decoded, has frames of more than 36
        million pixels, or is longer than 12 hours.
    """
    name = f"the {len(source):,} bytes given" if isinstance(source, bytes) else f"the file '{source}'"
    with _opened(source, name) as (container, stream):
        skipping = _skipping(container, stream)
        facts = _facts(container, stream)
    samples, progress = Samples(), _Progress()
    with _opened(source, name) as (container, stream):
        stream.codec_context.skip_frame = skipping
        for time_s, frame in _frames(container, stream, progress, name):
            if samples.wants(time_s):
                samples.add(time_s, _plane(frame, name))
                progress.rotation = int(frame.rotation)
    if not samples.planes:
        raise MediaError(f"{name} holds no frame that can be decoded; is it complete?")
    sound, sound_facts = _sound(source, facts.pop("sound_streams"))
    metadata = facts | _measured(facts, progress, samples) | sound_facts
    return Video(np.stack(samples.planes), np.asarray(samples.times_s, np.float32), metadata, sound)


@contextmanager
def _opened(source: bytes | str | Path, name: str) -> Iterator[tuple[Any, Any]]:
    """Open a video and give its container and its stream, with limits set on what decoding may take."""
    av = _pyav()
    with _file(source, name) as file:
        try:
            container = av.open(file, metadata_errors="ignore", options=_NO_OTHER_FILES)
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(f"{name} can't be opened as a video ({error}); is it complete?") from error
        with container:
            stream = _stream(container, av, name)
            _check_size(stream.codec_context.width, stream.codec_context.height, name)
            stream.codec_context.thread_type = "AUTO"
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            yield container, stream


def _file(source: bytes | str | Path, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        if not source:
            raise MediaError("no bytes at all; give the content of a video file")
        return io.BytesIO(source)
    try:
        return Path(source).open("rb")
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} can't be read ({error}); check the path") from error


def _stream(container: Any, av: Any, name: str) -> Any:
    """Return the first video stream; a picture attached to a sound, such as a cover, is none."""
    attached = getattr(av.stream.Disposition, "attached_pic", 0)
    for stream in container.streams.video:
        if not stream.disposition & attached:
            if stream.codec_context is None:
                raise MediaError(f"{name} is encoded in a way that this FFmpeg has no decoder for; recode it")
            return stream
    raise MediaError(f"{name} has no video stream; fingerprint it as sound, with kind='audio'")


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise MediaError(
            f"{name} has frames of {width} x {height}, more than {MAX_PIXELS:,} pixels; scale it"
        )


def _facts(container: Any, stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    rate = float(stream.average_rate or stream.guessed_rate or 0.0)
    return {
        "width": codec.width, "height": codec.height, "format": container.format.name.split(",")[0],
        "codec": _codec_name(codec),
        "frame_rate": round(rate, 3) if 0 < rate < 1000 else None, "frames": stream.frames or None,
        "stated_duration_s": _stated_s(container, stream), "sound_streams": len(container.streams.audio),
    }  # fmt: skip


def _codec_name(codec: Any) -> str:
    """Return the codec's name rather than that of FFmpeg's decoder for it, such as ``libdav1d``."""
    return str(getattr(codec.codec, "canonical_name", "") or codec.name)


def _stated_s(container: Any, stream: Any) -> float | None:
    """Return how long the file says that its pictures go on, where it does."""
    rate = stream.average_rate
    # The number of frames is written down; durations may be estimated from the size of what there is.
    by_number = float(stream.frames / rate) if stream.frames and rate else 0.0
    if stream.duration and stream.time_base:
        return round(max(by_number, float(stream.duration * stream.time_base)), 3)
    return round(container.duration / 1e6, 3) if container.duration else by_number or None


def _skipping(container: Any, stream: Any) -> str:
    """Return which frames the decoder passes over, in FFmpeg's words; looks at packets, decodes nothing."""
    if _codec_name(stream.codec_context) not in _CAN_SKIP:
        return "DEFAULT"
    rate = float(stream.average_rate or stream.guessed_rate or _UNKNOWN_RATE)
    stated_s = _stated_s(container, stream) or 0.0
    if stated_s > _LONG_S and _keys_a_second(container, stream) >= _LEAST_KEYS_A_SECOND:
        return "NONKEY"
    return "NONREF" if rate >= _LEAST_RATE_TO_SKIP else "DEFAULT"


def _keys_a_second(container: Any, stream: Any) -> float:
    keys, first_s = 0, None
    try:
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            time_s = float(packet.pts * packet.time_base)
            first_s = time_s if first_s is None else first_s
            if time_s - first_s > _LOOKED_AT_S:
                break
            keys += packet.is_keyframe
    except (_pyav().error.FFmpegError, IndexError):
        return 0.0
    return keys / _LOOKED_AT_S


def _frames(container: Any, stream: Any, progress: _Progress, name: str) -> Iterator[tuple[float, Any]]:
    """Yield frames with their times from the first one on, never going back."""
    step_s = 1.0 / float(stream.average_rate or stream.guessed_rate or _UNKNOWN_RATE)
    for frame in _decoded(container, stream, progress):
        progress.decoded += 1
        time_s = frame.time
        if time_s is None or not math.isfinite(time_s):
            time_s = (progress.first_s or 0.0) + progress.last_s + (step_s if progress.decoded > 1 else 0.0)
        if progress.first_s is None:
            progress.first_s = time_s
        progress.last_s = max(progress.last_s, time_s - progress.first_s)
        if progress.last_s > LONGEST_S or progress.decoded > _MOST_DECODED:
            raise MediaError(
                f"{name} is longer than {LONGEST_S / 3600:.0f} hours; cut it, and fingerprint the pieces"
            )
        yield progress.last_s, frame


def _decoded(container: Any, stream: Any, progress: _Progress) -> Iterator[Any]:
    """Yield what can be decoded; damaged packets are passed over, as players do."""
    errors = _pyav().error
    packets = container.demux(stream)
    in_a_row = 0
    while in_a_row < _MOST_DAMAGED:
        try:
            packet = next(packets, None)
        except errors.FFmpegError:
            progress.damaged += 1
            return
        except IndexError:  # PyAV: a packet of a stream that the file's beginning doesn't tell of
            packets = container.demux(stream)
            in_a_row += 1
            continue
        if packet is None:
            return
        try:
            yield from packet.decode()
            in_a_row = 0
        except errors.FFmpegError:
            in_a_row += 1
            progress.damaged += 1


def _plane(frame: Any, name: str) -> NDArray[np.uint8]:
    """Return the frame's luma, upright, squeezed into a square."""
    _check_size(frame.width, frame.height, name)
    small = frame.reformat(width=SIDE, height=SIDE, format="gray", interpolation="AREA")
    plane: NDArray[np.uint8] = small.to_ndarray()
    return np.rot90(plane, round(frame.rotation / 90) % 4)


def _measured(facts: Mapping[str, Any], progress: _Progress, samples: Samples) -> dict[str, Any]:
    """Return the facts that decoding tells."""
    is_turned = round(progress.rotation / 90) % 2 == 1
    width, height = facts["width"], facts["height"]
    stated_s = facts["stated_duration_s"]
    seen_s = progress.last_s + (1.0 / facts["frame_rate"] if facts["frame_rate"] else 0.0)
    found: dict[str, Any] = {
        "width": height if is_turned else width, "height": width if is_turned else height,
        "duration_s": round(seen_s, 3), "rotation": progress.rotation,
        "interval_s": samples.interval_s,
        "is_truncated": stated_s is not None and stated_s - seen_s > max(2.0, 0.1 * stated_s),
        "damaged_packets": progress.damaged,
    }  # fmt: skip
    return found


def _sound(source: bytes | str | Path, streams: int) -> tuple[Parts | None, dict[str, Any]]:
    """Return what the sound track is like; one that can't be decoded leaves the pictures as they are."""
    if not streams:
        return None, {"has_sound": False}
    from fpcache.media import audio

    try:
        sound = audio.describe(audio.decode(source))
    except (MediaError, IndexError) as error:  # as above, PyAV's own
        return None, {"has_sound": False, "sound_problem": str(error)}
    return sound, {"has_sound": True, "sound": dict(sound.metadata)}


def _pyav() -> Any:
    try:
        return import_module("av")
    except ImportError as error:
        raise MediaError("decoding videos needs PyAV; pip install 'fpcache[media]'") from error
