"""However a thing is handed over, it is the same content."""

from __future__ import annotations

import base64
import io
import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from fpcache.errors import MediaError
from fpcache.media.sources import opened

from .conftest import TEXT, Image, encoded, np, picture, tune


def seen(source, kind=None):
    with opened(source, kind) as content:
        return content


def test_one_content_in_many_wrappings_has_one_digest(tmp_path):
    data = encoded(picture(1))
    path = tmp_path / "picture.dat"
    path.write_bytes(data)
    wrapped = [
        path,
        str(path),
        data,
        bytearray(data),
        memoryview(data),
        io.BytesIO(data),
        "data:image/png;base64," + base64.b64encode(data).decode(),
    ]
    found = [seen(one) for one in wrapped]
    with path.open("rb") as file:
        found.append(seen(file))
    assert {(one.kind, one.digest) for one in found} == {("image", found[0].digest)}


def test_urls_are_read_by_any_scheme_that_fsspec_knows(tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="needs the media extra")
    with fsspec.open("memory://folder/text.bin", "wb") as file:
        file.write(TEXT.encode())
    assert seen("memory://folder/text.bin").digest == seen(TEXT).digest
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    odd = tmp_path / "ä b%20.txt"
    odd.write_text(TEXT)
    for address in (path.as_uri(), odd.as_uri(), f"simplecache::{path.as_uri()}"):
        assert seen(address).digest == seen(TEXT).digest
    with pytest.raises(MediaError, match="missing.bin"):
        seen("memory://folder/missing.bin")
    with pytest.raises(MediaError, match="nosuchscheme"):
        seen("nosuchscheme://a/b")


def test_a_text_is_a_text_and_a_path_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert seen("Just some words.").kind == "text"
    assert seen("one\ntwo.png").kind == "text"
    assert seen("a.png", "text").value == "a.png"
    assert seen("data:,Hello%20there").encoded == b"Hello there"
    with pytest.raises(MediaError, match=r"no file 'a\.png'.*kind='text'"):
        seen("a.png")
    pathlib.Path("a.png").write_text("in truth a text")
    assert seen("a.png").kind == "text"


def test_what_can_be_told_apart_has_another_digest():
    pixels = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    samples = tune(1)
    sources = [
        picture(1),
        picture(2),
        picture(1).convert("L"),
        pixels,
        pixels.reshape(32, 128),
        pixels.astype(np.uint16),
        (samples, 16000),
        (samples, 8000),
        (samples[:-1], 16000),
        TEXT,
        TEXT + " ",
    ]
    digests = [seen(one).digest for one in sources]
    assert len(set(digests)) == len(digests)


def test_a_tensor_and_its_array_are_the_same():
    torch = pytest.importorskip("torch", reason="needs the media extra")
    pixels = torch.arange(3 * 40 * 40, dtype=torch.uint8).reshape(3, 40, 40).requires_grad_(False)
    assert seen(pixels).digest == seen(pixels.numpy()).digest
    assert seen(pixels.float().requires_grad_() / 255).kind == "image"


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        (b"", None, "no byte was given"),
        (b"\x7fELF....", None, "say kind="),
        (7, None, "type int"),
        (None, None, "type NoneType"),
        ("words", "image", "no file 'words'"),
        (b"abc", "picture", "kinds are image, audio"),
        (np.zeros(9), "audio", r"\(samples, rate\)"),
        ("/no/such/place", None, "no file '/no/such/place'"),
        ("my holiday photo.jpg", None, "no file 'my holiday photo.jpg'"),
        (np.array([[None]]), None, "array of object"),
        (np.ma.masked_array(np.zeros((9, 9)), True), None, "masked"),
        ((np.zeros(99), 0), None, "rate"),
        ((np.zeros(99), 8000.5), None, "rate"),
        ((np.zeros(99), 8000), "image", "taken as sound"),
        (picture(1), "audio", "taken as an image"),
        ("data:image/png;base64,%%%", None, "base64"),
        (pathlib.Path("no", "such"), None, "check the path"),
    ],
)
def test_bad_input_is_named_with_what_to_do(source, kind, words):
    with pytest.raises(MediaError, match=words):
        seen(source, kind)


