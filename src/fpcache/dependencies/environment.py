"""Environment variables and the working directory: what a run reads of them and how it leaves them.

Seen is what goes through ``os.environ``, ``os.getenv`` and ``os.getcwd``. What
a C library reads with its own ``getenv`` isn't.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from json import dumps, loads
from typing import Any

import xxhash

from fpcache.dependencies import callers, file_events, interception
from fpcache.dependencies.context import Context
from fpcache.dependencies.interception import Call, Point
from fpcache.dependencies.paths import absolute, working_directory
from fpcache.dependencies.records import Dependency, Effect, Observation, Refusal
from fpcache.own_work import quiet

__all__ = ["KINDS", "Environment", "apply", "check", "probe", "ready"]

VARIABLE, FOLDER = "environment", "working_directory"
KINDS = frozenset({VARIABLE, FOLDER})
WHOLE = "*"
ABSENT = "absent"

# Other in every kernel, and nothing that a result is made of.
_NOISE = re.compile(
    r"(JPY_|JUPYTER|FPCACHE_(?!DEVICE|IMAGE_WEIGHTS)|PYDEVD_|KERNEL_|IPYKERNEL|PYTEST_CURRENT_TEST|LOKY_)"
)
_SESSION = re.compile(
    r"(_|SHLVL|PWD|OLDPWD|LINES|COLUMNS|WINDOWID|PPID|TERM_.*|SSH_.*|XDG_SESSION.*|DBUS_.*|INVOCATION_ID"
    r"|JOURNAL_STREAM|TMUX.*|STY|VSCODE_.*|GIT_.*|GPG_.*|PS1)"
)
# Pools set these for their workers, from the number of workers.
_THREAD_LIMIT = re.compile(r"_NUM_THREADS$|_MAXIMUM_THREADS$|_NUM_INTEROP")
# These hand the environment on to their children, which tell for themselves what they read.
_PASSING_ON = ("multiprocessing", "loky", "joblib.externals.loky", "subprocess")

POINTS = (
    *(
        Point(os._Environ, name, "fpcache.environ", name)
        for name in ("__getitem__", "__setitem__", "__delitem__")
    ),
    *(Point(os._Environ, name, "fpcache.environ_whole") for name in ("__iter__", "__repr__", "__len__")),
    Point(os, "getcwd", "fpcache.getcwd"),
    Point(os, "getcwdb", "fpcache.getcwd"),
)


class Environment:
    """Watches environment variables and the working directory during one run."""

    def __init__(self, context: Context) -> None:
        self._before: dict[str, str] = {}
        self._after: dict[str, str] | None = None
        self._folder = ""
        self._folder_after: str | None = None
        self._read: dict[str, str] = {}
        self._own: set[str] = set()
        self._reads_folder = self._moves = False
        self._points: list[Point] = []
        self._subscription: file_events.Subscription | None = None

    def start(self) -> None:
        """Take what is there now and begin to watch."""
        self._before, self._folder = snapshot(), working_directory()
        events = {point.event for point in POINTS} | {"os.chdir"}
        self._subscription = file_events.subscribe(self._note, events)
        self._points = interception.install(POINTS)

    def stop(self) -> None:
        """Stop watching, and take what is there now."""
        points, self._points = self._points, []
        interception.release(points)
        if self._subscription is not None and self._after is None:
            file_events.unsubscribe(self._subscription)
            self._after, self._folder_after = snapshot(), working_directory()

    def observation(self) -> Observation:
        """Return the variables read, by digest, and what is set otherwise now."""
        faults = [] if self._subscription is None else self._subscription.faults
        refusals = tuple(
            Refusal("its environment could not be watched", f"report this: {fault!r}") for fault in faults[:1]
        )
        return Observation(tuple(self.dependencies()), tuple(self._effects()), refusals)

    def dependencies(self) -> Iterator[Dependency]:
        """Return what was read of the environment."""
        whole = WHOLE in self._read
        for name, expected in sorted(self._read.items()):
            if name == WHOLE or not whole or _SESSION.fullmatch(name):
                yield Dependency(VARIABLE, name, expected)
        if self._reads_folder:
            yield Dependency(FOLDER, "working directory", self._folder)

    def _effects(self) -> Iterator[Effect]:
        after = self._before if self._after is None else self._after
        # What was set without being read is left so, also where it was so before: elsewhere it may not be.
        given = set() if WHOLE in self._read else self._own - self._read.keys()
        for name in sorted(self._before.keys() | after.keys() | given):
            value = after.get(name)
            if (name in given or value != self._before.get(name)) and not _NOISE.match(name):
                yield Effect(VARIABLE, name, dumps(value).encode(), dumps(self._before.get(name)).encode())
        is_given = self._moves and not self._reads_folder
        if is_given or self._folder_after not in (None, self._folder):
            yield Effect(FOLDER, "working directory", os.fsencode(self._folder_after or ""))

    def merge(self, dependencies: Iterable[Dependency]) -> Iterator[Refusal]:
        """Add what a worker process read; yield why that can't be known from here."""
        for dependency in dependencies:
            if dependency.kind == FOLDER:
                self._reads_folder = True
                if dependency.expected != self._folder:
                    yield Refusal("a worker process runs in another directory", "start the pool anew")
            elif dependency.name == WHOLE:
                yield Refusal("a worker process read its whole environment", "read single variables")
            elif dependency.expected == digest_of(self._before.get(dependency.name)):
                self._read.setdefault(dependency.name, dependency.expected)
            elif not _THREAD_LIMIT.search(dependency.name):
                yield Refusal(
                    f"a worker process has another `{dependency.name}` than the kernel", "start the pool anew"
                )

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "os.chdir":
            self._moves = True
            self._reads_folder |= (
                not os.path.isabs(os.fsdecode(args[0])) if not isinstance(args[0], int) else True
            )
            return
        frame = callers.outside(callers.caller(), ("_collections_abc", "collections.abc", "os"))
        if callers.is_import(frame) or callers.module_of(frame).startswith(_PASSING_ON):
            return
        if event == "fpcache.getcwd":
            self._reads_folder |= working_directory() == self._folder
        elif event == "fpcache.environ_whole":
            self._note_whole()
        else:
            self._note_variable(args[0])

    def _note_whole(self) -> None:
        if WHOLE not in self._read:
            self._read[WHOLE] = whole_digest(self._before, self._own)

    def _note_variable(self, call: Call) -> None:
        name = call.args[1] if len(call.args) > 1 else None
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str) or _NOISE.match(name):
            return
        if call.point.detail != "__getitem__":
            self._own.add(name)
        elif name not in self._own:
            self._read.setdefault(name, digest_of(self._before.get(name)))


