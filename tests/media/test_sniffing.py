"""The kind of media is told by content, whatever a file is called."""

from __future__ import annotations

import io
import wave

import pytest

from fpcache.media.sniffing import HEAD_BYTES, sniff

from .conftest import encoded, picture


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "ICO", "JPEG2000"])
def test_what_pillow_writes_is_an_image(form):
    assert sniff(encoded(picture(1, (64, 64)), form)[:HEAD_BYTES]) == "image"


def test_wave_files_are_sound():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(100))
    assert sniff(buffer.getvalue()) == "audio"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"ID3\x04\0\0\0\0\0\0", "audio"),
        (b"\xff\xfb\x90\x64" + bytes(400), "audio"),
        (b"\0\0\0\x20ftypisom", "container"),
        (b"\0\0\0\x20ftypavif", "image"),
        (b"\0\0\0\x20ftypM4A ", "audio"),
        (b"OggS\0\2", "container"),
        (b"\x1aE\xdf\xa3", "container"),
        ((b"\x47" + bytes(187)) * 4, "container"),
        (b"RIFF\0\0\0\0AVI LIST", "container"),
        (b"", None),
        (b"   \n", None),
        (bytes(100), None),
        (b"\x7fELF\2\1\1", None),
        (b"PK\3\4" + bytes(30), None),
    ],
)
def test_beginnings(head, kind):
    assert sniff(head) == kind


@pytest.mark.parametrize(
    "text",
    ["Dear reader,", "BMW and other names", "日本語の文章", "עברית", "a\tb\r\n1\t2", "🙂 emoji"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_texts_in_unicode_are_texts(text, encoding):
    assert sniff(text.encode(encoding)) == "text"


@pytest.mark.parametrize("shift", range(4))
def test_a_head_that_ends_inside_a_character_is_still_a_text(shift):
    assert sniff(("a" * shift + "🙂" * 2000).encode()[:HEAD_BYTES]) == "text"


def test_bytes_with_many_control_characters_are_no_text():
    assert sniff(b"abc\1\2\3" * 100) is None
