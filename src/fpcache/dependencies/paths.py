"""Paths as a component named them, and which of them are never its data."""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

__all__ = [
    "Signature",
    "absolute",
    "in_temporary_folder",
    "is_noise",
    "is_transient",
    "signature",
    "text_of",
    "working_directory",
]

# Bound at import, so that they never meet a wrapper.
_stat, _lstat, _getcwd, _readlink = os.stat, os.lstat, os.getcwd, os.readlink

_KERNEL_FILE = re.compile(r"/ipykernel_\d+(/|$)|<ipython-input|/\.ipynb_checkpoints(/|$)|/__pycache__(/|$)")
_SHARED_MEMORY = re.compile(r"/dev/shm/(sem\.|psm_|wnsm_|torch_|joblib_|loky|mp-)")
_SPECIAL = re.compile(r"/(proc|sys|dev)(/|$)")
_TRANSIENT = re.compile(r"(joblib_memmapping_folder_|fpcache-watch-|pymp-|loky-)")


@dataclass(frozen=True, slots=True)
class Signature:
    """What the file system says of a file: equal signatures, and it wasn't replaced or written."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    mode: int

    @property
    def identity(self) -> tuple[int, int]:
        """The file itself, whatever name leads to it."""
        return (self.device, self.inode)

    @property
    def changed_ns(self) -> int:
        """When it last changed, in nanoseconds since the epoch; times that were set don't count."""
        return self.ctime_ns if os.name == "posix" else max(self.mtime_ns, self.ctime_ns)


def signature(path: str, *, follow: bool = True) -> Signature | None:
    """Return the signature of what lies at ``path``, ``None`` where nothing does."""
    try:
        found = _stat(path) if follow else _lstat(path)
    except (OSError, ValueError):
        return None
    return Signature(
        found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode
    )


def text_of(path: object, dir_fd: object = None) -> str | None:
    """Return a path argument as text, ``None`` for what names no path.

    Descriptors are looked up, and a ``dir_fd`` leads the relative path.
    """
    if isinstance(path, bool) or path is None:
        return None
    if isinstance(path, int):
        return _path_of_descriptor(path)
    try:
        text = os.fsdecode(path)  # type: ignore[arg-type]
    except (TypeError, ValueError, UnicodeError):
        return None
    if isinstance(dir_fd, int) and dir_fd >= 0 and not os.path.isabs(text):
        base = _path_of_descriptor(dir_fd)
        return None if base is None else os.path.join(base, text)
    return text


def _path_of_descriptor(descriptor: int) -> str | None:
    try:
        found = _readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return _path_by_fcntl(descriptor)
    return found if found.startswith("/") else None


def _path_by_fcntl(descriptor: int) -> str | None:
    try:
        import fcntl

        raw: bytes = fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024))  # type: ignore[attr-defined,unused-ignore]
    except (ImportError, AttributeError, OSError):
        return None
    return os.fsdecode(raw.rstrip(b"\0"))


def working_directory() -> str:
    """Return the working directory, or ``""`` where it was deleted."""
    try:
        return _getcwd()
    except OSError:
        return ""


def absolute(path: str, base: str | None = None) -> str:
    """Return ``path`` as an absolute, lexically clean one; symbolic links stay.

    ``..`` is kept after the first name, because it may leave a linked directory elsewhere.
    """
    joined = path if os.path.isabs(path) else os.path.join(base or working_directory(), path)
    if ".." in joined:
        return re.sub(r"/(\./)+|//+", "/", joined)
    return os.path.normpath(joined)


@cache
def _noise_roots() -> tuple[str, ...]:
    home = os.path.expanduser("~")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    data = os.path.join(home, ".local", "share", "jupyter")
    found = [
        *(sysconfig.get_paths().get(key, "") for key in ("stdlib", "platstdlib", "purelib", "platlib")),
        *_site_folders(),
        *(os.path.join(sys.prefix, part) for part in ("etc/jupyter", "share/jupyter", "share/fonts")),
        *(os.path.join(caches, part) for part in ("matplotlib", "fontconfig", "fpcache")),
        os.path.join(home, ".ipython"),
        os.path.join(home, ".jupyter"),
        data,
        os.path.join(sys.base_prefix, "lib", f"python{sys.version_info[0]}{sys.version_info[1]}.zip"),
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        "/usr/share/zoneinfo",
        "/usr/share/fonts",
        *(os.environ.get(key, "") for key in ("IPYTHONDIR", "FPCACHE_DIR", "JUPYTER_RUNTIME_DIR")),
    ]
    return _with_real(found)


def _site_folders() -> Iterable[str]:
    yield from getattr(site, "getsitepackages", list)()
    yield getattr(site, "getusersitepackages", str)()
    yield os.path.dirname(os.__file__)


def _with_real(folders: Iterable[str]) -> tuple[str, ...]:
    whole = {os.path.abspath(folder) for folder in folders if folder}
    return tuple(sorted(whole | {os.path.realpath(folder) for folder in whole}))


def is_noise(path: str, ignored: tuple[str, ...] = ()) -> bool:
    """Whether an absolute path is Python's, a library's or the kernel's own, or told to be ignored."""
    if _SPECIAL.match(path):
        return not path.startswith("/dev/shm/") or bool(_SHARED_MEMORY.match(path))
    if _KERNEL_FILE.search(path) or "<" in path[:2]:
        return True
    return any(path == root or path.startswith(root + os.sep) for root in (*_noise_roots(), *ignored))


def is_transient(path: str) -> bool:
    """Whether a path belongs to what process pools pass around for a moment."""
    return bool(_TRANSIENT.search(path))


def in_temporary_folder(path: str) -> bool:
    """Whether a path lies in the folder for temporary files."""
    return path.startswith(tempfile.gettempdir() + os.sep)
