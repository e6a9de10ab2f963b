"""Files that this process holds open, and may write without anybody noticing."""

from __future__ import annotations

import os
import stat

from fpcache.dependencies.paths import Signature, signature, text_of

__all__ = ["open_for_writing", "standard_streams"]

_FOLDERS = ("/proc/self/fd", "/dev/fd")


def open_for_writing() -> dict[str, Signature]:
    """Return the regular files open for writing, by absolute path; empty where the system can't tell."""
    found: dict[str, Signature] = {}
    for descriptor in _descriptors():
        if descriptor <= 2 or _identity(descriptor) in _INHERITED or not _is_writable(descriptor):
            continue
        path = text_of(descriptor)
        known = None if path is None else signature(path)
        if path is not None and known is not None and stat.S_ISREG(known.mode):
            found[path] = known
    return found


def standard_streams() -> frozenset[tuple[int, int]]:
    """Return the identities of the files that stdout and stderr of the process go to."""
    return frozenset(filter(None, map(_identity, (1, 2))))


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        known = os.fstat(descriptor)
    except OSError:
        return None
    return known.st_dev, known.st_ino


def _descriptors() -> tuple[int, ...]:
    for folder in _FOLDERS:
        try:
            return tuple(int(name) for name in os.listdir(folder))
        except (OSError, ValueError):
            continue
    return ()


def _is_writable(descriptor: int) -> bool:
    try:
        import fcntl

        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except (ImportError, OSError):
        return False
    return flags & os.O_ACCMODE != os.O_RDONLY


# What was open before fpcache was loaded: a server's log that this process inherited, say, which others write
# too.
# A handle that the user opened before is an input of whatever writes through it.
_INHERITED = frozenset(filter(None, map(_identity, _descriptors())))