def probe(context: Context) -> Environment:
    """Return the probe for one run."""
    present = context.shared.get("environment")
    if present is None:
        present = context.shared["environment"] = Environment(context)
    return present


def snapshot() -> dict[str, str]:
    """Return all variables as they are now."""
    with quiet():
        return dict(os.environ)


def digest_of(value: str | None) -> str:
    """Return the digest of a variable's value; the value itself may be a secret."""
    return ABSENT if value is None else xxhash.xxh3_128_hexdigest(os.fsencode(value))


def whole_digest(variables: dict[str, str], without: set[str]) -> str:
    """Return the digest of all variables that a result can depend on, and the names left out of it."""
    hasher = xxhash.xxh3_128()
    for name in sorted(variables):
        if not (_NOISE.match(name) or _SESSION.fullmatch(name) or name in without):
            hasher.update(f"{len(name)}:{name}={digest_of(variables[name])};".encode())
    return dumps({"digest": hasher.hexdigest(), "without": sorted(without)})


def check(dependency: Dependency, context: Context) -> str | None:
    """Return why what was read of the environment is other now, or ``None``."""
    if dependency.kind == FOLDER:
        here = working_directory()
        return None if here == dependency.expected else f"the working directory is `{here}` now"
    now = snapshot()
    if dependency.name == WHOLE:
        without = set(loads(dependency.expected)["without"])
        return None if whole_digest(now, without) == dependency.expected else "environment variables changed"
    value = now.get(dependency.name)
    if digest_of(value) == dependency.expected:
        return None
    what = "is set now" if dependency.expected == ABSENT else "changed" if value is not None else "is gone"
    return f"environment variable `{dependency.name}` {what}"


def ready(effect: Effect, context: Context) -> str | None:
    """Return why the effect can't be replayed now, or ``None``."""
    if effect.kind == FOLDER and not os.path.isdir(absolute(os.fsdecode(effect.state))):
        return f"the directory `{os.fsdecode(effect.state)}` is gone"
    return None


def apply(effect: Effect, context: Context) -> None:
    """Set or remove a variable, or change the working directory."""
    if effect.kind == FOLDER:
        os.chdir(os.fsdecode(effect.state))
        return
    value = loads(effect.state)
    if value is None:
        os.environ.pop(effect.name, None)
    else:
        os.environ[effect.name] = value
