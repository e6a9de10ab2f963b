"""From whatever people call an image, a sound or a text to its exact content: where it is, and its digest."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote_to_bytes
from urllib.request import url2pathname

from fpcache.errors import MediaError
from fpcache.media.arguments import checked_kind
from fpcache.media.digests import Stamp, digest_of_array, digest_of_bytes, digest_of_file, stamp_of
from fpcache.media.probing import kind_of_file
from fpcache.media.records import KINDS, Kind
from fpcache.media.sniffing import HEAD_BYTES, sniff
from fpcache.media.values import picture_digest, pixels, samples, samples_digest
from fpcache.media.words import in_words
from fpcache.own_work import quiet

__all__ = ["MOST_IN_MEMORY", "Content", "opened"]

MOST_IN_MEMORY = 64 << 20
_PIECE_BYTES = 1 << 20
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*::)*[a-zA-Z][a-zA-Z0-9+.\-]+://\S")
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(;[\w.+-]+(=[^;,\s]*)?)*,", re.IGNORECASE)
_PLACE = re.compile(r"(/|~|\.{1,2}[/\\]|[A-Za-z]:[/\\])[^\n]{0,1023}")
_FILE_NAME = re.compile(
    r"[^\n]{1,250}\.(aac|avi|avif|bmp|csv|flac|gif|heic|html?|jpe?g|json|m4[av]|md|mkv|mov|mp[34]|og[agv]|opus|png"
    r"|rst|svg|tiff?|txt|wav|web[mp]|wma|wmv|xml)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Content:
    """Something to fingerprint.

    Attributes
    ----------
    name : str
        What messages call it.
    kind : str
        ``"image"``, ``"audio"``, ``"video"`` or ``"text"``.
    digest : str
        Hex digest of the exact content.
    encoded : bytes, Path or None
        The content as a file holds it; None where it came decoded.
    value : object
        What came decoded: a Pillow image, an array, ``(samples, rate)`` or a text; else None.
    stamp : tuple or None
        What told a file's state when its digest was taken.
    """

    name: str
    kind: Kind
    digest: str
    encoded: bytes | Path | None = None
    value: Any = None
    stamp: Stamp | None = None

    def is_unchanged(self) -> bool:
        """Whether the file, if it is one, is still in the state that its digest is of."""
        with quiet():  # in a cached cell the file's content is an input, and not its times
            return not isinstance(self.encoded, Path) or stamp_of(os.stat(self.encoded)) == self.stamp

    def is_file_of(self, most_bytes: int) -> bool:
        """Whether it is a file of at most so many bytes."""
        with quiet():
            return isinstance(self.encoded, Path) and self.encoded.stat().st_size <= most_bytes


@contextmanager
def opened(source: Any, kind: Kind | None = None) -> Iterator[Content]:
    """Make `source` readable while in the ``with`` block; what had to be fetched is deleted after it.

    Parameters
    ----------
    source
        As in `fpcache.media.fingerprint`.
    kind : str, optional
        What it is; else told by its content.

    Raises
    ------
    MediaError
        If it can't be read, or is nothing that can be fingerprinted.
    """
    kind = checked_kind(kind)
    if isinstance(source, str) and kind == "text" and not _is_address(source):
        source = _Text(source)
    with _located(source) as found:
        yield _described(found, kind)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


def _is_address(text: str) -> bool:
    return bool(_URL.match(text) or _DATA.match(text)) or _is_file(text)


def _is_file(text: str) -> bool:
    try:
        return "\n" not in text and os.path.isfile(text)
    except ValueError:  # a NUL in it
        return False


@contextmanager
def _located(source: Any) -> Iterator[Any]:
    """Turn addresses and open files into bytes or paths; pass decoded content on."""
    if isinstance(source, str):
        with _from_string(source) as found:
            yield found
    elif isinstance(source, os.PathLike):
        yield Path(os.fsdecode(source))
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield bytes(source)
    elif callable(getattr(type(source), "read", None)):
        with _spooled(source, f"the file {in_words(getattr(source, 'name', 'given'))}") as found:
            yield found
    else:
        yield source


@contextmanager
def _from_string(source: str) -> Iterator[Any]:
    if _DATA.match(source):
        yield _data_of(source)
    elif source.lower().startswith("file:///"):
        yield Path(url2pathname(source[len("file://") :]))
    elif _URL.match(source):
        with _fetched(source) as found:
            yield found
    elif _is_file(source):
        yield Path(source)
    elif _PLACE.fullmatch(source) or _FILE_NAME.fullmatch(source) or os.path.lexists(source):
        raise MediaError(f"there is no file {source!r}; if it is meant as a text, say kind='text'")
    else:
        yield _Text(source)


def _data_of(address: str) -> bytes:
    """Return what a ``data:`` address holds (RFC 2397)."""
    head, _, body = address[len("data:") :].partition(",")
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise MediaError(f"the data: address holds no valid base64 ({error}); is it complete?") from error


@contextmanager
def _fetched(url: str) -> Iterator[bytes | Path]:
    """Read a URL of any scheme that fsspec knows."""
    try:
        import fsspec
    except ImportError as error:
        raise MediaError("reading URLs needs fsspec; pip install 'fpcache[media]'") from error
    if "memory://" in url:  # what it holds is a variable of this process, which no cached cell could watch
        sys.audit("socket.getaddrinfo", "a file system in memory", None, 0, 0, 0)
    with ExitStack() as closing:
        try:
            file = closing.enter_context(fsspec.open(url, "rb"))
            found = closing.enter_context(_spooled(cast("BinaryIO", file), repr(url)))
        except MediaError:
            raise
        except ImportError as error:
            raise MediaError(f"{url!r} can't be read: {error}") from error
        except Exception as error:  # each scheme has errors of its own
            raise MediaError(f"{url!r} can't be read ({type(error).__name__}: {error})") from error
        yield found


@contextmanager
def _spooled(file: Any, name: str) -> Iterator[bytes | Path]:
    """Take in what a file object has left: small content in memory, more in a file of its own."""
    reading, held, size_bytes = _pieces(file, name), list[bytes](), 0
    for piece in reading:
        held.append(piece)
        size_bytes += len(piece)
        if size_bytes > MOST_IN_MEMORY:
            break
    else:
        yield b"".join(held)
        return
    with tempfile.TemporaryDirectory(prefix="fpcache-media-") as folder:
        path = Path(folder, "content")
        with path.open("wb") as target:
            target.writelines(held)
            held.clear()
            target.writelines(reading)
        yield path


def _pieces(file: Any, name: str) -> Iterator[bytes]:
    """Read to the end; an answer may be shorter than what was asked for."""
    while True:
        try:
            piece = file.read(_PIECE_BYTES)
        except Exception as error:  # the user's own class may raise anything
            raise MediaError(f"{name} can't be read ({type(error).__name__}: {error})") from error
        if isinstance(piece, str):
            piece = piece.encode("utf-8", "surrogatepass")
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise MediaError(f"{name} gives {type(piece).__name__}, not bytes; open it for blocking reads")
        if not piece:
            return
        yield bytes(piece)


def _described(found: Any, kind: Kind | None) -> Content:
    if isinstance(found, _Text):
        return _text(found.text, kind)
    if isinstance(found, bytes):
        return _bytes(found, kind)
    if isinstance(found, Path):
        return _file(found, kind)
    return _decoded(found, kind)


def _text(text: str, kind: Kind | None) -> Content:
    if kind not in (None, "text"):
        raise MediaError(f"there is no file {text[:80]!r} to read an {kind} from")
    text = text.removeprefix("\ufeff")  # as a decoder takes a mark for the byte order, and no letter
    return Content("the text", "text", digest_of_bytes(text.encode("utf-8", "surrogatepass")), value=text)


def _bytes(data: bytes, kind: Kind | None) -> Content:
    name = f"the {len(data):,} bytes given"
    if not data:
        raise MediaError("there is nothing to fingerprint: no byte was given")
    told = kind or sniff(data[:HEAD_BYTES])
    if told == "container":
        told = kind_of_file(data, name)
    return Content(name, _known(told, name), digest_of_bytes(data), encoded=data)


def _file(path: Path, kind: Kind | None) -> Content:
    name = repr(os.fspath(path))
    try:
        if _is_odd(path) and not stat.S_ISREG(path.stat().st_mode):
            raise MediaError(f"{name} is no regular file; of a stream give the open file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            digest = digest_of_file(path, file)
            stamp = stamp_of(os.fstat(file.fileno()))
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} can't be read ({error}); check the path") from error
    if not head:
        raise MediaError(f"{name} is empty: there is nothing to fingerprint")
    told = kind or sniff(head)
    if told == "container":
        told = kind_of_file(path, name)
    return Content(name, _known(told, name), digest, encoded=path, stamp=stamp)


def _is_odd(path: Path) -> bool:
    """Whether it is there and no regular file; asked in fpcache's own time: of a file only content counts."""
    with quiet():
        return path.exists() and not path.is_file()


def _known(told: str | None, name: str) -> Kind:
    if told not in KINDS:
        raise MediaError(f"{name} is no image, sound, video or text that is known; if it is one, say kind=")
    return told


def _decoded(value: Any, kind: Kind | None) -> Content:
    """Take Pillow images, arrays and tensors, and ``(samples, rate)``."""
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[1], (str, bytes)):
        if kind not in (None, "audio"):
            raise MediaError(f"(samples, rate) is taken as sound, not as kind={kind!r}")
        sound = samples(*value)
        return Content("the samples", "audio", samples_digest(*sound), value=sound)
    if kind not in (None, "image"):
        raise MediaError(f"pixels are taken as an image; for sound give (samples, rate), not kind={kind!r}")
    if hasattr(type(value), "getbands") and hasattr(type(value), "tobytes"):
        return Content("the Pillow image", "image", picture_digest(value), value=value)
    array = pixels(value)
    return Content(f"the array of shape {array.shape}", "image", digest_of_array(array), value=array)
