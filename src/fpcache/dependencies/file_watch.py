"""From audit events and replaced functions to entries of the journal."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from fpcache.dependencies import callers, file_events, interception
from fpcache.dependencies.context import Context
from fpcache.dependencies.interception import Call, Point
from fpcache.dependencies.journal import Journal
from fpcache.dependencies.paths import is_noise, text_of

__all__ = ["FileWatch", "has_written", "watch_of"]

_CODE_SUFFIXES = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib", ".pth", ".egg-link", ".zip")
_KEY = "file_watch"

OS_POINTS = (
    Point(os, "stat", "fpcache.stat", "stat"),
    Point(os, "lstat", "fpcache.stat", "lstat"),
    Point(os, "access", "fpcache.access"),
    Point(os, "readlink", "fpcache.readlink"),
    Point(os, "open", "fpcache.open_at"),
    Point(os, "mkfifo", "fpcache.special"),
    Point(os, "mknod", "fpcache.special"),
)


class FileWatch:
    """Watches one run's files; started and stopped by each probe that shares it."""

    def __init__(self, context: Context) -> None:
        self.journal = Journal(context)
        self.faults: list[Exception] = []
        self._users = 0
        self._points: list[Point] = []
        self._subscription: file_events.Subscription | None = None
        self._folders: dict[int, tuple[object, int]] = {}

    def start(self) -> None:
        """Begin to watch, unless it has begun."""
        self._users += 1
        if self._users == 1:
            self._subscription = file_events.subscribe(self._note, tuple(_HANDLERS))
            self.faults = self._subscription.faults
            self._points = interception.install(OS_POINTS)

    def stop(self) -> None:
        """Stop watching, when the last that started it stops."""
        self._users -= 1
        if self._users <= 0:
            self.close()

    def close(self) -> None:
        """Take away all that ``start`` put in place."""
        points, self._points = self._points, []
        interception.release(points)
        if self._subscription is not None:
            file_events.unsubscribe(self._subscription)

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        _HANDLERS[event](self, *args)

    def note_folder(self, call: Call) -> None:
        """Keep the ``dir_fd`` of an ``os.open``: the audit event that follows doesn't tell it."""
        folder = call.kwargs.get("dir_fd")
        if isinstance(folder, int):
            self._folders[threading.get_ident()] = (call.argument(0, "path"), folder)

    def journal_names(self) -> set[str]:
        """Return all paths met so far, as they were named."""
        return {seen.name for seen in list(self.journal.seen.values())}

    def folder_of(self, path: object) -> int | None:
        """Return the ``dir_fd`` that the ``os.open`` now under way was given."""
        known = self._folders.pop(threading.get_ident(), None)
        return known[1] if known is not None and known[0] is path else None


def has_written(context: Context) -> bool:
    """Whether the run that was watched wrote a file or made a directory."""
    watch = context.shared.get(_KEY)
    if not isinstance(watch, FileWatch):
        return False
    return bool(watch.journal.made) or any(seen.is_written for seen in watch.journal.seen.values())


def watch_of(context: Context) -> FileWatch:
    """Return the watch that the probes of this recording share."""
    present = context.shared.get(_KEY)
    if present is None:
        present = context.shared[_KEY] = FileWatch(context)
    return present


def _intent(mode: object, flags: int) -> tuple[bool, bool, bool]:
    """Return whether an open writes, whether it empties the file first, and whether the file must be new."""
    if flags == 0 and isinstance(mode, str):
        return (any(c in mode for c in "wax+"), "w" in mode, "x" in mode)
    writes = flags & (os.O_WRONLY | os.O_RDWR) != 0 or flags & os.O_CREAT != 0
    exclusive = flags & os.O_EXCL != 0 and flags & os.O_CREAT != 0
    return writes, flags & os.O_TRUNC != 0 or exclusive, exclusive


def _on_open(watch: FileWatch, path: object, mode: object, flags: int) -> None:
    text = text_of(path, watch.folder_of(path))
    if text is None or isinstance(path, int) or flags & getattr(os, "O_PATH", 0):
        return
    if flags & getattr(os, "O_TMPFILE", 0) == getattr(os, "O_TMPFILE", -1):
        return
    writes, is_whole, is_exclusive = _intent(mode, flags)
    if writes and os.path.isdir(text):
        return  # fails, or has an opener of its own, whose os.open is an event of its own
    if writes:
        is_exclusive = is_exclusive and not callers.is_temporary(callers.caller())
        watch.journal.write(text, is_whole=is_whole, is_exclusive=is_exclusive)
    elif not (text.endswith(_CODE_SUFFIXES) and callers.is_import(callers.caller())):
        watch.journal.read(text)


def _on_listdir(watch: FileWatch, path: object) -> None:
    _on_listing(watch, path, is_scan=False)


def _on_scandir(watch: FileWatch, path: object) -> None:
    _on_listing(watch, path, is_scan=True)


def _on_listing(watch: FileWatch, path: object, *, is_scan: bool) -> None:
    frame = callers.caller()
    text = "." if path is None else text_of(path)
    if text is None or callers.is_import(frame):
        return
    is_detailed = is_scan and not callers.is_names_only(frame)
    watch.journal.list(text, callers.glob_pattern(frame), is_detailed=is_detailed)