def test_an_empty_file_and_a_folder_are_told(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(MediaError, match="is empty"):
        seen(tmp_path / "empty")
    with pytest.raises(MediaError, match="no regular file"):
        seen(tmp_path)
    with pytest.raises(MediaError, match="no file"):
        seen(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_never_ends_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MediaError, match="no regular file"):
        seen(tmp_path / "pipe")


class Short(io.RawIOBase):
    """A file that gives less than it is asked for."""

    def __init__(self, data):
        self.rest = data

    def readable(self):
        return True

    def read(self, size=-1):
        piece, self.rest = self.rest[:1000], self.rest[1000:]
        return piece


def test_files_are_read_to_their_end_however_little_they_give_at_once():
    data = encoded(picture(1))
    assert seen(Short(data)).digest == seen(data).digest


def test_a_byte_order_mark_is_no_letter():
    assert seen("\ufeff" + TEXT).digest == seen(TEXT).digest
    assert seen(("\ufeff" + TEXT).encode()).digest != seen(TEXT).digest


@pytest.mark.parametrize("text", ["data: we found that, in general, it holds", "See: //this, and that"])
def test_prose_that_begins_like_an_address_is_a_text(text):
    assert seen(text).value == text


def test_numbers_of_numpy_are_numbers():
    samples = tune(1, 1)
    same = {seen((samples, rate)).digest for rate in (16000, np.int64(16000), 16000.0)}
    assert len(same) == 1
    assert seen((samples.tolist(), 16000)).kind == "audio"


def turned(image, orientation):
    exif = image.getexif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    return Image.open(buffer)


def recoloured(image):
    other = image.copy()
    other.putpalette(image.getpalette()[::-1])
    return other


def transparent(image, color):
    other = image.copy()
    other.info["transparency"] = color
    return other


def test_pictures_that_look_different_have_different_digests():
    plain = picture(1, (64, 48))
    indexed = plain.quantize(16)
    shown = [plain, indexed, recoloured(indexed), transparent(indexed, 0), transparent(plain, (1, 2, 3))]
    shown += [turned(plain, 1), turned(plain, 6)]
    assert len({seen(one).digest for one in shown}) == len(shown)


def test_one_lazy_picture_may_be_used_by_many_threads():
    lazy = Image.open(io.BytesIO(encoded(picture(1, (900, 700)))))
    with ThreadPoolExecutor(6) as pool:
        digests = set(pool.map(lambda _: seen(lazy).digest, range(12)))
    assert len(digests) == 1


def test_large_file_objects_are_not_held_in_memory(monkeypatch):
    monkeypatch.setattr("fpcache.media.sources.MOST_IN_MEMORY", 1000)
    data = encoded(picture(1))
    with opened(io.BytesIO(data)) as content:
        place = content.encoded
        assert isinstance(place, pathlib.Path)
        assert place.read_bytes() == data
    assert not place.exists()
    assert content.digest == seen(data).digest


def test_a_changed_file_has_another_digest_though_size_and_time_are_as_before(tmp_path):
    path = tmp_path / "text"
    path.write_text("aaaa aaaa")
    old = 1_000_000_000
    os.utime(path, (old, old))
    first = seen(path).digest
    path.write_text("bbbb bbbb")
    os.utime(path, (old, old))
    assert seen(path).digest != first


def test_a_settled_file_is_read_once(tmp_path, monkeypatch):
    from fpcache.media import digests

    path = tmp_path / "text"
    path.write_text("some words")
    monkeypatch.setattr(digests, "_SETTLED_S", -10.0)
    first = seen(path).digest
    monkeypatch.setattr(digests.blake3, "blake3", None)
    assert seen(path).digest == first
