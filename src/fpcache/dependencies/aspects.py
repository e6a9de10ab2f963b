"""What a look at a path can tell, as short texts that are compared later."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from fpcache.dependencies.paths import signature

__all__ = ["ABSENT", "answer", "told"]

ABSENT = "-"

# Bound at import, so that they never meet a wrapper.
_access, _readlink = os.access, os.readlink


def _exists(path: str) -> str:
    return str(int(signature(path) is not None))


def _lexists(path: str) -> str:
    return str(int(signature(path, follow=False) is not None))


def _is(test: Callable[[int], bool], *, follow: bool = True) -> Callable[[str], str]:
    def ask(path: str) -> str:
        found = signature(path, follow=follow)
        return str(int(found is not None and test(found.mode)))

    return ask


def _size(path: str) -> str:
    found = signature(path)
    return ABSENT if found is None else str(found.size_bytes)


def _mtime(path: str) -> str:
    found = signature(path)
    return ABSENT if found is None else str(found.mtime_ns)


def _whole(*, follow: bool) -> Callable[[str], str]:
    def ask(path: str) -> str:
        found = signature(path, follow=follow)
        return ABSENT if found is None else f"{found.mode:o}:{found.size_bytes}:{found.mtime_ns}"

    return ask


def _link(path: str) -> str:
    try:
        return os.fsdecode(_readlink(path))
    except (OSError, ValueError):
        return ABSENT


_ANSWERS: dict[str, Callable[[str], str]] = {
    "exists": _exists,
    "lexists": _lexists,
    "isfile": _is(stat.S_ISREG),
    "isdir": _is(stat.S_ISDIR),
    "islink": _is(stat.S_ISLNK, follow=False),
    "size": _size,
    "mtime": _mtime,
    "stat": _whole(follow=True),
    "lstat": _whole(follow=False),
    "link": _link,
}


def answer(path: str, aspect: str) -> str:
    """Return what is true of ``path`` now, in the given respect.

    Parameters
    ----------
    path : str
        An absolute path.
    aspect : str
        ``"exists"``, ``"isdir"``, ``"size"``, ``"mtime"``, ``"stat"``, ``"link"``, ``"access4"``, ...
    """
    if aspect.startswith("access"):
        try:
            return str(int(_access(path, int(aspect.removeprefix("access")))))
        except (OSError, ValueError):
            return "0"
    return _ANSWERS[aspect](path)


def told(name: str, aspect: str, before: str, now: str) -> str:
    """Return the reason why another answer than recorded is a change."""
    if aspect in ("exists", "lexists", "isfile", "isdir") or aspect.startswith("access"):
        return f"`{name}` exists now" if now == "1" else f"`{name}` is gone"
    if ABSENT in (before, now):
        return f"`{name}` exists now" if before == ABSENT else f"`{name}` is gone"
    what = {
        "size": "has another size",
        "mtime": "has another modification time",
        "link": "leads elsewhere now",
    }
    return f"`{name}` {what.get(aspect, 'changed on disk')}"