def _on_stat(watch: FileWatch, call: Call) -> None:
    path = call.argument(0, "path")
    frame = callers.caller()
    if isinstance(path, int) or callers.is_import(frame):
        return
    text = text_of(path, call.kwargs.get("dir_fd"))
    aspect = callers.stat_aspect(frame)
    if text is None or not aspect:
        return
    if aspect == "content":
        _check_lines(watch, text)
        return
    if aspect == "stat":
        follows = call.point.detail == "stat" and call.kwargs.get("follow_symlinks", True)
        aspect = _whole_aspect(text, frame, follows=follows)
    elif aspect == "exists" and call.point.detail == "lstat":
        aspect = "lexists"
    watch.journal.look(text, aspect)


def _check_lines(watch: FileWatch, text: str) -> None:
    # linecache tries every folder of sys.path for a source file that is nowhere; one that is there counts.
    if os.path.exists(text):
        watch.journal.read(text)


def _whole_aspect(text: str, frame: Any, *, follows: bool) -> str:
    # A directory's times change with every file made in it. Libraries ask for its kind, and get all of it.
    if os.path.isdir(text) and frame is not None and is_noise(frame.f_code.co_filename):
        return "isdir"
    return "stat" if follows else "lstat"


def _on_access(watch: FileWatch, call: Call) -> None:
    text = text_of(call.argument(0, "path"), call.kwargs.get("dir_fd"))
    mode = call.argument(1, "mode", 0)
    if text is not None and isinstance(mode, int) and not callers.is_import(callers.caller()):
        watch.journal.look(text, f"access{mode}")


def _on_readlink(watch: FileWatch, call: Call) -> None:
    text = text_of(call.argument(0, "path"), call.kwargs.get("dir_fd"))
    if text is not None:
        watch.journal.look(text, "link")


def _on_special(watch: FileWatch, call: Call) -> None:
    watch.journal.refuse("makes a special file", "keep pipes and devices out of the cached cell")


def _on_remove(watch: FileWatch, path: object, dir_fd: object = None) -> None:
    text = text_of(path, dir_fd)
    if text is not None:
        watch.journal.remove(text)


def _on_rename(
    watch: FileWatch, source: object, target: object, source_fd: object = None, target_fd: object = None
) -> None:
    before, after = text_of(source, source_fd), text_of(target, target_fd)
    if before is not None and after is not None:
        watch.journal.rename(before, after)


def _on_link(watch: FileWatch, source: object, target: object, *folders: object) -> None:
    text = text_of(target, folders[-1] if folders else None)
    if text is not None:
        watch.journal.write(text, is_whole=True)
        seen = watch.journal.see(text)
        if seen is not None:
            watch.journal.links.add(seen.path)


def _on_truncate(watch: FileWatch, path: object, length: object = None) -> None:
    text = text_of(path)
    if text is not None:
        watch.journal.write(text, is_whole=False)


def _on_touch(watch: FileWatch, path: object, *rest: object) -> None:
    text = text_of(path, rest[-1] if rest and isinstance(rest[-1], int) else None)
    if text is not None:
        watch.journal.touch(text)


def _on_setxattr(watch: FileWatch, path: object, *rest: object) -> None:
    _on_touch(watch, path)


def _on_mkdir(watch: FileWatch, path: object, mode: object = None, dir_fd: object = None) -> None:
    text = text_of(path, dir_fd)
    if text is not None:
        frame = callers.caller()
        is_lenient = callers.is_lenient_mkdir(frame) or callers.is_temporary(frame)
        watch.journal.make(text, is_lenient=is_lenient)


def _on_sqlite(watch: FileWatch, database: object, *rest: object) -> None:
    text = text_of(database)
    if text is None or text == ":memory:" or not text:
        return
    if text.startswith("file:"):
        parts = urlsplit(text)
        if "mode=memory" in parts.query or parts.path == ":memory:":
            return
        text = unquote(parts.path)
    watch.journal.write(text, is_whole=False)
    watch.journal.databases.add(text)


def _on_dlopen(watch: FileWatch, name: object) -> None:
    if isinstance(name, str) and os.sep in name:
        watch.journal.read(name)


def native_access(journal: Journal, text: str, mode: str) -> None:
    """Note what code that isn't Python's is about to do: mode ``r``, ``w``, ``x``, ``a`` or ``r+``."""
    if mode in ("r+", "a"):
        journal.write(text, is_whole=False)
    elif mode in ("w", "x", "w-"):
        if os.path.isdir(text):
            journal.tree(text)
        else:
            journal.write(text, is_whole=True, is_exclusive=mode != "w")
    elif os.path.isdir(text):
        _read_tree(journal, text)
    else:
        journal.read(text)


def _read_tree(journal: Journal, text: str) -> None:
    journal.list(text)
    for folder, folders, files in os.walk(text):
        for name in folders:
            journal.list(os.path.join(folder, name))
        for name in files:
            journal.read(os.path.join(folder, name))


_HANDLERS: dict[str, Callable[..., None]] = {
    "open": _on_open,
    "os.listdir": _on_listdir,
    "os.scandir": _on_scandir,
    "os.remove": _on_remove,
    "os.rmdir": _on_remove,
    "os.rename": _on_rename,
    "os.link": _on_link,
    "os.symlink": _on_link,
    "os.truncate": _on_truncate,
    "os.chmod": _on_touch,
    "os.chown": _on_touch,
    "os.utime": _on_touch,
    "os.chflags": _on_setxattr,
    "os.setxattr": _on_setxattr,
    "os.mkdir": _on_mkdir,
    "sqlite3.connect": _on_sqlite,
    "ctypes.dlopen": _on_dlopen,
    "fpcache.stat": _on_stat,
    "fpcache.access": _on_access,
    "fpcache.readlink": _on_readlink,
    "fpcache.special": _on_special,
    "fpcache.open_at": FileWatch.note_folder,
}
