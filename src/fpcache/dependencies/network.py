"""Connections that a run makes, and bytes that it moves over those that it found open."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.file_events import Subscription, subscribe, unsubscribe
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.dependencies.waivers import waivers
from fpcache.own_work import quiet

__all__ = ["KIND", "check", "probe"]

KIND = "network"
_EVENTS = (
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "urllib.Request", "ftplib.connect", "smtplib.connect", "sqlite3.connect",
)  # fmt: skip
_TCP_INFO_SIZE = 192
_MOVED = struct.Struct("=QQ")
_MOVED_AT = 120  # tcpi_bytes_acked, tcpi_bytes_received: Linux ≥ 4.1
_FOLDER = "/proc/self/fd"


class _Probe:
    """Listens for connections; counts the bytes of sockets that were open before."""

    def __init__(self, context: Context) -> None:
        self._subscription: Subscription | None = None
        self._seen: dict[str, None] = {}
        self._before: dict[str, int] = {}

    def start(self) -> None:
        self._before = moved_bytes()
        self._subscription = subscribe(self._take, _EVENTS)

    def stop(self) -> None:
        if self._subscription is None:
            return
        unsubscribe(self._subscription)
        for fault in self._subscription.faults:
            self._seen[f"could not be watched: {fault}"] = None
        for name, count in moved_bytes().items():
            if count != self._before.get(name, 0):
                self._seen["a connection of native code, or one that was open before"] = None
        self._subscription = None

    def _take(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect":
            self._seen["a database: `sqlite3.connect`"] = None
            return
        address = args[1] if event.startswith("socket.") and len(args) > 1 and _is_socket(args[0]) else args
        if not (_is_socket(args[0]) and _is_own(args[0], address)):
            self._seen[f"`{_place(event, args)}`"] = None

    def observation(self) -> Observation:
        refusals = tuple(
            Refusal(f"reads the network ({what})", "use %%fpcache, with --ttl", explicit_ok=True)
            for what in self._seen
        )
        return Observation(waivers(refusals), refusals=refusals)


def _is_socket(value: object) -> bool:
    return isinstance(value, socket.socket)


def _is_own(found: socket.socket, address: object) -> bool:
    """Whether a connection stays among this program's own processes, or asks the kernel's own ports."""
    if found.family in (socket.AF_INET, socket.AF_INET6):
        return False
    path = os.fsdecode(address) if isinstance(address, (str, bytes)) else ""
    return path == "" or path.startswith("\0") or "/pymp-" in path or "/listener-" in path


def _place(event: str, args: tuple[Any, ...]) -> str:
    values = [value for value in args if isinstance(value, (str, int, tuple)) and value]
    return f"{event}: {values[0]}" if values else event


def moved_bytes() -> dict[str, int]:
    """Return the bytes moved so far, by TCP socket; empty where that can't be told.

    The kernel's own connections to its front ends don't count: those whose
    local port it listens on.
    """
    if sys.platform != "linux":
        return {}
    with quiet():
        return {name: count for name, count in map(_moved, _open_sockets()) if count}


def _open_sockets() -> list[tuple[int, str]]:
    found = []
    for number in os.listdir(_FOLDER):
        try:
            target = os.readlink(f"{_FOLDER}/{number}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.append((int(number), target))
    return found


def _moved(found: tuple[int, str]) -> tuple[str, int]:
    number, name = found
    try:
        one = socket.socket(fileno=os.dup(number))
    except OSError:
        return name, 0
    with one:
        if one.family not in (socket.AF_INET, socket.AF_INET6) or one.type != socket.SOCK_STREAM:
            return name, 0
        try:
            one.getpeername()
            info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
            port = one.getsockname()[1]
        except OSError:
            return name, 0
    if port in _kernel_ports() or len(info) < _MOVED_AT + _MOVED.size:
        return name, 0
    return name, sum(_MOVED.unpack_from(info, _MOVED_AT))


def _kernel_ports() -> frozenset[int]:
    """Return the ports that the kernel of this process serves."""
    application = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    running = getattr(application, "_instance", None)
    names = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
    return (
        frozenset(getattr(running, name, 0) for name in names) - {0} if running is not None else frozenset()
    )


def probe(context: Context) -> _Probe:
    """Return a probe for the network."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Nothing is ever recorded under this kind."""
    return None
