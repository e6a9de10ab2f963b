"""Runs nodes on a Dask cluster; what one worker computed and stored is a hit for all."""

from __future__ import annotations

import importlib
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fpcache.errors import FpcacheError, StoreError
from fpcache.graph.cache import OutputCache
from fpcache.graph.node_steps import GraphRun, NodeStep
from fpcache.graph.runners.readiness import Readiness
from fpcache.graph.runners.remote import LOCAL, NodeTask, Result, run_task, task_of
from fpcache.graph.running import FingerprintStatus, Hook, Outcome, drive, ran_after, run_in_order

__all__ = ["Dask"]

logger = logging.getLogger("fpcache")


@dataclass(slots=True)
class Dask:
    """Runs nodes as tasks of a `distributed` cluster.

    Input nodes run here. Where workers see the same store (all of one machine do), outputs and the inputs
    of later nodes stay in it; else they are sent. What can't be sent, or would not arrive as it is, runs
    here. A worker that is lost costs its nodes' time: the cluster runs them again on another.

    Parameters
    ----------
    cluster : str, Client, Cluster or None
        An address, a `distributed.Client`, or a cluster; None takes the client in use.

    Raises
    ------
    FpcacheError
        When it runs: if `distributed` isn't installed, no client is in use, or the address doesn't answer.
    """

    cluster: Any = None
    timeout_s: float = 10.0
    _client: Any = field(default=None, init=False, repr=False)

    @property
    def address(self) -> str:
        """The address of the cluster in use; connects where that wasn't done yet."""
        return str(self._connected().scheduler.address)

    def run(self, steps: Sequence[NodeStep], hooks: Sequence[Hook]) -> list[Outcome]:
        """Run all steps; see `Runner`. After a failure no further node begins."""
        if not steps:
            return []
        if all(step.run.schema[step.name].is_input for step in steps):
            return drive(run_in_order(steps, hooks))
        client = self._connected()
        logger.info("the graph runs on Dask at %s", client.scheduler.address)
        return _Conversation(client, steps, hooks, _share_store(client, steps[0].run.cache)).outcomes()

    def close(self) -> None:
        """Let go of the connection, if it was made here; the next run makes another."""
        if self._client is not None and self._client is not self.cluster and self.cluster is not None:
            self._client.close()
        self._client = None

    def _connected(self) -> Any:
        if self._client is None or self._client.status != "running":
            self._client = self._connect()
        return self._client

    def _connect(self) -> Any:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            raise FpcacheError("running on Dask needs `distributed`: pip install 'fpcache[dask]'") from error
        if isinstance(self.cluster, distributed.Client):
            if self.cluster.asynchronous:
                raise FpcacheError("the Dask client is asynchronous; pass one made with asynchronous=False")
            if self.cluster.status != "running":
                raise FpcacheError(f"the Dask client is {self.cluster.status}; pass one that is connected")
            return self.cluster
        try:
            if self.cluster is None:
                return distributed.get_client()
            return distributed.Client(self.cluster, timeout=self.timeout_s, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            where = (
                "no Dask client is in use" if self.cluster is None else f"no Dask cluster at {self.cluster}"
            )
            raise FpcacheError(f"{where} ({error}); start one, or pass its address to Dask(...)") from error


def _share_store(client: Any, cache: OutputCache) -> bool:
    """Whether every worker sees what is written to the store here."""
    name, token = f"dask {secrets.token_hex(8)}", secrets.token_bytes(16)
    try:
        cache.store.set_memo(name, token)
        seen = client.run(_memo, cache.store, name)
    except Exception as error:  # a store that can't be sent, or a worker without fpcache
        logger.warning("the workers don't share the store, so values are sent (%s)", error)
        return False
    return bool(seen) and all(found == token for found in seen.values())


def _memo(store: Any, name: str) -> bytes | None:
    try:
        found: bytes | None = store.get_memo(name)
    except StoreError:
        return None
    return found


@dataclass(slots=True)
class _Conversation:
    """One run of a graph on one cluster."""

    client: Any
    steps: Sequence[NodeStep]
    hooks: Sequence[Hook]
    is_shared: bool
    _outcomes: list[Outcome] = field(default_factory=list)
    _running: dict[Any, tuple[NodeStep, FingerprintStatus, float, Mapping[str, str | None]]] = field(
        default_factory=dict
    )

    def outcomes(self) -> list[Outcome]:
        """Run all, and return how each ended."""
        readiness = Readiness(self.steps)
        distributed = importlib.import_module("distributed")
        with suppress(ValueError):  # in a task: its worker must go on with others while this waits
            distributed.get_worker()
            distributed.secede()
        completed = distributed.as_completed(loop=self.client.loop)
        try:
            self._begin(readiness, completed)
            while self._running:
                future = next(completed)
                step, status, started, before = self._running.pop(future)
                self._end(step, status, started, before, future)
                readiness.end(step)
                self._begin(readiness, completed)
        finally:
            if self._running:  # a failure, or Ctrl-C
                self.client.cancel(list(self._running))
        return self._outcomes

    def _begin(self, readiness: Readiness, completed: Any) -> None:
        """Ask all that can begin; what hits ends at once, what misses is sent off."""
        while ready := readiness.take():
            for step in ready:
                status = step.ask()
                self._tell("on_status", step, status)
                started = time.perf_counter()
                if status.is_hit and step.restore(status):
                    self._finish(step, Outcome(step.name, status, True, False, time.perf_counter() - started))
                    readiness.end(step)
                    continue
                status = ran_after(status)
                self._tell("on_start", step)
                task = _task(step, self.is_shared)
                future = None if task is None else self._submit(task)
                if task is None or future is None:
                    self._run_here(step, status, started)
                    readiness.end(step)
                else:
                    self._running[future] = (step, status, started, task.before)
                    completed.add(future)

    def _submit(self, task: NodeTask) -> Any:
        key = f"fpcache-{task.name}-{secrets.token_hex(6)}"
        try:
            return self.client.submit(_run_there, task, key=key, pure=False)
        except Exception as error:  # whatever pickling the user's objects raises
            logger.info("node `%s` %s: it can't be sent (%s)", task.name, LOCAL, error)
            return None

    def _end(
        self,
        step: NodeStep,
        status: FingerprintStatus,
        started: float,
        before: Mapping[str, str | None],
        future: Any,
    ) -> None:
        run, name = step.run, step.name
        try:
            result, where = future.result()
        except BaseException:
            self._finish(step, Outcome(name, status, False, True, time.perf_counter() - started))
            raise
        found = run.cache.look_up(result.key) if result.key else None
        if result.instead or (result.key and found is None):
            logger.info("node `%s` %s: %s", name, LOCAL, result.instead or "its output is not in the store")
            self._run_here(step, status, started)
            return
        run.take_elsewhere(name, found, result.executed, before)
        self._finish(step, Outcome(name, status, False, False, result.executed.duration_s, where))

    def _run_here(self, step: NodeStep, status: FingerprintStatus, started: float) -> None:
        failed = True
        try:
            failed = drive(step.execute())
        finally:
            self._finish(step, Outcome(step.name, status, False, failed, time.perf_counter() - started))

    def _finish(self, step: NodeStep, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._tell("on_finish", step, outcome)

    def _tell(self, what: str, *told: Any) -> None:
        for hook in self.hooks:
            getattr(hook, what)(*told)


def _run_there(task: NodeTask) -> tuple[Result, str]:
    """Run a task on the worker that calls this; return also its address."""
    return run_task(task), str(importlib.import_module("distributed").get_worker().address)


def _task(step: NodeStep, is_shared: bool) -> NodeTask | None:
    run: GraphRun = step.run
    if run.schema[step.name].is_input:
        return None
    try:
        return task_of(step, is_shared=is_shared)
    except StoreError as error:
        logger.info("node `%s` %s: %s", step.name, LOCAL, error)
        return None
