"""What happens to videos on their way through the world: frames and samples in, an encoded file out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
from corpus import RATE, SOUND_HZ, Clip
from PIL import Image, ImageDraw

__all__ = ["TRANSFORMS", "encoded"]


@dataclass(frozen=True, slots=True)
class Format:
    """How a video is encoded; the rate is that at which the frames are shown."""

    container: str = "mp4"
    codec: str = "libx264"
    sound_codec: str = "aac"
    bit_rate: int = 0
    rate: Fraction = Fraction(RATE)


def encoded(frames: np.ndarray, sound: np.ndarray, form: Format) -> bytes:
    """Encode frames and mono samples in memory."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form.container) as output:
        options = {
            "libx264": {"preset": "veryfast", "crf": "26"},
            "libvpx": {"deadline": "realtime", "cpu-used": "8"},
        }
        chosen = {} if form.bit_rate and form.codec == "libx264" else options.get(form.codec, {})
        stream = output.add_stream(form.codec, rate=form.rate, options={"preset": "veryfast"} | chosen)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = form.bit_rate or 400_000
        heard = output.add_stream(form.sound_codec, rate=48_000, layout="stereo") if len(sound) else None
        for picture in frames:
            output.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"))
            )
        output.mux(stream.encode(None))
        if heard is not None:
            resampler = av.AudioResampler(format=heard.codec_context.format, layout="stereo", rate=48_000)
            # Whole packets: of some lengths the muxer refuses what is left over.
            whole = np.ascontiguousarray(sound[None, : len(sound) // 1024 * 1024])
            frame = av.AudioFrame.from_ndarray(whole, format="flt", layout="mono")
            frame.sample_rate = SOUND_HZ
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                output.mux(heard.encode(part))
            output.mux(heard.encode(None))
    return buffer.getvalue()


def _cut(clip: Clip, start_s: float, stop_s: float) -> Clip:
    return replace(
        clip,
        frames=clip.frames[int(start_s * RATE) : int(stop_s * RATE)],
        sound=clip.sound[int(start_s * SOUND_HZ) : int(stop_s * SOUND_HZ)],
    )


def _seconds(clip: Clip) -> float:
    return len(clip.frames) / RATE


def _resized(clip: Clip, width: int, height: int) -> Clip:
    small = [
        np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC))
        for frame in clip.frames
    ]
    return replace(clip, frames=np.stack(small))


