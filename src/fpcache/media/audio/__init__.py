"""Sound found again: after lossy codecs, noise and equalisers, at other speeds, and from a few seconds of it.

`decode` or `from_samples` open sound as a stream, `describe` makes its parts, `compare` says whether two are
the same, and where one lies in the other.
"""

from __future__ import annotations

from fpcache.media.audio.comparing import compare, compare_many
from fpcache.media.audio.deciding import THRESHOLD
from fpcache.media.audio.decoding import decode, from_samples
from fpcache.media.audio.fingerprinting import describe
from fpcache.media.audio.sound import Sound

__all__ = [
    "ALGORITHM",
    "THRESHOLD",
    "Sound",
    "compare",
    "compare_many",
    "decode",
    "describe",
    "from_samples",
]

ALGORITHM = "audio-1"
