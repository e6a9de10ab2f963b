"""The process's umask, which decides the mode of every file that code makes."""

from __future__ import annotations

import os
from json import dumps

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency

__all__ = ["NAME", "digest_of", "note_before", "present_umask", "umask_dependency"]

NAME = "umask"
_STATUS = "/proc/self/status"


def present_umask() -> int:
    """Return the mask; where the system doesn't tell it, by setting it for a moment."""
    try:
        with open(_STATUS) as status:
            for line in status:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except OSError:
        pass
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def note_before(context: Context, mask: int) -> None:
    """Keep the mask that a run found when it set another one for the first time."""
    context.shared.setdefault(NAME, mask)


def umask_dependency(context: Context, kind: str) -> Dependency:
    """Return a dependency on the mask as it was before the run."""
    before = context.shared.get(NAME)
    return Dependency(kind, NAME, digest_of(present_umask() if before is None else before))


def digest_of(value: object) -> str:
    """Return the digest of a plain value."""
    return xxhash.xxh3_128_hexdigest(dumps(value).encode())
