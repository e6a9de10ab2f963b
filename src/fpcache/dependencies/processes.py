"""Processes that a run starts: what they do isn't seen, so the run can't be stored.

Workers of process pools are another matter: ``workers`` watches them from
within. Commands that only tell what the machine is like are let pass.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from fpcache.dependencies import file_events
from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Observation, Refusal

__all__ = ["KINDS", "Processes", "check", "probe"]

KINDS: frozenset[str] = frozenset()
EVENTS = (
    "subprocess.Popen",
    "os.system",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.exec",
    "os.startfile",
    "pty.spawn",
)
# They tell what the machine is like; libraries ask once per process.
HARMLESS = frozenset({"lscpu", "ldconfig", "uname", "fc-list", "sysctl", "nproc", "getconf"})
REMEDY = "let a cell of its own run them, or use joblib or a process pool"


class Processes:
    """Watches for processes started during one run."""

    def __init__(self, context: Context) -> None:
        self._commands: list[str] = []
        self._subscription: file_events.Subscription | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._subscription = file_events.subscribe(self._note, EVENTS)

    def stop(self) -> None:
        """Stop watching."""
        if self._subscription is not None:
            file_events.unsubscribe(self._subscription)

    def observation(self) -> Observation:
        """Return why the run can't be stored, where it started processes."""
        faults = [] if self._subscription is None else self._subscription.faults
        if not self._commands and not faults:
            return Observation()
        shown = ", ".join(f"`{command}`" for command in sorted(set(self._commands) - {""})[:3])
        reason = f"ran other processes ({shown})" if shown else "ran other processes"
        return Observation(refusals=(Refusal(reason, REMEDY),))

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "os.fork" and _is_pool_fork():
            return
        command = _command_of(event, args)
        if os.path.basename(command) not in HARMLESS:
            self._commands.append(os.path.basename(command))


def probe(context: Context) -> Processes:
    """Return the probe for one run."""
    return Processes(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Nothing depends on processes; a run that started any isn't stored."""
    return None


def _is_pool_fork() -> bool:
    """Whether multiprocessing forks: ``workers`` watches the new process, or refuses it."""
    frame = sys._getframe(1)
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_globals.get("__name__") == "multiprocessing.popen_fork":
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _command_of(event: str, args: tuple[Any, ...]) -> str:
    if event not in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec") or not args:
        return ""
    command = args[0]
    if event == "subprocess.Popen" and len(args) > 1:
        command = args[1] if isinstance(args[1], (str, bytes)) else next(iter(args[1]), args[0])
    try:
        words = os.fsdecode(command).split()
    except TypeError:
        return ""
    return words[0] if words else ""
