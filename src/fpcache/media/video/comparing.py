"""One calibrated decision from what two videos show, when, and from what is heard with it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p
from typing import Any

from fpcache.errors import MediaError
from fpcache.media.audio import compare as compare_sounds
from fpcache.media.records import Parts, Similarity
from fpcache.media.video.aligning import ORIENTATIONS, Frames, Stretch, best_stretch, likeness_along
from fpcache.media.video.calibration import OFFSET, THRESHOLD, WEIGHTS
from fpcache.media.video.fingerprinting import SOUND

__all__ = ["Seen", "compare", "features", "logit", "seen_in_both"]

_MOST_STRENGTH = 8.0
# Mean correlation of frames: chance gives about 0.05, and what shows the same thing at least 0.3.
_UNLIKE, _ALIKE = 0.12, 0.3
_ENOUGH_TOLD = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What two videos have in common.

    Attributes
    ----------
    stretch : Stretch or None
        What they show alike, as seen from the shorter one; None where no frames are alike.
    is_swapped : bool
        Whether the shorter one is the second.
    sound : Similarity or None
        What `fpcache.media.audio.compare` says, as seen from the shorter one; None where one has no sound.
    likeness_with_sound, told_with_sound : float
        Mean correlation of the frames that are shown while the sound is the same, and how much they say; 0
        where no sound is the same.
    """

    stretch: Stretch | None
    is_swapped: bool
    sound: Similarity | None
    likeness_with_sound: float = 0.0
    told_with_sound: float = 0.0


def compare(a: Parts, b: Parts) -> Similarity:
    """Return how alike two videos are, also where one is a piece of the other, mirrored, or in a letterbox.

    The evidence holds ``why``, and where something was compared: ``offset_s`` (when in b the beginning of a
    would be shown), ``speed`` (of a, relative to b), ``matching_s`` (seconds of a), ``matching_share`` (of
    the shorter one's frames), ``likeness`` (mean correlation of the frames' hashes), ``orientation``,
    ``is_mirrored``, ``sound`` (score of the sound tracks, None where one is missing) and ``sound_offset_s``.

    Raises
    ------
    MediaError
        If one of them is not what `fpcache.media.video.describe` gives.
    """
    seen = seen_in_both(a, b)
    score = round(1.0 / (1.0 + exp(-max(min(logit(seen), 500.0), -500.0))), 12)
    if seen.stretch is None:
        is_plain = not (a.hashes["weights"].any() and b.hashes["weights"].any())
        plain = "one of them shows nothing but plain frames, which are like nothing else"
        why = plain if is_plain else "no frame of one is like any of the other"
        return Similarity(0.0 if is_plain else score, THRESHOLD, {"why": why, **_heard(seen)})
    found = _as_seen_from_a(seen, a, b)
    is_match = score >= THRESHOLD
    why = f"{found['matching_s']} s are alike" if is_match else "no more alike than chance makes two videos"
    return Similarity(score, THRESHOLD, {"why": why, **found, **_heard(seen)})


def seen_in_both(a: Parts, b: Parts) -> Seen:
    """Measure all that two videos have in common."""
    is_swapped = _order_of(a) > _order_of(b)
    a, b = (b, a) if is_swapped else (a, b)
    short, long = _frames(a), _frames(b)
    stretch = best_stretch(short, long)
    heard_a, heard_b = _sound(a), _sound(b)
    sound = compare_sounds(heard_a, heard_b) if heard_a is not None and heard_b is not None else None
    if sound is None or not sound.is_match:
        return Seen(stretch, is_swapped, sound)
    offset_s, speed = float(sound.evidence["offset_s"]), float(sound.evidence["speed"])
    likeness, told = likeness_along(short, long, offset_s, speed)
    return Seen(stretch, is_swapped, sound, likeness, told)


def _order_of(parts: Parts) -> tuple[int, list[bytes]]:
    """Return what videos are put in order by, whichever is named first: the shorter one is looked for."""
    return len(_frames(parts)), [array.tobytes() for _, array in sorted(parts.hashes.items())]


