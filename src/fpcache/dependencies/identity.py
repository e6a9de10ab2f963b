"""What tells one process, thread, machine or user from another, by dotted name."""

from __future__ import annotations

import getpass
import os
import platform
import threading
from collections.abc import Callable, Mapping

__all__ = ["identity"]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


_READ: Mapping[str, Callable[[], object]] = {
    "os.getpid": os.getpid,
    "os.getppid": os.getppid,
    "threading.get_ident": lambda: (os.getpid(), threading.get_ident()),
    "threading.get_native_id": threading.get_native_id,
    "threading.current_thread": lambda: (os.getpid(), threading.current_thread().name),
    "threading.main_thread": os.getpid,
    "threading.enumerate": os.getpid,
    "multiprocessing.process.current_process": os.getpid,
    "multiprocessing.process.parent_process": os.getpid,
    "multiprocessing.process.active_children": os.getpid,
    "os.getlogin": _user,
    "getpass.getuser": _user,
}


def identity(name: str) -> str:
    """Return the present value of a listed function, as text; the machine's name for all others."""
    return str(_READ.get(name, platform.node)())
