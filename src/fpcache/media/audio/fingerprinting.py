"""From a sound to its parts: sub-fingerprints, feature vector, facts."""

from __future__ import annotations

from typing import Any

from fpcache.errors import MediaError
from fpcache.media.audio.bands import band_energies
from fpcache.media.audio.cells import is_heard, pack, sub_fingerprints
from fpcache.media.audio.sound import SILENT_PEAK, Sound
from fpcache.media.audio.vector import feature_vector
from fpcache.media.records import Parts

__all__ = ["describe"]

_MODEL = "fpcache-sound-statistics-1"
_CLIPPED_SHARE = 1e-4


def describe(sound: Sound) -> Parts:
    """Return what a sound is like; reads `Sound.blocks` to the end, in memory that holds a few seconds of it.

    Returns
    -------
    Parts
        Hashes ``bits`` (uint8, shape (frames, 12)) and ``active`` (uint8, shape (frames,)), ten frames a
        second; both all zero for silence. The vector is None where nothing is heard or nothing moves.

    Raises
    ------
    MediaError
        If it was read before, nothing can be decoded, a sample is not finite, or it is too long.
    """
    if sound.was_read:
        raise MediaError(f"{sound.name} was read before, and can be read only once; open it again")
    energies = band_energies(sound.blocks)
    bits, active = sub_fingerprints(energies)
    is_silent = sound.levels.peak < SILENT_PEAK or not is_heard(energies).any()
    if is_silent:
        active[:] = False
    bits[~active] = False
    packed, flags = pack(bits, active)
    vector = feature_vector(energies, active) if active.any() else None
    return Parts(
        hashes={"bits": packed, "active": flags},
        metadata=_facts(sound, bool(is_silent)),
        vector=vector,
        model=_MODEL if vector is not None else "",
        dtype="float64",
    )


def _facts(sound: Sound, is_silent: bool) -> dict[str, Any]:
    levels = sound.levels
    clipped_share = round(levels.clipped / (levels.samples * max(sound.channels, 1)), 6)
    return {
        "duration_s": round(sound.duration_s, 3),
        "sample_rate": sound.sample_rate,
        "channels": sound.channels,
        "codec": sound.codec,
        "loudness_dbfs": levels.loudness_dbfs(),
        "peak_dbfs": levels.peak_dbfs(),
        "is_silent": is_silent,
        "clipped_share": clipped_share,
        "is_clipped": clipped_share > _CLIPPED_SHARE,
    }
