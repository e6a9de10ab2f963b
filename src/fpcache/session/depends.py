"""Files and directories that ``--depends`` names: their content counts like that of files read."""

from __future__ import annotations

import os
from collections.abc import Iterable

import xxhash

from fpcache.dependencies.file_digests import DIRECTORY, GONE, content_digest, listing_digest, tree_digest
from fpcache.dependencies.paths import absolute
from fpcache.dependencies.records import Dependency
from fpcache.own_work import quiet

__all__ = ["KIND", "check", "dependencies"]

KIND = "depends"


def dependencies(paths: Iterable[str]) -> list[Dependency]:
    """Return a dependency on each path, as it is now; also on one where nothing lies."""
    return [Dependency(KIND, path, _digest(path)) for path in paths]


def check(dependency: Dependency) -> str | None:
    """Return why what lies at a named path is not what it was, or None."""
    name, now = dependency.name, _digest(dependency.name)
    if now == dependency.expected:
        return None
    if GONE in (now, dependency.expected):
        return f"`{name}` is gone" if now == GONE else f"`{name}` exists now"
    return f"`{name}` changed on disk"


def _digest(name: str) -> str:
    path = absolute(os.path.expanduser(name))
    with quiet():
        found = content_digest(path)
        return _tree_digest(path) if found == DIRECTORY else found


def _tree_digest(path: str) -> str:
    """Return the digest of all that lies below a directory: names, kinds and contents."""
    parts = []
    for folder, folders, files in os.walk(path):
        folders.sort()
        parts += [os.path.relpath(folder, path), listing_digest(folder), tree_digest(folder, sorted(files))]
    return xxhash.xxh3_128_hexdigest("\0".join(parts).encode("utf-8", "surrogateescape"))
