"""Videos: found again after recoding, at other frame rates, letterboxed, mirrored, cropped, cut to pieces.

`decode` reads a file as a stream and keeps small pictures at fixed intervals of time; `describe` makes parts
of them: a hash of each picture in several windows, what the sound track is like, one vector of the whole.
`compare` looks for the stretch of time over which two videos show the same.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fpcache.media.video.calibration import ALGORITHM, THRESHOLD

if TYPE_CHECKING:
    from fpcache.media.video.comparing import compare
    from fpcache.media.video.decoding import Video, decode
    from fpcache.media.video.fingerprinting import describe

__all__ = ["ALGORITHM", "THRESHOLD", "Video", "compare", "decode", "describe"]

# Loaded when first asked for, so that importing this imports no NumPy.
_HOMES = {"Video": "decoding", "compare": "comparing", "decode": "decoding", "describe": "fingerprinting"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
