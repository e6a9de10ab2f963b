"""A node as something that can be sent: with what it is given, to be run where that arrives."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fpcache.errors import StoreError, UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints.records import MISSING
from fpcache.graph.cache import CachedOutput, OutputCache
from fpcache.graph.component import ExecutionContext, full_config, make_runnable
from fpcache.graph.executing import Executed, call, fingerprint_of, judged
from fpcache.graph.keys import input_parts, key_of, node_parts, start_parts
from fpcache.graph.node_steps import NodeStep
from fpcache.graph.own_code import OwnCode
from fpcache.graph.persisting import Cacheable
from fpcache.graph.resources import Resource
from fpcache.graph.schema import SchemaNode

__all__ = ["LOCAL", "NodeTask", "Result", "run_task", "task_of"]

LOCAL = "runs in this process"


@dataclass(frozen=True, slots=True)
class NodeTask:
    """All that running one node takes.

    Attributes
    ----------
    cache : OutputCache or None
        The store that both sides use; None where they share none.
    stored : mapping of str to str
        Keys of the inputs that are taken from the store, by parameter.
    values : mapping of str to object
        The other inputs.
    before : mapping of str to (str or None)
        The inputs' fingerprints.
    parts : mapping of str to str
        What its key is made of.
    told : mapping of str to object
        What is stored for people.
    """

    name: str
    node: SchemaNode
    context: ExecutionContext
    cache: OutputCache | None
    stored: Mapping[str, str]
    values: Mapping[str, object]
    before: Mapping[str, str | None]
    parts: Mapping[str, str]
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a node elsewhere.

    Attributes
    ----------
    executed : Executed
        What it gave, without the value where `key` says where the store has that.
    key : str
        Its key in the store; empty where it was not stored.
    instead : str
        Why it has to run in the process that asked; empty where it ran.
    """

    executed: Executed
    key: str = ""
    instead: str = ""


def task_of(step: NodeStep, *, is_shared: bool) -> NodeTask:
    """Return a node as a task; inputs that the shared store has stay there.

    Raises
    ------
    StoreError
        If an input has to be sent that can't be.
    """
    run, name = step.run, step.name
    stored, values = {}, {}
    for parameter, need in run.schema[name].needs.items():
        found = run.stored(need) if is_shared else None
        if found is not None:
            stored[parameter] = found.key
        else:
            values[parameter] = run.value(need)
    context, before = run.context(name), run.input_fingerprints(name)
    if not is_shared and (context.resource or any(isinstance(one, Resource) for one in values.values())):
        raise StoreError("it reads a resource, whose files are here")
    try:
        parts = run.components[name].parts(_known(before))
    except UnfingerprintableValueError as error:
        raise StoreError(str(error)) from error
    conflict = run.components[name].conflict()
    if conflict:
        raise StoreError(conflict)
    told = {"source": run.source(name), "given": run.given(name)}
    cache = run.cache if is_shared else None
    return NodeTask(name, run.schema[name], context, cache, stored, values, before, parts, told)


def _known(before: Mapping[str, str | None]) -> dict[str, str]:
    for parameter, digest in before.items():
        if digest is None:
            raise StoreError(
                f"its input `{parameter}` has no fingerprint to tell whether it arrives as it is"
            )
    return {parameter: digest for parameter, digest in before.items() if digest is not None}


def run_task(task: NodeTask) -> Result:
    """Run a node where this is called, and store what it gave where there is a shared store.

    What does not arrive as it was sent, its code among that, is not run; nor is what can't be sent back
    taken for a result.
    """
    try:
        inputs = _inputs(task)
    except StoreError as error:
        return _instead(str(error))
    reason, code = _is_otherwise(task, inputs)
    if reason or code is None:
        return _instead(reason)
    try:
        value, duration_s = call(
            task.name, task.node, lambda **given: make_runnable(task.node, task.context)(**given), inputs
        )
    except BaseException as error:
        if isinstance(error, Exception) and _is_sendable(error):
            raise
        return _instead(f"it raised {type(error).__name__}, which can't be sent")
    if _is_of_a_script(value):
        return _instead("its output is of a class of the script that was started")
    executed = judged(value, duration_s, inputs, task.before, code)
    if executed.changed:
        return _instead(f"it changes its input `{min(executed.changed)}` in place")
    if executed.state:
        return _instead(f"{executed.state}, which its code reads, changes as it runs")
    key, note = _stored(task, executed)
    if key:
        return Result(replace(executed, value=None), key)
    if isinstance(value, Resource):
        return _instead("it gives a resource, whose files would stay elsewhere")
    return _sendable(replace(executed, note=executed.note or note))


def _is_otherwise(task: NodeTask, inputs: Mapping[str, object]) -> tuple[str, OwnCode | None]:
    """Say what is not here as where the task comes from, empty where all is; and what the code reads."""
    for parameter, value in inputs.items():
        if fingerprint_of(value)[0] != task.before[parameter] or _is_of_a_script(value):
            return f"its input `{parameter}` does not arrive as it is", None
    try:
        config = full_config(task.node)
        code = OwnCode.of(task.node.uses, config)
        own = node_parts(task.node, config, code)
        start = start_parts(task.context, code) if task.node.is_component else {}
    except Exception as error:  # whatever the worker's version of it raises
        return f"its code is another one on the worker ({type(error).__name__}: {error})", None
    if {**own, **start, **input_parts(_known(task.before))} != task.parts:
        return "its code, config or packages are others on the worker", None
    return "", code


def _is_of_a_script(value: object) -> bool:
    """Whether it was read from files by a class of ``__main__``: workers know that class twice."""
    return isinstance(value, Cacheable) and type(value).__module__ in ("__main__", "__mp_main__")


def _is_sendable(error: Exception) -> bool:
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:
        return False


def _inputs(task: NodeTask) -> dict[str, object]:
    inputs = dict(task.values)
    for parameter, key in task.stored.items():
        found = task.cache.look_up(key) if task.cache is not None else None
        if task.cache is None or found is None:
            raise StoreError(f"its input `{parameter}` is no longer in the store")
        inputs[parameter] = task.cache.load(found, task.context.storage)
    return {parameter: inputs[parameter] for parameter in task.node.needs}


def _stored(task: NodeTask, executed: Executed) -> tuple[str, str]:
    """Store an output in the shared store; return its key, or why there is none."""
    if task.cache is None or executed.note or executed.digest is None:
        return "", ""
    output = CachedOutput(key_of(task.parts), executed.digest, task.parts, executed.duration_s)
    try:
        task.cache.put(output, executed.value, task.name, **task.told, storage=task.context.storage)
    except (StoreError, UncacheableError) as error:
        return "", f"not stored: {error}"
    return output.key, ""


def _sendable(executed: Executed) -> Result:
    """Return a result whose value comes back as it is, or none."""
    try:
        copy = pickle.loads(pickle.dumps(executed.value))
    except Exception as error:
        return _instead(f"its output can't be sent ({type(error).__name__}: {error})")
    if executed.digest is None or fingerprint_of(copy)[0] != executed.digest:
        return _instead("its output does not arrive as it is")
    return Result(executed)


def _instead(reason: str) -> Result:
    return Result(Executed(MISSING, None, 0.0, "", {}), instead=reason)
