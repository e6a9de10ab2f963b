"""Whether a container holds video or only sound."""

from __future__ import annotations

import io
from pathlib import Path

from fpcache.errors import MediaError
from fpcache.media.records import Kind

__all__ = ["kind_of_file"]

_NO_OTHER_FILES = {"protocol_whitelist": "none"}


def kind_of_file(source: bytes | Path, name: str) -> Kind:
    """Look at a container's streams; pictures attached to a sound, such as covers, don't count.

    Raises
    ------
    MediaError
        If it can't be opened, or holds neither.
    """
    try:
        import av
    except ImportError as error:
        raise MediaError(
            f"{name} is a container; reading it needs PyAV: pip install 'fpcache[media]'"
        ) from error
    try:
        with (
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file,
            av.open(file, metadata_errors="ignore", options=_NO_OTHER_FILES) as container,
        ):
            if any(not _is_cover(stream, av) for stream in container.streams.video):
                return "video"
            if container.streams.audio:
                return "audio"
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise MediaError(f"{name} can't be opened as sound or video ({error}); is it complete?") from error
    raise MediaError(f"{name} holds neither sound nor video")


def _is_cover(stream: object, av: object) -> bool:
    disposition = getattr(stream, "disposition", None)
    attached = getattr(type(disposition), "attached_pic", None)
    return attached is not None and bool(disposition & attached)
