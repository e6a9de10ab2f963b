"""What kind of media bytes hold, told from their beginning; names and endings play no part."""

from __future__ import annotations

from typing import Literal

from fpcache.media.records import Kind

__all__ = ["HEAD_BYTES", "Container", "sniff"]

HEAD_BYTES = 4096
Container = Literal["container"]

_BEGINNINGS: tuple[tuple[bytes, Kind | Container], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\0\0\1\0", "image"),
    (b"8BPS", "image"),
    (b"\0\0\0\x0cjP  ", "image"),
    (b"\xff\x4f\xff\x51", "image"),
    (b"qoif", "image"),
    (b"fLaC", "audio"),
    (b"ID3", "audio"),
    (b".snd", "audio"),
    (b"#!AMR", "audio"),
    (b"caff", "audio"),
    (b"OggS", "container"),
    (b"\x1aE\xdf\xa3", "container"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "container"),
    (b"FLV\1", "container"),
    (b"\0\0\1\xba", "container"),
    (b"\0\0\1\xb3", "container"),
)
_RIFF: dict[bytes, Kind | Container] = {b"WAVE": "audio", b"WEBP": "image", b"AVI ": "container"}
_AIFF = frozenset({b"AIFF", b"AIFC"})
_IMAGE_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heif", b"mif1", b"msf1"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_MPEG_PACKET_BYTES = 188
_MOST_CONTROLS = 0.02


def sniff(head: bytes) -> Kind | Container | None:
    """Tell the kind of media from the first `HEAD_BYTES` bytes.

    Returns
    -------
    str or None
        A kind; ``"container"`` where only its streams tell whether it is sound or video; None where it is
        nothing known.

    Examples
    --------
    >>> sniff(b"GIF89a..."), sniff(b"Dear reader,"), sniff(b"OggS")
    ('image', 'text', 'container')
    """
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in _AIFF:
        return "audio"
    if head[4:8] == b"ftyp":
        return _by_brand(head[8:12])
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning) and not (beginning == b"BM" and _is_text(head)):
            return kind
    if _is_mpeg_stream(head):
        return "container"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and not head.startswith(b"\xff\xfe"):
        return "audio"  # a frame of MPEG audio without a tag before it
    return "text" if _is_text(head) else None


def _by_brand(brand: bytes) -> Kind | Container:
    if brand in _IMAGE_BRANDS:
        return "image"
    return "audio" if brand in _AUDIO_BRANDS else "container"


def _is_mpeg_stream(head: bytes) -> bool:
    return len(head) > 2 * _MPEG_PACKET_BYTES and head[0] == head[188] == head[376] == 0x47


def _encodings(head: bytes) -> tuple[str, ...]:
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return ("utf-32",)
    return ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8",)


def _is_text(head: bytes) -> bool:
    """Whether these are characters of a Unicode encoding, with hardly a control character among them."""
    for encoding in _encodings(head):
        for shorter in range(4 if len(head) == HEAD_BYTES else 1):  # the head may end inside a character
            try:
                text = head[: len(head) - shorter].decode(encoding)
            except UnicodeDecodeError:
                continue
            controls = sum(
                character == "\x7f" or (character < " " and character not in "\t\n\r\f\x1b")
                for character in text
            )
            return bool(text.strip()) and controls <= _MOST_CONTROLS * len(text)
    return False
