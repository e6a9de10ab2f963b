"""Files that libraries open natively, out of sight of Python's audit events.

Known openers are replaced while a run is watched: in modules that are loaded,
and in those that the run itself loads, as soon as they are.

A limit: where code holds such a function by its own name
(``from cv2 import imread``), its calls aren't seen. A component that is known
to use one so isn't cached.
"""

from __future__ import annotations

import glob
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from fpcache.dependencies import callers, file_events, interception
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_watch import OS_POINTS, FileWatch, native_access, watch_of
from fpcache.dependencies.interception import Call, Point
from fpcache.dependencies.late_imports import LateImports
from fpcache.dependencies.native_openers import OPENERS, ROOTS, Opener
from fpcache.dependencies.paths import is_noise
from fpcache.dependencies.records import Dependency, Observation, Refusal

__all__ = ["KINDS", "NativeIO", "check", "probe"]

KINDS: frozenset[str] = frozenset()
EVENT, COLLECT, FILESYSTEM = "fpcache.native_call", "fpcache.collect", "fpcache.filesystem"
# Its methods can't be replaced; libraries that make one for themselves were given the path.
_UNSEEN_FILESYSTEM = Refusal(
    "reaches files through a pyarrow file system, out of sight",
    "pass the path itself to the function that reads",
)
_LAZY = ("collect", "collect_async", "collect_batches", "sink_batches", "sink_csv", "sink_ipc", "sink_ndjson")
_MAGIC = frozenset("*?[")


class NativeIO:
    """Watches known native openers during one run, for the shared journal."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watch: FileWatch = watch_of(context)
        self._subscription: file_events.Subscription | None = None
        self._late: LateImports | None = None
        self._points: list[Point] = []
        self._known: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Replace the openers of all modules that are loaded, and wait for others."""
        self._subscription = file_events.subscribe(self._note, (EVENT, COLLECT, FILESYSTEM))
        self._replace_loaded()
        missing = [name for name in (*ROOTS, "pyarrow.fs") if name not in sys.modules]
        self._late = LateImports(missing, self._replace_loaded)
        self._late.install()

    def stop(self) -> None:
        """Put everything back."""
        if self._late is not None:
            self._late.remove()
        with self._lock:
            points, self._points = self._points, []
        interception.release(points)
        if self._subscription is not None:
            file_events.unsubscribe(self._subscription)

    def observation(self) -> Observation:
        """Return why the run can't be stored, where native files went unseen."""
        faults = [] if self._subscription is None else [*self._subscription.faults]
        faults += [] if self._late is None else self._late.faults
        refusals = [
            Refusal("its files could not be watched", f"report this: {fault!r}") for fault in faults[:1]
        ]
        return Observation(refusals=(*refusals, *self._held_by_name()))

    def _replace_loaded(self) -> None:
        with self._lock:
            for point in _points():
                key = (getattr(point.owner, "__name__", ""), point.name)
                if key not in self._known:
                    self._known.add(key)
                    self._points += interception.install([point])

    def _held_by_name(self) -> Iterator[Refusal]:
        reading = self._context.reading
        if reading is None:
            return
        hooks = [*_points(), *OS_POINTS]
        originals = {id(vars(p.owner).get(p.name)): p.name for p in hooks if not isinstance(p.owner, type)}
        for root in reading.roots:
            name = originals.get(id(root.value))
            if name is not None:
                yield Refusal(
                    f"reaches files through `{name}`, imported by name",
                    f"import its module instead, and call `module.{name}`",
                )
            elif type(root.value).__module__ == "pyarrow._fs":
                yield _UNSEEN_FILESYSTEM

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        call: Call = args[0]
        if event == COLLECT:
            _note_lazy(self._watch, call.args[0])
            return
        if event == FILESYSTEM:
            frame = callers.caller()
            if frame is not None and not is_noise(frame.f_code.co_filename):
                self._watch.journal.refuse(_UNSEEN_FILESYSTEM.reason, _UNSEEN_FILESYSTEM.remedy)
            return
        opener: Opener = call.point.detail
        mode = _mode_of(opener, call)
        for text in _texts(call.argument(opener.index, opener.keyword)):
            for path in _expanded(self._watch, text, mode):
                native_access(self._watch.journal, path, mode)


def probe(context: Context) -> NativeIO:
    """Return the probe for one run."""
    return NativeIO(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """What is read natively is a dependency of kind ``"file"``; none is of a kind of its own."""
    return None


def _points() -> Iterator[Point]:
    for opener in OPENERS:
        module = sys.modules.get(opener.module)
        if module is None:
            continue
        owner: Any = module
        *parents, name = opener.name.split(".")
        for parent in parents:
            owner = vars(owner).get(parent)
            if owner is None:
                break
        if owner is not None and hasattr(owner, name):
            yield Point(owner, name, EVENT, opener)
    arrow = sys.modules.get("pyarrow.fs")
    if arrow is not None:
        yield Point(arrow, "LocalFileSystem", FILESYSTEM)
    polars = sys.modules.get("polars")
    if polars is not None and hasattr(polars, "LazyFrame"):
        yield from (
            Point(polars.LazyFrame, name, COLLECT) for name in _LAZY if name in vars(polars.LazyFrame)
        )


def _mode_of(opener: Opener, call: Call) -> str:
    if not opener.mode.startswith("?"):
        return opener.mode
    index, _, default = opener.mode[1:].partition("=")
    mode = call.argument(int(index), "mode", default) or default
    plain = str(mode).replace("b", "").replace("t", "")
    return {"rw": "r+", "r": "r", "w": "w", "x": "x", "w-": "x", "w+": "w"}.get(plain, "r+")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (str, bytes, os.PathLike)):
        yield os.fsdecode(value)
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from _texts(element)


def _expanded(watch: FileWatch, text: str, mode: str) -> Iterator[str]:
    if "://" in text:
        parts = urlsplit(text)
        if parts.scheme != "file":
            return
        text = unquote(parts.path)
    if mode != "r" or os.path.exists(text) or not _MAGIC & set(text):
        yield os.path.expanduser(text)
        return
    folder = text[: min(text.index(c) for c in _MAGIC & set(text))].rpartition("/")[0]
    watch.journal.list(folder or ".")
    found = glob.glob(os.path.expanduser(text), recursive=True)
    for name in {os.path.dirname(path) for path in found} - {folder, ""}:
        watch.journal.list(name)
    yield from found


def _note_lazy(watch: FileWatch, frame: Any) -> None:
    """Note the files that a lazy frame scans; it may have been made by an earlier component."""
    plan = str(frame.explain(optimized=False))
    for line in plan.splitlines():
        _, scans, rest = line.partition(" SCAN [")
        if not scans:
            continue
        names = [name.strip() for name in rest.rpartition("]")[0].split(",")]
        if "other source" in rest and names[0] not in watch.journal_names():
            watch.journal.refuse(
                "collects a lazy frame of files that can't all be seen", "scan them in this cell"
            )
        for name in names:
            if "other source" not in name:
                native_access(watch.journal, name, "r")
