"""Worker processes of joblib, loky, concurrent.futures and multiprocessing: watched from within.

Every task that the run hands to a pool is wrapped, so that the worker tells
what it read and wrote. A pool's processes are then no other processes, whether
they are new or left from an earlier cell. A task that hasn't told when the run
ends, and a process whose code can't be wrapped, keep the run from being
stored.

A limit: what a worker keeps in memory from earlier tasks isn't seen.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from fpcache.dependencies import environment, file_events, interception
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_watch import FileWatch, watch_of
from fpcache.dependencies.interception import Call, Point
from fpcache.dependencies.late_imports import LateImports
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.dependencies.worker_tasks import WatchedTask, read_told
from fpcache.own_work import quiet

__all__ = ["KINDS", "Workers", "check", "probe"]

KINDS: frozenset[str] = frozenset()
SUBMIT, CHUNKS, PROCESS = "fpcache.pool_task", "fpcache.pool_chunks", "fpcache.process_start"

# Module, class, method, event.
_HOOKS = (
    ("concurrent.futures.process", "ProcessPoolExecutor", "submit", SUBMIT),
    ("joblib.externals.loky.process_executor", "ProcessPoolExecutor", "submit", SUBMIT),
    ("loky.process_executor", "ProcessPoolExecutor", "submit", SUBMIT),
    ("multiprocessing.pool", "Pool", "apply_async", SUBMIT),
    ("multiprocessing.pool", "Pool", "_guarded_task_generation", CHUNKS),
    ("multiprocessing.process", "BaseProcess", "start", PROCESS),
)
# The loops that pool processes run; their third argument is the user's initializer.
_LOOPS = frozenset(
    {
        ("multiprocessing.pool", "worker"),
        ("concurrent.futures.process", "_process_worker"),
        ("joblib.externals.loky.process_executor", "_process_worker"),
        ("loky.process_executor", "_process_worker"),
    }
)
_INITIALIZER = 2


class Workers:
    """Wraps the tasks that one run hands to worker processes, and adds what they tell."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watch: FileWatch = watch_of(context)
        self._folder = ""
        self._sent = 0
        self._refusals: list[Refusal] = []
        self._points: list[Point] = []
        self._known: set[tuple[str, str]] = set()
        self._subscription: file_events.Subscription | None = None
        self._late: LateImports | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to wrap tasks."""
        self._subscription = file_events.subscribe(self._note, (SUBMIT, CHUNKS, PROCESS))
        self._replace_loaded()
        missing = {hook[0] for hook in _HOOKS if hook[0] not in sys.modules}
        self._late = LateImports(missing, self._replace_loaded)
        self._late.install()

    def stop(self) -> None:
        """Wrap no more, and add what the workers have told."""
        if self._late is not None:
            self._late.remove()
        points, self._points = self._points, []
        interception.release(points)
        if self._subscription is not None:
            file_events.unsubscribe(self._subscription)
        with quiet():
            self._collect()

    def observation(self) -> Observation:
        """Return why the run can't be stored; the reads themselves are in the shared journal."""
        faults = [] if self._subscription is None else self._subscription.faults
        refusals = [
            Refusal("its workers could not be watched", f"report this: {fault!r}") for fault in faults[:1]
        ]
        return Observation(refusals=(*self._refusals, *refusals))

    def _replace_loaded(self) -> None:
        with self._lock:
            for module, name, method, event in _HOOKS:
                owner = vars(sys.modules.get(module, sys)).get(name)
                if owner is not None and (module, method) not in self._known:
                    self._known.add((module, method))
                    self._points += interception.install([Point(owner, method, event)])

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        call: Call = args[0]
        if _runs_in_threads(call.args[0]):
            return
        if event == SUBMIT:
            _wrap_argument(self, call, 1, ("fn", "func"))
        elif event == CHUNKS:
            self._wrap_chunks(call)
        else:
            self._wrap_process(call.args[0])

    def wrapped(self, function: Any) -> WatchedTask:
        """Return the function, watched; counted as one task."""
        with self._lock:
            self._folder = self._folder or tempfile.mkdtemp(prefix="fpcache-watch-")
            self._sent += 1
        return WatchedTask(function, self._folder)

    def _wrap_chunks(self, call: Call) -> None:
        pool, job, function, chunks = call.args
        task = self.wrapped(function)
        self._sent -= 1
        call.args = (pool, job, task, self._counted(chunks))

    def _counted(self, chunks: Iterable[Any]) -> Iterator[Any]:
        for chunk in chunks:
            with self._lock:
                self._sent += 1
            yield chunk

    def _wrap_process(self, process: Any) -> None:
        target = getattr(process, "_target", None)
        if (getattr(target, "__module__", ""), getattr(target, "__name__", "")) in _LOOPS:
            self._wrap_initializer(process)
        elif target is None or type(process).run is not _plain_run():
            self._refusals.append(Refusal("ran other processes", "use a process pool or joblib"))
        else:
            process._target = self.wrapped(target)

    def _wrap_initializer(self, process: Any) -> None:
        arguments = tuple(process._args)
        if len(arguments) > _INITIALIZER and arguments[_INITIALIZER] is not None:
            task = self.wrapped(arguments[_INITIALIZER])
            process._args = (*arguments[:_INITIALIZER], task, *arguments[_INITIALIZER + 1 :])

    def _collect(self) -> None:
        folder, self._folder = self._folder, ""
        if not folder:
            return
        try:
            told = read_told(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if len(told) < self._sent:
            self._refusals.append(
                Refusal(
                    "worker processes were still at work, or ended before they told what they read",
                    "wait for their results in the same statement",
                )
            )
        variables = environment.probe(self._context)
        for one in told:
            self._watch.journal.merge(one.seen, one.listings, one.made)
            self._watch.journal.trees.update(one.trees)
            self._watch.journal.links.update(one.links)
            refusals = [*one.refusals, *variables.merge(one.environment)]
            self._refusals += [refusal for refusal in refusals if refusal not in self._refusals]


def _runs_in_threads(pool: Any) -> bool:
    module = sys.modules.get("multiprocessing.pool")
    return module is not None and isinstance(pool, module.ThreadPool)


def _plain_run() -> Any:
    return sys.modules["multiprocessing.process"].BaseProcess.run


def _wrap_argument(workers: Workers, call: Call, index: int, keywords: tuple[str, ...]) -> None:
    if len(call.args) > index:
        task = workers.wrapped(call.args[index])
        call.args = (*call.args[:index], task, *call.args[index + 1 :])
        return
    for keyword in keywords:
        if keyword in call.kwargs:
            call.kwargs = {**call.kwargs, keyword: workers.wrapped(call.kwargs[keyword])}


def probe(context: Context) -> Workers:
    """Return the probe for one run."""
    return Workers(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """What workers read is a dependency of the kinds of other probes; none is of a kind of its own."""
    return None
