"""Who in the call stack asked the file system, and what the answer can have told them.

``os.path.exists`` and ``os.path.getsize`` are both an ``os.stat``; the first
sees whether something is there, the second its size. The calling function
says which, so that a file that was only touched isn't a change for those who
asked whether it exists.
"""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Collection
from types import FrameType

__all__ = [
    "caller",
    "glob_pattern",
    "is_import",
    "is_lenient_mkdir",
    "is_names_only",
    "is_temporary",
    "module_of",
    "outside",
    "stat_aspect",
]

_OWN = "fpcache.dependencies."
_PREDICATES = {
    "exists": "exists",
    "lexists": "lexists",
    "isfile": "isfile",
    "isdir": "isdir",
    "islink": "islink",
    "is_file": "isfile",
    "is_dir": "isdir",
    "is_symlink": "islink",
    "is_mount": "isdir",
    "ismount": "isdir",
    "getsize": "size",
    "getmtime": "mtime",
    "getatime": "mtime",
    "getctime": "mtime",
    "_joinrealpath": "islink",
    "realpath": "islink",
    "samefile": "",
}
_PATH_MODULES = frozenset(
    {
        "genericpath",
        "posixpath",
        "ntpath",
        "pathlib",
        "pathlib._local",
        "pathlib._abc",
        "pathlib._os",
        "glob",
        "os",
    }
)
# These look before they act, and what they then do is seen by itself.
_INDIFFERENT = frozenset({"shutil", "tempfile", "zipfile", "tarfile", "warnings"})
# These only want to know whether a file that they couldn't write is theirs to remove.
_CLEANING_UP = frozenset({"PIL.Image"})
_LINES = frozenset({"linecache", "inspect", "tokenize"})
_NAMES_ONLY = frozenset({"shutil", *_PATH_MODULES})


def caller() -> FrameType | None:
    """Return the innermost frame outside this room."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(_OWN):
        frame = frame.f_back
    return frame


def module_of(frame: FrameType | None) -> str:
    """Return the name of the module whose code a frame runs."""
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def outside(frame: FrameType | None, modules: Collection[str]) -> FrameType | None:
    """Return the innermost frame, from ``frame`` outwards, of none of the modules."""
    while frame is not None and module_of(frame) in modules:
        frame = frame.f_back
    return frame


def is_import(frame: FrameType | None) -> bool:
    """Whether Python's import system or its look-up of installed packages asks."""
    if frame is None:
        return False
    if frame.f_code.co_filename.startswith("<frozen importlib"):
        return True
    return module_of(frame).startswith(("importlib", "pkgutil", "pkg_resources", "zipimport"))


def is_names_only(frame: FrameType | None) -> bool:
    """Whether a listing's asker passes on names and kinds but no sizes and times."""
    return module_of(frame) in _NAMES_ONLY


def stat_aspect(frame: FrameType | None) -> str:
    """Return what an ``os.stat`` tells its caller.

    Returns
    -------
    str
        A predicate (``"exists"``, ``"isfile"``, ...), ``"size"``, ``"mtime"``, ``"content"`` (a check
        whether lines already read are still true), ``"stat"`` (all of it), or ``""`` (nothing).
    """
    for _ in range(3):
        if frame is None:
            break
        module, function = module_of(frame), frame.f_code.co_name
        if module in _INDIFFERENT or is_lenient_mkdir(frame):
            return ""
        if module in _LINES:
            return "content"
        if module not in _PATH_MODULES:
            break
        if function in _PREDICATES:
            is_idle = is_lenient_mkdir(frame.f_back) or module_of(frame.f_back) in _CLEANING_UP
            return "" if is_idle else _PREDICATES[function]
        frame = frame.f_back
    return "stat"


def is_lenient_mkdir(frame: FrameType | None) -> bool:
    """Whether a directory is being made by code that doesn't mind if it exists."""
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_name in ("makedirs", "mkdir") and module_of(frame) in _PATH_MODULES:
            return bool(frame.f_locals.get("exist_ok"))
        frame = frame.f_back
    return False


def is_temporary(frame: FrameType | None) -> bool:
    """Whether ``tempfile`` makes a file or directory, whose name is by chance."""
    return module_of(frame) == "tempfile"


def glob_pattern(frame: FrameType | None) -> str:
    """Return the pattern that ``glob`` matches names with, as a regular expression; ``""`` for all."""
    for _ in range(5):
        if frame is None or module_of(frame) != "glob":
            return ""
        pattern = frame.f_locals.get("pattern")
        if frame.f_code.co_name in ("_glob1", "glob1") and isinstance(pattern, str):
            hidden = "" if pattern.startswith(".") else r"(?!\.)"
            return hidden + fnmatch.translate(pattern)
        frame = frame.f_back
    return ""