def logit(seen: Seen) -> float:
    """Return the calibrated likeness as the logarithm of the odds."""
    return OFFSET + sum(weight * value for weight, value in zip(WEIGHTS, features(seen), strict=True))


def features(seen: Seen) -> list[float]:
    """Return what the decision weighs: how much fits, how well, and the sound where it fits then, too."""
    stretch = seen.stretch
    if stretch is None:
        return [0.0, 0.0, _support(seen)]
    # How well frames fit that hardly say anything, such as dark ones, says hardly anything either.
    likeness = max(stretch.likeness, 0.0) ** 2 * min(stretch.told, 1.0)
    return [log1p(4 * max(stretch.evidence, 0.0)), likeness, _support(seen)]


def _support(seen: Seen) -> float:
    """Return how strongly the sound says the same, as far as the pictures go along with it at that time."""
    if seen.sound is None or not seen.sound.is_match:
        return 0.0
    strength = float(seen.sound.evidence.get("strength", _MOST_STRENGTH))
    above = (seen.likeness_with_sound - _UNLIKE) / (_ALIKE - _UNLIKE)
    told = min(seen.told_with_sound / _ENOUGH_TOLD, 1.0)
    return min(strength, _MOST_STRENGTH) * min(max(above, 0.0), 1.0) * told


def _line_from_a(seen: Seen) -> tuple[float, float]:
    """Return offset and speed as seen from the first video."""
    assert seen.stretch is not None
    if not seen.is_swapped:
        return seen.stretch.offset_s, seen.stretch.speed
    return -seen.stretch.offset_s / seen.stretch.speed, 1.0 / seen.stretch.speed


def _as_seen_from_a(seen: Seen, a: Parts, b: Parts) -> dict[str, Any]:
    stretch = seen.stretch
    assert stretch is not None
    shorter = _frames(b if seen.is_swapped else a)
    lasts_s = float(shorter.times_s[-1]) + shorter.interval_s
    matching_s = stretch.stop_s - stretch.start_s
    offset_s, speed = _line_from_a(seen)
    return {
        "offset_s": round(offset_s, 2) + 0.0, "speed": round(speed, 4),
        "matching_s": round(matching_s * (stretch.speed if seen.is_swapped else 1.0), 2),
        "matching_share": round(min(matching_s / lasts_s, 1.0), 3), "likeness": round(stretch.likeness, 3),
        "telling_frames": round(stretch.told, 2), "orientation": ORIENTATIONS[stretch.orientation],
        "is_mirrored": stretch.orientation in (1, 2),
    }  # fmt: skip


def _heard(seen: Seen) -> dict[str, Any]:
    if seen.sound is None:
        return {"sound": None}
    offset_s = seen.sound.evidence.get("offset_s")
    if offset_s is not None and seen.is_swapped:
        offset_s = round(-offset_s / seen.sound.evidence["speed"], 1) + 0.0  # no -0.0
    return {
        "sound": seen.sound.score, "sound_offset_s": offset_s,
        "likeness_with_sound": round(seen.likeness_with_sound, 3),
    }  # fmt: skip


def _frames(parts: Parts) -> Frames:
    hashes = [parts.hashes.get(name) for name in ("frames", "times_s", "weights")]
    frames, times_s, weights = hashes
    if frames is None or times_s is None or weights is None or frames.ndim != 3 or frames.shape[2] != 32:
        raise MediaError("these parts hold no hashes of a video; make them with video.describe")
    if not len(frames) == len(times_s) == len(weights) > 0:
        raise MediaError("these parts' hashes, times and weights differ in number; make them anew")
    return Frames(frames, times_s, weights)


def _sound(parts: Parts) -> Parts | None:
    """Return the sound track's parts, as `fpcache.media.audio.describe` made them."""
    if SOUND + "bits" not in parts.hashes:
        return None
    hashes = {
        name.removeprefix(SOUND): array for name, array in parts.hashes.items() if name.startswith(SOUND)
    }
    return Parts(hashes, parts.metadata.get("sound", {}))
