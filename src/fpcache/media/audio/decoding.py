"""Encoded sound, or given samples, as a stream of mono blocks at one rate."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fpcache.errors import MediaError
from fpcache.media.audio.sound import RATE_HZ, Sound

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LONGEST_S", "decode", "from_samples"]

LONGEST_S = 12 * 3600.0
_BLOCK_SAMPLES = 1 << 16
_MOST_CHANNELS = 64
_CANCELLED = 1e-3
_NO_OTHER_FILES = {"protocol_whitelist": "none"}
"""A playlist would otherwise have FFmpeg open what it names, on this machine or on a network."""


def decode(source: str | os.PathLike[str] | bytes) -> Sound:
    """Open encoded sound: any container and codec that FFmpeg reads, also a video's sound track.

    Nothing is decoded before `Sound.blocks` is read, block by block, so that memory doesn't grow with length.

    Parameters
    ----------
    source : path or bytes
        A file, or its content.

    Raises
    ------
    MediaError
        If there is no such file, it is empty, no known format, or holds no sound. A sound that turns out to
        have no samples, or to be longer than `LONGEST_S`, raises it while `Sound.blocks` is read.
    """
    av = _pyav()
    name, opened = _opened(source)
    with ExitStack() as closing:
        closing.enter_context(opened)
        try:
            container = av.open(opened, metadata_errors="ignore", options=_NO_OTHER_FILES)
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{name} is no sound FFmpeg can read ({_words(error)}); is it complete?"
            ) from error
        closing.enter_context(container)
        if not container.streams.audio:
            raise MediaError(f"{name} has no sound stream; fingerprint it as an image or a video instead")
        stream = container.streams.best("audio") or container.streams.audio[0]
        codec = stream.codec_context
        if codec is None:
            raise MediaError(f"{name} is encoded in a way that this FFmpeg has no decoder for")
        sound = Sound(iter(()), name, _codec_name(codec), codec.sample_rate or 0, codec.channels or 0)
        sound.blocks = _mono(_planes(_frames(container, stream, closing.pop_all())), sound)
    return sound


def from_samples(samples: Any, sample_rate: int, name: str = "the samples") -> Sound:
    """Take decoded samples as sound.

    Parameters
    ----------
    samples : ndarray or tensor
        Shape (n,) or (channels, n); floats with full scale at 1, or signed integers (uint8 around 128).
    sample_rate : int
        In hertz, 1000 to 768000.

    Raises
    ------
    MediaError
        If they are empty, of another shape or type, or not finite (this one while `Sound.blocks` is read).
    """
    import numpy as np

    array = np.asarray(samples)
    if array.dtype.kind not in "fiu" or array.ndim not in (1, 2):
        raise MediaError(
            f"{name}: {array.dtype} of shape {array.shape}; give numbers of shape (n,) or (channels, n)"
        )
    planes = np.atleast_2d(array)
    if planes.shape[1] == 0 or planes.shape[0] == 0:
        raise MediaError(f"{name}: no samples at all; give at least one")
    if planes.shape[0] > _MOST_CHANNELS:
        raise MediaError(f"{name}: {planes.shape[0]} channels; give shape (channels, n), not (n, channels)")
    if isinstance(sample_rate, bool) or not 1000 <= sample_rate <= 768_000 or int(sample_rate) != sample_rate:
        raise MediaError(f"{name}: a sample rate of {sample_rate}; give whole hertz, 1000 to 768000")
    if planes.shape[1] > LONGEST_S * sample_rate:
        raise MediaError(_too_long(name))
    sound = Sound(iter(()), name, "", int(sample_rate), planes.shape[0])
    sound.blocks = _mono(_cut(planes, int(sample_rate)), sound)
    return sound


def _pyav() -> Any:
    try:
        return import_module("av")
    except ImportError as error:
        raise MediaError("decoding and resampling sound needs PyAV; install fpcache[media]") from error


def _opened(source: str | os.PathLike[str] | bytes) -> tuple[str, BinaryIO]:
    """Return a name for messages, and the content as an open file: never an address on a network."""
    if isinstance(source, bytes | bytearray | memoryview):
        if not len(source):
            raise MediaError("no bytes at all; give the content of a sound file")
        return "the bytes", io.BytesIO(source)
    if not isinstance(source, str | os.PathLike):
        raise MediaError(f"{type(source).__name__} is no sound; give a path or bytes")
    path = Path(source)
    try:
        if not path.is_file() and path.exists():
            raise MediaError(f"{path} is no file; give the path of one sound file")
        if path.stat().st_size == 0:
            raise MediaError(f"{path} is empty; write or copy it again")
        return path.name, path.open("rb")
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} can't be read ({error}); check the path") from error


def _codec_name(codec: Any) -> str:
    """Return the codec's name rather than that of FFmpeg's decoder for it, such as ``mp3float``."""
    return str(getattr(codec.codec, "canonical_name", "") or codec.name)


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error)


def _too_long(name: str) -> str:
    return f"{name} is longer than {LONGEST_S / 3600:.0f} hours; cut it, and fingerprint the pieces"


def _frames(container: Any, stream: Any, closing: ExitStack) -> Iterator[Any]:
    """Yield decoded frames; damaged packets are passed over, as players do."""
    av = _pyav()
    with closing:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, IndexError):  # a damaged stream told of another one
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue


def _planes(frames: Iterator[Any]) -> Iterator[tuple[np.ndarray, int]]:
    """Yield float32 samples of shape (channels, n) with their rate, in blocks larger than frames are."""
    av = _pyav()
    layout, converter = None, None
    for frame in frames:
        if (frame.format.name, frame.layout.name, frame.sample_rate) != layout:
            yield from _arrays(converter, None)
            layout = (frame.format.name, frame.layout.name, frame.sample_rate)
            converter = av.AudioResampler(format="fltp", frame_size=_BLOCK_SAMPLES)
        frame.pts = None
        yield from _arrays(converter, frame)
    yield from _arrays(converter, None)


def _arrays(converter: Any, frame: Any) -> Iterator[tuple[np.ndarray, int]]:
    if converter is not None:
        for converted in converter.resample(frame):
            if converted.samples:
                yield converted.to_ndarray(), converted.sample_rate


def _cut(planes: np.ndarray, sample_rate: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield given samples as `_planes` does decoded ones."""
    for start in range(0, planes.shape[1], _BLOCK_SAMPLES):
        yield _full_scale(planes[:, start : start + _BLOCK_SAMPLES]), sample_rate


