"""Digests of files' contents and of directory listings.

A content digest is remembered by signature, and only where the file's times
lie well before the moment it was read: within one tick of the file system's
clock a file can change and keep its signature.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Iterable

import xxhash

from fpcache.dependencies.locked_files import chunks_of
from fpcache.dependencies.paths import Signature, signature

__all__ = ["GONE", "clock_ns", "content_digest", "listing_digest", "names_in", "tree_digest", "tree_names"]

GONE = "absent"
UNREADABLE = "unreadable"
SPECIAL = "special"
DIRECTORY = "directory"
RACY_NS = 2_500_000_000  # some file systems keep times to two seconds only
MEMO_LENGTH = 50_000
MAX_TREE_FILES = 2_000
MAX_TREE_BYTES = 64 << 20

_scandir = os.scandir  # bound at import, so that it never meets a wrapper
_memo: OrderedDict[tuple[str, Signature], str] = OrderedDict()


def clock_ns() -> int:
    """Return the time as the kernel stamps files with it, in nanoseconds since the epoch."""
    coarse = getattr(time, "CLOCK_REALTIME_COARSE", None)
    return time.time_ns() if coarse is None else time.clock_gettime_ns(coarse)


def content_digest(path: str) -> str:
    """Return the digest of a file's content, or a word for what has none.

    Returns
    -------
    str
        32 hexadecimal digits; ``"absent"``, ``"directory"``, ``"special"`` or
        ``"unreadable"`` where there is no content.
    """
    found = signature(path)
    if found is None:
        return GONE
    if not stat.S_ISREG(found.mode):
        return DIRECTORY if stat.S_ISDIR(found.mode) else SPECIAL
    known = _memo.get((path, found))
    if known is not None:
        return known
    started_ns = clock_ns()
    digest = _digest_of(path)
    if digest != UNREADABLE and found == signature(path) and found.changed_ns + RACY_NS < started_ns:
        _memo[path, found] = digest
        while len(_memo) > MEMO_LENGTH:
            _memo.popitem(last=False)
    return digest


def _digest_of(path: str) -> str:
    hasher = xxhash.xxh3_128()
    try:
        for chunk in chunks_of(path):
            hasher.update(chunk)
    except OSError:
        return UNREADABLE
    return hasher.hexdigest()


def names_in(path: str, pattern: str = "") -> tuple[tuple[str, str], ...] | None:
    """Return a directory's names and kinds (``d``, ``f``, ``l``), sorted; ``None`` if it can't be listed."""
    keep = re.compile(pattern).fullmatch if pattern else None
    try:
        with _scandir(path) as entries:
            return tuple(sorted((e.name, _kind(e)) for e in entries if keep is None or keep(e.name)))
    except OSError:
        return None


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "l"
    return "d" if entry.is_dir(follow_symlinks=False) else "f"


def listing_digest(
    path: str, pattern: str = "", *, detailed: bool = False, without: Iterable[str] = ()
) -> str:
    """Return the digest of a directory's names and kinds, ``detailed`` also of sizes and times.

    Parameters
    ----------
    path : str
    pattern : str, optional
        A regular expression that names must match in full to count.
    detailed : bool, optional
        Whether sizes and modification times count.
    without : iterable of str, optional
        Names that don't count.
    """
    names = names_in(path, pattern)
    if names is None:
        return GONE
    hasher = xxhash.xxh3_128()
    left_out = frozenset(without)
    for name, kind in names:
        if name in left_out:
            continue
        hasher.update(f"{len(name)}:{kind}:".encode() + os.fsencode(name))
        if detailed and kind == "f" and (found := signature(os.path.join(path, name))):
            hasher.update(f"{found.size_bytes}:{found.mtime_ns};".encode())
    return hasher.hexdigest()


def tree_names(path: str) -> list[str]:
    """Return the files below a directory, by relative path; none where they are too many or too big."""
    found: list[str] = []
    size_bytes = 0
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for name in files:
            known = signature(os.path.join(folder, name))
            if _is_hidden(name) or name.endswith(".ipynb") or known is None or not stat.S_ISREG(known.mode):
                continue
            found.append(os.path.relpath(os.path.join(folder, name), path))
            size_bytes += known.size_bytes
            if len(found) > MAX_TREE_FILES or size_bytes > MAX_TREE_BYTES:
                return []
    return sorted(found)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def tree_digest(path: str, names: Iterable[str]) -> str:
    """Return the digest of the contents of the named files below a directory."""
    hasher = xxhash.xxh3_128()
    for name in names:
        hasher.update(f"{len(name)}:".encode() + os.fsencode(name))
        hasher.update(content_digest(os.path.join(path, name)).encode())
    return hasher.hexdigest()
