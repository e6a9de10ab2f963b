"""A written file as an effect: one line of JSON, then its bytes."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from json import dumps, loads

import xxhash

from fpcache.dependencies.file_digests import content_digest
from fpcache.dependencies.locked_files import chunks_of
from fpcache.dependencies.paths import absolute, signature
from fpcache.dependencies.records import Effect
from fpcache.errors import UncacheableError

__all__ = [
    "FILE",
    "FOLDER",
    "file_effect",
    "folder_effect",
    "make_folder",
    "put_file",
    "why_not_ready",
    "written_digest",
]

FILE, FOLDER = "written_file", "made_directory"


@dataclass(frozen=True, slots=True)
class _Header:
    digest: str
    mode: int
    mtime_ns: int | None
    makes_parent: bool


def file_effect(path: str, name: str, *, keeps_times: bool, makes_parent: bool) -> Effect | None:
    """Return the effect of a file as it is now, ``None`` where it changes while it is read."""
    before = signature(path)
    try:
        content = b"".join(chunks_of(path))
    except OSError:
        return None
    if before is None or before != signature(path):
        return None
    header = {
        "digest": xxhash.xxh3_128_hexdigest(content),
        "mode": stat.S_IMODE(before.mode),
        "mtime_ns": before.mtime_ns if keeps_times else None,
        "makes_parent": makes_parent,
    }
    return Effect(FILE, name, dumps(header).encode() + b"\n" + content)


def folder_effect(path: str, name: str, *, makes_parent: bool) -> Effect:
    """Return the effect of a directory that the run made."""
    found = signature(path)
    header = {
        "digest": "",
        "mode": stat.S_IMODE(found.mode) if found else 0o777,
        "mtime_ns": None,
        "makes_parent": makes_parent,
    }
    return Effect(FOLDER, name, dumps(header).encode() + b"\n")


def _split(state: bytes) -> tuple[_Header, memoryview]:
    whole = memoryview(state)
    end = bytes(whole[:4096]).find(b"\n")
    known = loads(bytes(whole[:end]))
    header = _Header(known["digest"], known["mode"], known["mtime_ns"], known["makes_parent"])
    return header, whole[end + 1 :]


def written_digest(effect: Effect) -> str:
    """Return the digest of a file's content as the run left it."""
    return _split(effect.state)[0].digest


def why_not_ready(effect: Effect) -> str | None:
    """Return why the file or directory can't be put back, so that the code must run; ``None``: it can."""
    path = absolute(effect.name)
    header, _ = _split(effect.state)
    present = signature(path, follow=False)
    if present is None:
        parent = signature(os.path.dirname(path))
        if parent is None and not header.makes_parent:
            return f"the directory of `{effect.name}` is gone"
        return None
    if effect.kind == FOLDER:
        is_folder = os.path.isdir(path)
        return None if is_folder else f"`{effect.name}` is a file now, and was made as a directory"
    if not stat.S_ISREG(present.mode) or content_digest(path) != header.digest:
        return f"`{effect.name}` has other content than the run left"
    if stat.S_IMODE(present.mode) != header.mode:
        return f"`{effect.name}` has other permissions than the run left"
    return None


def make_folder(effect: Effect) -> None:
    """Make a directory again, where it is missing."""
    header, _ = _split(effect.state)
    path = absolute(effect.name)
    if not os.path.isdir(path):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, header.mode)


def put_file(effect: Effect) -> None:
    """Write a missing file whole or not at all; what is there with equal content is left alone.

    Raises
    ------
    UncacheableError
        If something else lies there meanwhile: only the user's code overwrites.
    """
    reason = why_not_ready(effect)
    if reason is not None:
        raise UncacheableError(reason)
    path = absolute(effect.name)
    if signature(path, follow=False) is not None:
        return
    header, content = _split(effect.state)
    if header.makes_parent:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    _write_aside(path, header, content)


def _write_aside(path: str, header: _Header, content: memoryview) -> None:
    descriptor, aside = tempfile.mkstemp(prefix=".fpcache-", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(aside, header.mode)
        if header.mtime_ns is not None:
            os.utime(aside, ns=(header.mtime_ns, header.mtime_ns))
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