def _full_scale(piece: np.ndarray) -> np.ndarray:
    """Return samples as float32 with full scale at 1."""
    import numpy as np

    if piece.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(piece, dtype=np.float32)
    half = 2.0 ** (piece.dtype.itemsize * 8 - 1)
    middle = half if piece.dtype.kind == "u" else 0.0
    return ((piece - middle) / half).astype(np.float32)


def _mono(blocks: Iterator[tuple[np.ndarray, int]], sound: Sound) -> Iterator[np.ndarray]:
    """Yield the mean of the channels at `RATE_HZ`, and keep the levels."""
    sound.was_read = True
    resampler, rate = None, 0
    for planes, block_rate in blocks:
        sound.levels.add(planes, sound.name)
        sound.duration_s += planes.shape[1] / block_rate
        if sound.duration_s > LONGEST_S:
            raise MediaError(_too_long(sound.name))
        if block_rate != rate:
            yield from _flushed(resampler)
            resampler, rate = _pyav().AudioResampler(format="flt", layout="mono", rate=RATE_HZ), block_rate
        yield from _resampled(resampler, _mixed(planes), rate)
    yield from _flushed(resampler)
    if not sound.levels.samples:
        raise MediaError(f"{sound.name} holds no samples that can be decoded; is it complete?")


def _mixed(planes: np.ndarray) -> np.ndarray:
    """Return the mean of the channels, shape (1, n), or the first one where they cancel each other out."""
    import numpy as np

    mean = planes.mean(axis=0, keepdims=True)
    is_cancelled = np.vdot(mean, mean) * len(planes) < _CANCELLED * np.vdot(planes, planes)
    return np.ascontiguousarray(planes[:1] if is_cancelled else mean)


def _resampled(resampler: Any, mono: np.ndarray, rate: int) -> Iterator[np.ndarray]:
    frame = _pyav().AudioFrame.from_ndarray(mono, format="flt", layout="mono")
    frame.sample_rate = rate
    for resampled in resampler.resample(frame):
        yield resampled.to_ndarray()[0]


def _flushed(resampler: Any) -> Iterator[np.ndarray]:
    if resampler is not None:
        for resampled in resampler.resample(None):
            yield resampled.to_ndarray()[0]
