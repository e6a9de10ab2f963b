"""From whatever people call an image, a sound or a text to its exact content: where it is, and its digest."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote_to_bytes

from fpcache.errors import MediaError
from fpcache.media.digests import digest_of_array, digest_of_bytes, digest_of_file
from fpcache.media.probing import kind_of_file
from fpcache.media.records import Kind
from fpcache.media.sniffing import HEAD_BYTES, sniff

__all__ = ["Content", "opened"]

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]+://")
_LOOKS_LIKE_A_PATH = re.compile(r"[^\s<>|*?\"]{1,1024}\.[A-Za-z0-9]{1,5}")
_MOST_IN_MEMORY = 64 << 20
_KINDS: tuple[Kind, ...] = ("image", "audio", "video", "text")


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
    """

    name: str
    kind: Kind
    digest: str
    encoded: bytes | Path | None = None
    value: Any = None


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
    if kind is not None and kind not in _KINDS:
        raise MediaError(f"there is no kind of media {kind!r}; kinds are {', '.join(_KINDS)}")
    if isinstance(source, str) and kind == "text" and not _is_address(source):
        source = _Text(source)
    with _located(source) as found:
        yield _described(found, kind)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


def _is_address(text: str) -> bool:
    return bool(_URL.match(text)) or text.startswith("data:") or _is_file(text)


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
        yield Path(source)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield bytes(source)
    elif hasattr(source, "read"):
        with _spooled(source, f"the file {getattr(source, 'name', 'given')!r}") as found:
            yield found
    else:
        yield source


@contextmanager
def _from_string(source: str) -> Iterator[Any]:
    if source.startswith("data:"):
        yield _data_of(source)
    elif _URL.match(source):
        with _fetched(source) as found:
            yield found
    elif _is_file(source):
        yield Path(source)
    elif _LOOKS_LIKE_A_PATH.fullmatch(source):
        raise MediaError(f"there is no file {source!r}; if it is meant as a text, say kind='text'")
    else:
        yield _Text(source)


def _data_of(address: str) -> bytes:
    """Return what a ``data:`` address holds (RFC 2397)."""
    head, comma, body = address[5:].partition(",")
    if not comma:
        raise MediaError("the data: address has no comma before its data; is it complete?")
    raw = unquote_to_bytes(body)
    if not head.endswith(";base64"):
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
    try:
        with fsspec.open(url, "rb") as file, _spooled(cast("BinaryIO", file), url) as found:
            yield found
    except MediaError:
        raise
    except ImportError as error:
        raise MediaError(f"{url!r} can't be read: {error}") from error
    except Exception as error:  # each scheme has errors of its own
        raise MediaError(f"{url!r} can't be read ({type(error).__name__}: {error})") from error


@contextmanager
def _spooled(file: Any, name: str) -> Iterator[bytes | Path]:
    """Take in what a file object has left: small content in memory, more in a file of its own."""
    try:
        start = file.read(_MOST_IN_MEMORY)
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} can't be read ({error})") from error
    if isinstance(start, str):
        yield (start + cast("str", file.read())).encode()
        return
    if len(start) < _MOST_IN_MEMORY:
        yield start
        return
    with tempfile.TemporaryDirectory(prefix="fpcache-media-") as folder:
        path = Path(folder, "content")
        with path.open("wb") as target:
            target.write(start)
            shutil.copyfileobj(file, target)
        yield path


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
    name = f"'{path}'"
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            digest = digest_of_file(path, file)
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} can't be read ({error}); check the path") from error
    if not head:
        raise MediaError(f"{name} is empty: there is nothing to fingerprint")
    told = kind or sniff(head)
    if told == "container":
        told = kind_of_file(path, name)
    return Content(name, _known(told, name), digest, encoded=path)


def _known(told: str | None, name: str) -> Kind:
    if told not in _KINDS:
        raise MediaError(f"{name} is no image, sound, video or text that is known; if it is one, say kind=")
    return told


def _decoded(value: Any, kind: Kind | None) -> Content:
    """Take Pillow images, arrays and tensors, and ``(samples, rate)``."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):
        samples, rate = _array(value[0]), value[1]
        return Content(
            "the samples", "audio", digest_of_array(samples, f"rate {rate}"), value=(samples, rate)
        )
    if hasattr(value, "getbands") and hasattr(value, "tobytes"):
        told = digest_of_bytes(b"%s %dx%d " % (value.mode.encode(), *value.size) + value.tobytes())
        return Content("the Pillow image", "image", told, value=value)
    pixels = _array(value)
    if kind not in (None, "image"):
        raise MediaError(f"an array is taken as an image; for sound give (samples, rate), not kind={kind!r}")
    return Content(f"the array of shape {pixels.shape}", "image", digest_of_array(pixels), value=pixels)


def _array(value: Any) -> Any:
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if not isinstance(value, np.ndarray):
        raise MediaError(
            f"a value of type {type(value).__name__} can't be fingerprinted; give a path, URL, bytes, file, "
            "Pillow image, array, tensor, (samples, rate) or text"
        )
    return value
