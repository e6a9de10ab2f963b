"""The one audit hook of the process, and whose events count.

An audit hook can never be removed, so a single one is installed, on first
use, and hands events to whoever has subscribed. With no subscriber it costs
one failed dictionary look-up per event.

Threads: an event counts unless it comes from a thread that was alive when the
subscription began and whose class or target is defined by the kernel itself
(ipykernel, IPython's history, zmq, the debugger) or by fpcache. Where a
thread's code comes from decides, not what it is called: names can be chosen
freely. Threads that the component starts, and pool threads of earlier cells
that may execute its work, count. So does the subscribing thread, always,
because a cell may run on one of the kernel's own subshell threads.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from fpcache.own_work import is_quiet, thread

__all__ = [
    "Subscription",
    "announce",
    "counts",
    "kernel_threads",
    "subscribe",
    "unsubscribe",
]

Callback = Callable[[str, tuple[Any, ...]], None]

EVERY = "*"
KERNEL_PACKAGES = frozenset(
    {
        "IPython",
        "_pydevd_bundle",
        "debugpy",
        "fpcache",
        "ipykernel",
        "jupyter_client",
        "pydevd",
        "tornado",
        "zmq",
    }
)


@dataclass(eq=False, slots=True)
class Subscription:
    """One subscriber, the events it wants, and what went wrong in it.

    Attributes
    ----------
    callback : callable
        Called with the event's name and its arguments.
    events : frozenset of str
        The events wanted; ``{"*"}`` for all.
    home : int
        The thread that subscribed.
    kernel : frozenset of int
        The kernel's own threads, whose events don't count.
    faults : list of Exception
        What the callback raised. It never reaches the user's code; a probe
        with faults saw less than what happened and must refuse.
    """

    callback: Callback
    events: frozenset[str]
    home: int
    kernel: frozenset[int]
    faults: list[Exception] = field(default_factory=list)


_lock = threading.RLock()
_by_event: dict[str, tuple[Subscription, ...]] = {}
_installed: list[bool] = []


def kernel_threads() -> frozenset[int]:
    """Return the identifiers of the live threads that are the kernel's own."""
    return frozenset(t.ident for t in threading.enumerate() if t.ident is not None and _is_kernel_thread(t))


def _is_kernel_thread(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    homes = (type(thread).__module__, getattr(target, "__module__", None) or "")
    if thread.name.startswith("fpcache-"):
        return True
    return any(home.partition(".")[0] in KERNEL_PACKAGES for home in homes)


def counts(subscription: Subscription) -> bool:
    """Whether what happens now, in this thread, belongs to the subscriber's run."""
    ident = threading.get_ident()
    return ident == subscription.home or ident not in subscription.kernel


def subscribe(callback: Callback, events: Collection[str] = (EVERY,)) -> Subscription:
    """Call ``callback(event, args)`` for audit events that count, until ``unsubscribe``.

    Parameters
    ----------
    callback : callable
        Runs inside the audited operation, in its thread, and must be quick.
        Files that it opens itself raise no events. What it raises is kept in
        ``Subscription.faults`` and does not reach the user's code.
    events : collection of str, optional
        The names of the events wanted; all by default, which is dear.

    Returns
    -------
    Subscription
        With the faults met so far. ``unsubscribe`` takes it, or the callback.
    """
    subscription = Subscription(callback, frozenset(events), threading.get_ident(), kernel_threads())
    with _lock:
        _install()
        for event in subscription.events:
            _by_event[event] = (*_by_event.get(event, ()), subscription)
    return subscription


def unsubscribe(subscription: Subscription | Callback) -> None:
    """Stop calling; safe to repeat, and for what was never subscribed."""
    with _lock:
        for event, present in list(_by_event.items()):
            kept = tuple(s for s in present if s is not subscription and s.callback != subscription)
            if kept:
                _by_event[event] = kept
            else:
                del _by_event[event]


def announce(event: str, args: tuple[Any, ...]) -> None:
    """Hand an event that Python doesn't audit to its subscribers; never raises."""
    wanted = _by_event.get(event)
    if wanted:
        _dispatch(wanted, event, args)


def _after_fork() -> None:
    # A child of the process is not the run: pools tell for themselves what their workers do.
    global _lock
    _lock = threading.RLock()
    _by_event.clear()
    thread.quiet = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _install() -> None:
    if not _installed:
        sys.addaudithook(_make_hook())
        _installed.append(True)


def _make_hook() -> Callable[[str, tuple[Any, ...]], None]:
    # Bound here, not looked up in the module: the hook outlives its module when Python shuts down.
    by_event, dispatch = _by_event, _dispatch

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if by_event:
            wanted = by_event.get(event, ()) + by_event.get(EVERY, ())
            if wanted:
                dispatch(wanted, event, args)

    return hook


def _dispatch(wanted: tuple[Subscription, ...], event: str, args: tuple[Any, ...]) -> None:
    if is_quiet():
        return
    thread.quiet = True
    try:
        for subscription in wanted:
            if counts(subscription):
                _call(subscription, event, args)
    finally:
        thread.quiet = False


def _call(subscription: Subscription, event: str, args: tuple[Any, ...]) -> None:
    try:
        subscription.callback(event, args)
    except Exception as fault:  # kept for its probe, which refuses; the user's call must go on
        subscription.faults.append(fault)
