"""Classes and functions that a pickle names: code that a run uses without a name of it in sight.

A pickle holds the names of classes, not the classes. Those of the notebook and
of local modules are dependencies with all that they lead to.
"""

from __future__ import annotations

import sys
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.file_events import Subscription, subscribe, unsubscribe
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.locality import is_local_code
from fpcache.fingerprints.reading import read

__all__ = ["KIND", "check", "probe"]

_REMEDY = "unpickle in a statement of its own"

KIND = "unpickled"
_EVENT = "pickle.find_class"
_MISSING = "missing"


class _Probe:
    """Listens for what is looked up while pickles are read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._subscription: Subscription | None = None
        self._before: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._refusals: list[Refusal] = []

    def start(self) -> None:
        self._subscription = subscribe(self._take, (_EVENT,))

    def stop(self) -> None:
        if self._subscription is not None:
            unsubscribe(self._subscription)
            self._subscription = None
        for path in self._before:
            if _is_followed(path, self._context):
                self._compare(path)

    def _take(self, event: str, args: tuple[Any, ...]) -> None:
        """Note a name, with its digest before it can be used."""
        path = f"{args[0]}:{args[1]}"
        if path not in self._before:
            self._before[path] = ""
            if _is_followed(path, self._context):
                self._before[path] = _digest(path, self._context)

    def _compare(self, path: str) -> None:
        name, now = path.partition(":")[2], _digest(path, self._context)
        if not now:
            self._refusals.append(
                Refusal(f"unpickles `{name}`, which reads a value without a fingerprint", _REMEDY)
            )
        elif self._before[path] not in (_MISSING, now):  # missing: its module was loaded by the pickle
            self._refusals.append(Refusal(f"changes what `{name}`, which a pickle names, reads", _REMEDY))
        self._digests[path] = now

    def observation(self) -> Observation:
        dependencies = tuple(Dependency(KIND, path, digest) for path, digest in self._digests.items())
        return Observation(dependencies, refusals=tuple(self._refusals))


def _found(path: str, context: Context) -> object | None:
    module, _, name = path.partition(":")
    top, *rest = name.split(".")
    is_notebook = module == context.namespace.get("__name__", "__main__")
    scope = context.namespace if is_notebook else getattr(sys.modules.get(module), "__dict__", {})
    found = scope.get(top)
    for attribute in rest:
        found = getattr(found, "__dict__", {}).get(attribute)
    return found


def _is_followed(path: str, context: Context) -> bool:
    """Whether it is code of the notebook or of a local module, or not there yet."""
    found = _found(path, context)
    return found is None or is_local_code(found)


def _digest(path: str, context: Context) -> str:
    """Return the digest of what a pickle names and all it leads to; empty where that has none."""
    found = _found(path, context)
    try:
        return _MISSING if found is None else read(("found",), None, {"found": found}).digest
    except UnfingerprintableValueError:
        return ""


def probe(context: Context) -> _Probe:
    """Return a probe for what pickles name."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that a class or function which a pickle names is another one now."""
    if _digest(dependency.name, context) == dependency.expected:
        return None
    return f"`{dependency.name.partition(':')[2]}`, which a pickle names, was edited"
