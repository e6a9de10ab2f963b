"""Hooks for a `GraphTrainer`: one says in a log what becomes of each node, one keeps what nodes gave."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from fpcache.fingerprints.records import MISSING
from fpcache.graph.node_steps import GraphRun
from fpcache.graph.running import LOST, FingerprintStatus, Outcome

__all__ = ["LoggingHook", "TrainingHook"]


class LoggingHook:
    """Says in a log, at INFO, what becomes of each node.

    ========  ==================================================================================
    restored  its value came from the cache
    reused    it is known, so nothing runs; its value is not loaded, and will be if a node needs it
    running   it runs now, with the reason
    finished  it has run, with the seconds that took, the worker's address if one ran it, and why its
              output was not stored, if so
    failed    it raised
    ========  ==================================================================================

    A node may be told as reused and later as restored, when one below it runs after all. Nodes that
    are pruned away are not told.

    Parameters
    ----------
    logger : logging.Logger or logging.LoggerAdapter, optional
        Where to say it; by default the logger ``fpcache.graph``, of which Python shows nothing at
        INFO until logging is set up.

    Examples
    --------
    >>> hook = LoggingHook(logging.getLogger("my.training"))
    """

    def __init__(self, logger: logging.Logger | logging.LoggerAdapter[Any] | None = None) -> None:
        self._logger = logging.getLogger("fpcache.graph") if logger is None else logger
        self._begin(None)

    def _begin(self, run: GraphRun | None) -> None:
        self._run_id = id(run)  # the run itself holds all values, and is not to outlive its end
        self._seen = 0  # how many of the run's executed nodes were looked at
        self._statuses: dict[str, FingerprintStatus] = {}
        self._started: set[str] = set()
        self._reused: set[str] = set()

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        """Keep the reason until it is known what becomes of the node."""
        run = _run_of(step)
        if run is not None:
            if id(run) != self._run_id or len(run.executed) < self._seen or step.name in self._statuses:
                self._begin(run)
            self._statuses[step.name] = status

    def on_start(self, step: Any) -> None:
        """Say that a node runs, and why."""
        status = self._statuses.get(step.name)
        if status is not None:
            self._started.add(step.name)
            self._say("running: %s", step.name, LOST if status.is_hit else status.reason)

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        """Say how a node ended, and which others were brought back meanwhile."""
        run = _run_of(step)
        if run is None:
            return
        self._say_others(run)
        if outcome.failed:
            self._say("failed after %.3f s", step.name, outcome.duration_s)
        elif not outcome.was_restored:
            note = run.notes.get(step.name)
            where = f" on {outcome.where}" if outcome.where else ""
            said = f"{where}; {note}" if note else where
            self._say("finished in %.3f s%s", step.name, outcome.duration_s, said)
        elif run.known_value(step.name) is MISSING:
            self._reused.add(step.name)
            self._say("reused: its result is known, and is not loaded", step.name)
        else:
            self._say("restored in %.3f s", step.name, outcome.duration_s)

    def _say_others(self, run: GraphRun) -> None:
        executed, self._seen = run.executed[self._seen :], len(run.executed)
        for name in executed:
            if name not in self._started:  # it had no turn of its own: another one asked for its value
                self._reused.discard(name)
                self._say("ran again: %s", name, LOST)
        needed = {need for name in executed for need in run.schema[name].needs.values()}
        for name in sorted(self._reused & needed):
            if run.known_value(name) is not MISSING:
                self._reused.discard(name)
                self._say("restored: a node that runs needs it", name)

    def _say(self, text: str, name: str, *arguments: object) -> None:
        with suppress(Exception):  # a filter of the logger's may raise, and a hook must not
            self._logger.info(f"node `%s` {text}", name, *arguments)


class TrainingHook:
    """Keeps what the nodes of the last run gave; it can be asked at any time, also while the run goes on.

    Each mapping is of the moment in which it was asked for. The hook keeps the values and the resources'
    files alive, so drop it when they are no longer needed.

    Examples
    --------
    >>> hook = TrainingHook()
    >>> hook.outputs, hook.fingerprints
    (mappingproxy({}), mappingproxy({}))
    """

    def __init__(self) -> None:
        self._run: GraphRun | None = None

    @property
    def outputs(self) -> Mapping[str, object]:
        """Values by node name, of what ran here or was loaded by now; not of what is only known."""
        run = self._run
        if run is None:
            return MappingProxyType({})
        values = {name: run.known_value(name) for name in run.schema}
        return MappingProxyType({name: value for name, value in values.items() if value is not MISSING})

    @property
    def fingerprints(self) -> Mapping[str, str | None]:
        """Output fingerprints by node name, also of what is only known; None for a value that has none."""
        return MappingProxyType({} if self._run is None else dict(self._run.fingerprints))

    def on_status(self, step: Any, status: FingerprintStatus) -> None:
        """Turn to the run that the node belongs to."""
        self._run = _run_of(step) or self._run

    def on_start(self, step: Any) -> None:
        """Nothing to keep yet."""

    def on_finish(self, step: Any, outcome: Outcome) -> None:
        """Nothing to do: the run has it."""


def _run_of(step: Any) -> GraphRun | None:
    """Return the run of a hand-written graph that a step belongs to; a cell's steps have another."""
    run = getattr(step, "run", None)
    return run if isinstance(run, GraphRun) else None
