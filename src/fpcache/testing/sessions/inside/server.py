"""Waits, with IPython loaded, and becomes one session after the other: each in a fork of its own.

A line of JSON on stdin asks for a session; ``started PID`` and ``ended STATUS``
are the answers. A fork is as fresh as a new process, for what cells can see of
it, but for the hash seed, which it has from the server.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import sys
import threading
from typing import IO, Any

from .child import main as run_session
from .child import start_shell


def main(preloaded: list[str], ready: bool = False) -> None:
    """Serve until stdin ends; in a fork, run its session and return."""
    for name in preloaded:
        _load(name)
    if ready:
        streams = sys.stdout, sys.stderr
        start_shell({})
        sys.stdout, sys.stderr = streams
    gc.collect()
    gc.freeze()
    asking, answering = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    for line in asking:
        request = json.loads(line)
        session = os.fork()
        if session == 0:
            _become(request)
            run_session(request["asked"], request["answered"])
            if ready:
                _end()
            return
        _tell(answering, f"started {session}")
        _, status = os.waitpid(session, 0)
        _tell(answering, f"ended {os.waitstatus_to_exitcode(status)}")


def _end() -> None:
    """End without taking the interpreter apart, which takes longer than most sessions.

    Threads are waited for first, and told of the end, as Python does: pools of workers end so.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _load(name: str) -> None:
    """Import a module; ``package.*`` stands for all of a package's but what sessions load only when asked."""
    package, star, _ = name.partition(".*")
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__, f"{package}.") if star else ():
        if not found.name.endswith((".testing", ".demo", ".media", ".panel")):
            _load(f"{found.name}.*" if found.ispkg else found.name)


def _tell(answering: IO[str], text: str) -> None:
    print(text, file=answering, flush=True)


def _become(request: dict[str, Any]) -> None:
    """Take on the streams, the environment and the directory of a session."""
    silence = os.open(os.devnull, os.O_RDONLY)
    raw = os.open(request["raw"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(silence, 0)
    os.dup2(raw, 1)
    os.dup2(raw, 2)
    os.closerange(3, 64)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    _forget_chance()
    os.chdir(request["directory"])


def _forget_chance() -> None:
    """Begin with chance of one's own, as `random` does in a fork by itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.set_bit_generator(numpy_random.MT19937())  # unseeded, as in a new process
