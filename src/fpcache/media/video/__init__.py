"""Videos: found again after recoding, at other frame rates, letterboxed, mirrored, cropped, cut to pieces.

`decode` reads a file as a stream and keeps small pictures at fixed intervals of time; `describe` makes parts
of them: a hash of each picture in several windows, what the sound track is like, one vector of the whole.
`compare` looks for the stretch of time over which two videos show the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.lazily import names
from fpcache.media.video.calibration import ALGORITHM, THRESHOLD

if TYPE_CHECKING:
    from fpcache.media.video.comparing import compare
    from fpcache.media.video.decoding import Video, decode
    from fpcache.media.video.fingerprinting import describe

__all__ = ["ALGORITHM", "THRESHOLD", "Video", "compare", "decode", "describe"]

# Loaded when first asked for, so that importing this imports no NumPy.
_HOMES = {"Video": "decoding", "compare": "comparing", "decode": "decoding", "describe": "fingerprinting"}

__getattr__ = names(__name__, _HOMES)
