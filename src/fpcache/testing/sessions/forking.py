"""Running sessions in forks of waiting processes: as fresh as new ones, and ready in a tenth of the time."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .processes import HARNESS, Job, Request, child_environment, run_in_process, run_with
from .results import Run

__all__ = ["run_in_fork"]

# Sessions in a row come from different servers, so that they have different hash seeds.
_SEEDS = 3
_START = (
    "import sys; sys.path.insert(0, {!r}); from inside.server import main; sys.path.pop(0); main({!r}, {!r})"
)
_OWN_MODULES = ("fpcache.*",)
# What Python reads when it starts can't be given to a fork.
_READ_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "TZ", "OMP_", "OPENBLAS_", "MKL_", "MALLOC_")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What sessions must have in common to come from one server."""

    python: str
    seed: int | None
    preloaded: tuple[str, ...]
    ready: bool
    round: int


@dataclass(eq=False, slots=True)
class _Server:
    """One waiting process."""

    process: subprocess.Popen[bytes]
    heard: bytes = b""

    @classmethod
    def started(cls, kind: _Kind, environment: dict[str, str]) -> _Server:
        command = [kind.python, "-c", _START.format(str(HARNESS), list(kind.preloaded), kind.ready)]
        return cls(subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    def run(self, job: Job, request: Request) -> None:
        """Run one session to its end, or end it when its time is over."""
        message = {"asked": str(request.asked), "answered": str(request.answered), "raw": str(request.raw)}
        where = {"directory": str(job.directory), "environment": child_environment(job)}
        self._say(json.dumps({**message, **where}))
        session = int(self._hear(job.timeout_s)[1])
        try:
            self._hear(job.timeout_s)
        except BaseException as stopped:
            os.kill(session, signal.SIGKILL)
            self._hear(job.timeout_s)
            if isinstance(stopped, TimeoutError):
                raise RuntimeError(
                    f"the session took more than {job.timeout_s} s\n{request.told()}"
                ) from None
            raise

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def _hear(self, timeout_s: float) -> list[str]:
        """Return the words of the next answer; two answers may arrive at once."""
        assert self.process.stdout is not None
        while b"\n" not in self.heard:
            if not select.select([self.process.stdout], [], [], timeout_s)[0]:
                raise TimeoutError
            arrived = os.read(self.process.stdout.fileno(), 4096)
            if not arrived:
                raise RuntimeError("the process that starts sessions has died")
            self.heard += arrived
        line, _, self.heard = self.heard.partition(b"\n")
        return line.decode().split()

    def end(self) -> None:
        """Let the process end."""
        self.process.kill()
        self.process.communicate()


@dataclass(slots=True)
class _Servers:
    """The servers of this process; each runs one session at a time."""

    idle: dict[_Kind, list[_Server]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    rounds: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def lent(self, job: Job) -> Iterator[_Server]:
        """Lend a server; one on which a session failed to end is not used again."""
        kind = self._kind_of(job)
        with self.lock:
            waiting = self.idle.setdefault(kind, [])
            server = waiting.pop() if waiting else None
        server = server or _Server.started(kind, _environment_for(job))
        try:
            yield server
        except BaseException:
            server.end()
            raise
        with self.lock:
            waiting.append(server)

    def _kind_of(self, job: Job) -> _Kind:
        own = () if job.mode == "plain" else _OWN_MODULES
        turn = next(self.rounds) % _SEEDS if job.seed is None else 0
        return _Kind(job.python, job.seed, (*own, *job.preloaded), job.ready and not job.config, turn)

    def end(self) -> None:
        """End all that wait."""
        for server in itertools.chain.from_iterable(self.idle.values()):
            server.end()
        self.idle.clear()


def _environment_for(job: Job) -> dict[str, str]:
    """Return the environment in which a server starts; sessions bring their own."""
    return {**child_environment(job), "FPCACHE_DIR": os.devnull}


_servers = _Servers()
atexit.register(_servers.end)


def run_in_fork(job: Job) -> Run:
    """Run a session in a fork of a waiting process; in a new process where that can't be.

    Raises
    ------
    RuntimeError
        If the session did not reach its end; with all that it wrote.
    """
    if not hasattr(os, "fork") or any(name.startswith(_READ_AT_START) for name in job.environment):
        return run_in_process(job)
    with _servers.lent(job) as server:
        return run_with(job, server.run)
