"""Threads and tasks that a run started and left at work, and those that only wait to serve."""

from __future__ import annotations

import asyncio
import linecache
import re
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from fpcache.dependencies.file_events import kernel_threads
from fpcache.dependencies.records import Refusal

__all__ = ["busy_tasks", "busy_threads", "live_tasks", "live_threads"]

# Packages whose threads serve others and hold no work of their own once a call has returned.
_SERVICES = frozenset(
    {"tqdm", "joblib", "IPython", "ipykernel", "zmq", "debugpy", "fpcache", "threadpoolctl"}
)
# Standard modules with service threads: queue feeders, pool handlers and managers, executors' workers.
_POOLS = re.compile(r"^(multiprocessing|concurrent\.futures|joblib\.externals\.loky)\b")
_REMEDY = "wait for it (`thread.join()`), or start it in a statement of its own"


def live_threads() -> frozenset[int]:
    """Return the identities of the threads alive now."""
    return frozenset(map(id, threading.enumerate()))


def busy_threads(before: frozenset[int]) -> Iterator[Refusal]:
    """Yield a refusal for each thread that was not there before and is at work."""
    new = [thread for thread in threading.enumerate() if id(thread) not in before and thread.is_alive()]
    if not new:
        return
    kernel, frames = kernel_threads(), sys._current_frames()
    for thread in new:
        frame = frames.get(thread.ident or 0)
        if thread.ident not in kernel and not _is_idle_service(thread, frame):
            yield Refusal(f"started a thread that is still running (`{thread.name}`)", _REMEDY)


def _is_idle_service(thread: threading.Thread, frame: FrameType | None) -> bool:
    """Whether a thread belongs to a pool or monitor, and executes nothing of others' now."""
    if isinstance(thread, threading._DummyThread):
        return True  # a thread of a native library that once called into Python
    target = getattr(thread, "_target", None)
    homes = (type(thread).__module__, str(getattr(target, "__module__", "")))
    if any(home.partition(".")[0] in _SERVICES and not _POOLS.match(home) for home in homes):
        return True
    if not any(_POOLS.match(home) for home in homes):
        return False
    return all(_is_pool_code(found.f_code) and not _is_calling(found) for found in _stack(frame))


def _is_calling(frame: FrameType) -> bool:
    """Whether a pool's own code is calling what it was given, which may be a native function."""
    code = frame.f_code
    if code.co_qualname == "_WorkItem.run":
        return True
    return code.co_qualname == "worker" and "get(" not in linecache.getline(code.co_filename, frame.f_lineno)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


_POOL_FILES = re.compile(
    r"[/\\](threading|queue|selectors|socket|weakref|multiprocessing[/\\]\w+|concurrent[/\\]futures[/\\]\w+"
    r"|joblib[/\\].*)\.py$"
)


def _is_pool_code(code: CodeType) -> bool:
    return bool(_POOL_FILES.search(code.co_filename))


def live_tasks() -> frozenset[int]:
    """Return the identities of the running loop's tasks."""
    return frozenset(map(id, _tasks()))


def busy_tasks(before: frozenset[int]) -> Iterator[Refusal]:
    """Yield a refusal for each task that was not there before and isn't done."""
    for task in _tasks():
        if id(task) not in before and not task.done() and not _is_kernels(task):
            yield Refusal("started a task that is still pending", "await it in the same statement")


def _tasks() -> list[Any]:
    loop = asyncio._get_running_loop()
    return [] if loop is None else list(asyncio.all_tasks(loop))


def _is_kernels(task: Any) -> bool:
    """Whether the kernel made the task to serve its own messages."""
    code = getattr(task.get_coro(), "cr_code", None)
    name = code.co_filename if code is not None else ""
    return any(
        f"{part}{package}{part}" in name for package in ("ipykernel", "tornado", "zmq") for part in "/\\"
    )
