"""State of the process that a run may change: paths, signal handlers, threads, tasks, streams, builtins.

What can be set again is an effect; what can't be honoured by a replay is a refusal.
"""

from __future__ import annotations

import atexit
import builtins
import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json import dumps, loads
from operator import is_
from types import ModuleType
from typing import Any

from fpcache.dependencies import file_modes
from fpcache.dependencies.context import Context
from fpcache.dependencies.file_watch import has_written
from fpcache.dependencies.python_settings import changed_settings, settings
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.dependencies.running_work import busy_tasks, busy_threads, live_tasks, live_threads
from fpcache.dependencies.substitutions import Substitution, substitute, undo
from fpcache.fingerprints.locality import is_local_code, is_local_namespace
from fpcache.fingerprints.patches import changed_extensions, extensions

__all__ = ["KIND", "apply", "check", "probe", "ready"]

KIND = "process"
_SIGNALS = ("SIGALRM", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE")
# What code names that sets these, or makes something of them.
_NAMED_BY = {
    "sys.path": {"sys.path"},
    "sys.argv": {"sys.argv"},
    "recursion limit": {"sys.setrecursionlimit", "sys.getrecursionlimit"},
}
# Code may set a limit under any name: where it is another one already, it counts for all that runs.
_USUAL = {"recursion limit": 1000}
_HOOKS = ("stdin", "excepthook", "displayhook", "breakpointhook", "unraisablehook")


@dataclass(slots=True)
class _State:
    """The state at one moment, by shallow copies and references."""

    lists: dict[str, list[str]]
    limits: dict[str, int]
    signals: dict[str, Any]
    hooks: dict[str, Any]
    exits: int
    modules: int
    settings: dict[str, object]
    extensions: dict[type, tuple[tuple[str, Any], ...]]


def _state() -> _State:
    return _State(
        lists={"sys.path": list(sys.path), "sys.argv": list(sys.argv)},
        limits={"recursion limit": sys.getrecursionlimit()},
        signals={name: signal.getsignal(getattr(signal, name)) for name in _SIGNALS if hasattr(signal, name)},
        hooks={name: getattr(sys, name, None) for name in _HOOKS},
        exits=atexit._ncallbacks(),
        modules=len(sys.modules),
        settings=settings(),
        extensions=extensions(),
    )


class _Probe:
    """Compares the process before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._effects: list[Effect] = []
        self._refusals: list[Refusal] = []
        self._holders: list[tuple[ModuleType | type, dict[str, Any]]] = []
        self._replaced: list[Substitution] = []
        self._before: _State | None = None
        self._exits = 0

    def start(self) -> None:
        self._threads, self._tasks = live_threads(), live_tasks()
        holders: tuple[ModuleType | type, ...] = (*self._modules(), *self._classes())
        self._holders = [(holder, dict(vars(holder))) for holder in holders]
        self._streams = (sys.stdout, sys.stderr)
        self._replace_functions()
        self._before = _state()

    def _replace_functions(self) -> None:
        """Listen for ``os.umask``, whose mask can't be read, and for who registers exit functions."""
        original = os.umask
        register: Callable[..., Any] = atexit.register

        @functools.wraps(original)
        def umask(mask: int) -> int:
            before = original(mask)
            file_modes.note_before(self._context, before)
            self._effects.append(Effect(KIND, file_modes.NAME, dumps(mask).encode()))
            return before

        @functools.wraps(register)
        def registered(function: Any, /, *args: Any, **kwargs: Any) -> Any:
            if not is_local_namespace(sys._getframe(1).f_globals) and not is_local_code(function):
                self._exits += 1
            return register(function, *args, **kwargs)

        self._replaced = [substitute(os, "umask", umask), substitute(atexit, "register", registered)]

    def stop(self) -> None:
        undo(self._replaced)
        if self._before is None:
            return
        after = _state()
        self._compare(self._before, after)
        self._refusals.extend(self._planted())
        self._refusals.extend(busy_threads(self._threads))
        self._refusals.extend(busy_tasks(self._tasks))
        self._holders = []

    def _modules(self) -> Iterator[ModuleType]:
        """Builtins, and the modules that the component's code names things of."""
        reading = self._context.reading
        roots = {resolved.path.partition(".")[0] for resolved in reading.resolved} if reading else set()
        named = {sys.modules.get(name) for name in roots}
        if reading is not None:
            named |= {
                sys.modules.get(str(getattr(found.value, "__module__", ""))) for found in reading.resolved
            }
            named |= {found.value for found in reading.resolved if isinstance(found.value, ModuleType)}
        named.discard(builtins)
        yield builtins
        yield from (module for module in named if isinstance(module, ModuleType))

    def _classes(self) -> set[type]:
        """Installed classes of which the component's code names an attribute."""
        reading = self._context.reading
        owners = (resolved.path.rpartition(".")[0] for resolved in reading.resolved) if reading else ()
        found = {_descended(path) for path in set(owners)}
        return {held for held in found if isinstance(held, type) and not is_local_code(held)}

    def _compare(self, before: _State, after: _State) -> None:
        for name, values in after.lists.items():
            if values != before.lists[name]:
                self._effects.append(Effect(KIND, name, dumps(values).encode()))
        for name, limit in after.limits.items():
            if limit != before.limits[name]:
                self._effects.append(Effect(KIND, name, dumps(limit).encode()))
        for name, handler in after.signals.items():
            if handler != before.signals[name]:
                self._refuse(f"changed the handler of {name}")
        for name, hook in after.hooks.items():
            if hook is not before.hooks[name]:
                self._refuse(f"replaced `sys.{name}`")
        for name in changed_settings(before.settings, after.settings):
            self._refuse(f"changed {name}")
        for name in changed_extensions(before.extensions, after.extensions):
            self._refuse(f"changed `{name}`")
        if after.exits - before.exits > self._exits and after.modules == before.modules:
            self._refuse("registered a function to run at exit")
        for name, stream, now in zip(
            ("stdout", "stderr"), self._streams, (sys.stdout, sys.stderr), strict=True
        ):
            if now is not stream:
                self._refuse(f"replaced `sys.{name}`")

    def _refuse(self, reason: str) -> None:
        self._refusals.append(Refusal(reason, "do that in a statement of its own"))

    def _planted(self) -> Iterator[Refusal]:
        """Find attributes of installed modules that are local code now."""
        for module, held in self._holders:
            present = vars(module)
            if len(held) == len(present) and all(map(is_, held.values(), present.values())):
                continue
            for name, value in list(present.items()):
                if held.get(name, None) is not value and _is_planted(module, name, value):
                    yield Refusal(f"replaced `{module.__name__}.{name}`", "do that in a statement of its own")

    def observation(self) -> Observation:
        return Observation(tuple(self._dependencies()), tuple(self._effects), tuple(self._refusals))

    def _dependencies(self) -> Iterator[Dependency]:
        """Count what was there before of what code names or changes: what it leaves may be made of that."""
        if self._before is None:
            return
        paths = self._context.paths
        changed = {effect.name for effect in self._effects}
        if file_modes.NAME in changed or has_written(self._context):
            yield file_modes.umask_dependency(self._context, KIND)
        for name, present in _restored(self._before).items():
            is_usual = present == _USUAL.get(name, present)
            if name in changed or not is_usual or not paths.isdisjoint(_NAMED_BY[name]):
                yield Dependency(KIND, name, file_modes.digest_of(present))


def _descended(path: str) -> object:
    """Return what a dotted path leads to past the longest module name in it, running nothing."""
    names, held = path.split("."), None
    for count in range(len(names) - 1, 0, -1):
        held = sys.modules.get(".".join(names[:count]))
        if held is not None:
            for name in names[count:]:
                held = getattr(held, "__dict__", {}).get(name)
            return held
    return held


def _is_planted(module: ModuleType | type, name: str, value: object) -> bool:
    """Whether local code was put into a module; IPython keeps the last result in builtins."""
    if module is builtins:
        return name not in ("_", "get_ipython", "display", "__IPYTHON__", "__debug__")
    return callable(value) and not isinstance(value, ModuleType) and is_local_code(value)


def probe(context: Context) -> _Probe:
    """Return a probe for the state of the process."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say which state of the process is not what it was."""
    is_umask = dependency.name == file_modes.NAME
    present = file_modes.present_umask() if is_umask else _restored(_state())[dependency.name]
    is_same = file_modes.digest_of(present) == dependency.expected
    return None if is_same else f"the {dependency.name} changed"


def _restored(state: _State) -> dict[str, object]:
    """Return what can be set again, by name."""
    return {**state.lists, **state.limits}


def ready(effect: Effect, context: Context) -> str | None:
    """Say why the state can't be set now; it always can."""
    return None


def apply(effect: Effect, context: Context) -> None:
    """Leave paths and limits as the recorded run left them."""
    state = loads(effect.state)
    if effect.name == "sys.path":
        sys.path[:] = state
        importlib.invalidate_caches()
    elif effect.name == "sys.argv":
        sys.argv[:] = state
    elif effect.name == file_modes.NAME:
        os.umask(state)
    else:
        sys.setrecursionlimit(state)