def _half(clip: Clip) -> Clip:
    height, width = clip.frames.shape[1:3]
    return _resized(clip, width // 4 * 2, height // 4 * 2)


def _bars(clip: Clip, share: float, axis: int) -> Clip:
    bar = int(clip.frames.shape[axis] * share) // 2 * 2
    widths = [(bar, bar) if index == axis else (0, 0) for index in range(4)]
    return replace(clip, frames=np.pad(clip.frames, widths))


def _cropped(clip: Clip, top: float, bottom: float, left: float, right: float) -> Clip:
    height, width = clip.frames.shape[1:3]
    rows = slice(int(height * top), int(height * top) + int(height * (1 - top - bottom)) // 2 * 2)
    columns = slice(int(width * left), int(width * left) + int(width * (1 - left - right)) // 2 * 2)
    return replace(clip, frames=clip.frames[:, rows, columns])


def _toned(clip: Clip) -> Clip:
    table = np.clip((np.arange(256) / 255) ** 0.8 * 255 * 0.75 + 35, 0, 255).astype(np.uint8)
    return replace(clip, frames=table[clip.frames])


def _overlaid(clip: Clip) -> Clip:
    height, width = clip.frames.shape[1:3]
    layer = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(layer)
    draw.rectangle((width * 0.78, height * 0.05, width * 0.95, height * 0.2), fill=(255, 200, 0, 255))
    draw.ellipse((width * 0.82, height * 0.07, width * 0.91, height * 0.18), fill=(200, 0, 0, 255))
    draw.rectangle((width * 0.15, height * 0.84, width * 0.85, height * 0.93), fill=(0, 0, 0, 160))
    draw.text((width * 0.2, height * 0.85), "what they say in other words", fill=(255, 255, 255, 255))
    pixels = np.asarray(layer)
    share, colour = pixels[..., 3:].astype(np.uint16), pixels[..., :3].astype(np.uint16)
    mixed = [((frame * (255 - share) + colour * share) // 255).astype(np.uint8) for frame in clip.frames]
    return replace(clip, frames=np.stack(mixed))


def _grey(clip: Clip) -> Clip:
    luma = [np.asarray(Image.fromarray(frame).convert("L").convert("RGB")) for frame in clip.frames]
    return replace(clip, frames=np.stack(luma))


def _noisy(clip: Clip) -> Clip:
    noise = np.random.default_rng(5).normal(0, 14, (8, *clip.frames.shape[1:])).astype(np.int16)
    frames = [np.clip(frame + noise[index % 8], 0, 255) for index, frame in enumerate(clip.frames)]
    return replace(clip, frames=np.stack(frames).astype(np.uint8))


def _inside(clip: Clip) -> Clip:
    """Ten seconds between four seconds of stripes that move, and of silence."""
    height, width = clip.frames.shape[1:3]
    across = np.arange(width)[None, :] + np.arange(height)[:, None] // 2
    other = np.stack([np.sin((across + 3 * step) / 17.0) * 80 + 120 for step in range(4 * RATE)])
    stripes = np.repeat(other.astype(np.uint8)[..., None], 3, axis=3)
    piece = _clipped(clip)
    silence = np.zeros(4 * SOUND_HZ if len(clip.sound) else 0, np.float32)
    return replace(
        clip,
        frames=np.concatenate([stripes, piece.frames, stripes[::-1]]),
        sound=np.concatenate([silence, piece.sound, silence]),
    )


def _clipped(clip: Clip) -> Clip:
    """Ten seconds out of the middle; half of what is shorter than that."""
    length_s = 10.0 if _seconds(clip) > 10.5 else _seconds(clip) / 2
    start_s = (_seconds(clip) - length_s) * 0.57
    return _cut(clip, start_s, start_s + length_s)


def _sound_faster(clip: Clip) -> Clip:
    if not len(clip.sound):
        return clip
    places = np.arange(0, len(clip.sound) - 1, 1.04)
    faster = np.interp(places, np.arange(len(clip.sound)), clip.sound)
    return replace(clip, sound=faster.astype(np.float32))


def _mirrored(clip: Clip) -> Clip:
    return replace(clip, frames=clip.frames[:, :, ::-1])


def _made(clip: Clip, form: Format | None = None) -> bytes:
    return encoded(clip.frames, clip.sound, form or Format())


TRANSFORMS: dict[str, Callable[[Clip], bytes]] = {
    "bit rate 60 kb/s": lambda clip: _made(clip, Format(bit_rate=60_000)),
    "half the size": lambda clip: _made(_half(clip)),
    "12.5 frames a second": lambda clip: _made(
        replace(clip, frames=clip.frames[1::2]), Format(rate=Fraction(25, 2))
    ),
    "letterbox": lambda clip: _made(_bars(clip, 0.15, 1)),
    "pillarbox": lambda clip: _made(_bars(clip, 0.17, 2)),
    "mirrored": lambda clip: _made(_mirrored(clip)),
    "start cut off": lambda clip: _made(_cut(clip, 0.31 * _seconds(clip), 1e6)),
    "end cut off": lambda clip: _made(_cut(clip, 0, 0.7 * _seconds(clip))),
    "10 s clip": lambda clip: _made(_clipped(clip)),
    "10 s inside another": lambda clip: _made(_inside(clip)),
    "brightness, contrast": lambda clip: _made(_toned(clip)),
    "logo and caption": lambda clip: _made(_overlaid(clip)),
    "greyscale": lambda clip: _made(_grey(clip)),
    "noise": lambda clip: _made(_noisy(clip)),
    "crop 10 %": lambda clip: _made(_cropped(clip, 0.05, 0.05, 0.05, 0.05)),
    "crop 20 %, off centre": lambda clip: _made(_cropped(clip, 0.04, 0.16, 0.15, 0.05)),
    "VP8 in WebM, half the size": lambda clip: _made(
        _half(clip), Format("webm", "libvpx", "libopus", 300_000)
    ),
    "MPEG-4 in AVI": lambda clip: _made(clip, Format("avi", "mpeg4", "libmp3lame", 400_000)),
    "no sound": lambda clip: _made(replace(clip, sound=clip.sound[:0])),
    "4 % faster": lambda clip: _made(_sound_faster(clip), Format(rate=Fraction(26))),
    "mirrored, letterbox, 80 kb/s": lambda clip: _made(
        _bars(_mirrored(clip), 0.12, 1), Format(bit_rate=80_000)
    ),
}
