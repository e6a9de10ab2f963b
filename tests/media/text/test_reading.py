# ruff: noqa: RUF001 (several scripts)
from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.errors import MediaError
from fpcache.media.text import read_text

TEXT = "Grüße, 世界! 👋\r\nשלום"


@pytest.mark.parametrize("mark_and_encoding", [
    (b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
])  # fmt: skip
def test_what_a_byte_order_mark_says_is_followed(tmp_path, mark_and_encoding) -> None:
    mark, encoding = mark_and_encoding
    data = mark + TEXT.encode(encoding)
    (tmp_path / "a.txt").write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), tmp_path / "a.txt", str(tmp_path / "a.txt")):
        assert "".join(read_text(source)) == TEXT


def test_an_encoding_that_is_said_is_used() -> None:
    assert "".join(read_text("日本語".encode("shift_jis"), encoding="shift_jis")) == "日本語"


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=30))
def test_characters_may_straddle_chunks(text) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fpcache.media.text.reading._CHUNK_BYTES", 3)
        assert "".join(read_text(text.encode())) == text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"abc\xff\xfedef" * 2, r"the bytes given: byte 3 is no utf-8 .* pass encoding="),
        ("Grüße".encode()[:3] + b"", "ends inside a character at byte 2"),
        ("long enough 世".encode()[:-1], "ends inside a character at byte 12"),
        (b"PK\x03\x04\x00\x00", "holds NUL"),
        ("UTF-16 without a mark".encode("utf-16-le"), "holds NUL"),
        ("cut".encode("utf-16")[:-1], "ends inside a character at byte 6"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place(data, said) -> None:
    with pytest.raises(MediaError, match=said):
        list(read_text(data))


def test_the_place_is_right_beyond_the_first_chunk(monkeypatch) -> None:
    monkeypatch.setattr("fpcache.media.text.reading._CHUNK_BYTES", 5)
    with pytest.raises(MediaError, match="byte 19 "):
        list(read_text(codecs.BOM_UTF8 + b"0123456789" + "世世".encode() + b"\xff rest"))


@pytest.mark.parametrize("encoding", ["no-such-code", "rot13", "hex"])
def test_an_encoding_that_is_none_is_refused(encoding) -> None:
    with pytest.raises(MediaError, match=encoding):
        list(read_text(b"abc", encoding=encoding))


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    for path in (tmp_path, tmp_path / "absent.txt", Path("nul\0l")):
        with pytest.raises(MediaError, match="can't read the text"):
            list(read_text(path))


def test_more_than_allowed_is_refused(tmp_path) -> None:
    (tmp_path / "long.txt").write_bytes(b"a" * 100)
    assert "".join(read_text(tmp_path / "long.txt", most_bytes=100)) == "a" * 100
    with pytest.raises(MediaError, match=r"long.txt': holds more than 99 bytes; pass most_bytes="):
        list(read_text(tmp_path / "long.txt", most_bytes=99))


@pytest.mark.parametrize("source", [None, 3, ["a"]])
def test_what_is_neither_bytes_nor_a_path_is_refused(source) -> None:
    with pytest.raises(MediaError, match="from bytes or from a path"):
        read_text(source)


def test_nothing_gives_no_pieces() -> None:
    assert list(read_text(b"")) == list(read_text(codecs.BOM_UTF8)) == []
