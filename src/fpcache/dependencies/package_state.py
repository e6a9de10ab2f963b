"""Settings and registries of installed packages that a run leaves changed: what a replay would not do again.

Looked at only where the code may change them (`package_uses`): the object that
it names, or, where it calls a function made for setting something, what the modules
hold that this function names. What a compiled function changes can't be seen, so a call
of one that is named like that is refused.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, MutableMapping
from functools import partial
from itertools import chain
from types import FunctionType, ModuleType
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.module_state import SEEN_ELSEWHERE
from fpcache.dependencies.package_uses import PackageUse, is_native, is_observed, uses_of
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.fingerprints.code_objects import code_facts
from fpcache.fingerprints.locality import is_stdlib_name
from fpcache.fingerprints.records import MISSING

__all__ = ["KIND", "check", "probe"]

KIND = "package_state"
_TABLES = (dict, list, set)
_LARGE = 10_000
_OWN = "do that in a statement of its own"
_OBSERVED_OBJECTS = frozenset({"matplotlib.RcParams", "os._Environ"})

State = list[object]


class _Probe:
    """Compares what named objects and packages hold before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._held: list[tuple[str, object, object]] = []
        self._states: list[tuple[str, Any, State]] = []
        self._refusals: list[Refusal] = []

    def start(self) -> None:
        modules: dict[str, ModuleType] = {}
        for use in {use.path: use for use in uses_of(self._context)}.values():
            is_assigned = use.target is MISSING and not isinstance(use.holder, ModuleType)
            if use.holder is None or (isinstance(use.holder, (ModuleType, type)) and not is_assigned):
                self._watch_call(use, modules)
            else:
                self._watch_object(use)
        self._states += [(name, module, _module_state(module)) for name, module in modules.items()]

    def _watch_call(self, use: PackageUse, modules: dict[str, ModuleType]) -> None:
        is_watched_elsewhere = is_stdlib_name(use.package) and not use.is_item
        if is_observed(use) or is_watched_elsewhere or use.target is MISSING:
            return
        if use.holder is None or is_native(use.target):
            self._refuse(f"changes what the whole process uses (`{use.path}`)")
        else:
            modules.update(_modules_of(use.target))

    def _watch_object(self, use: PackageUse) -> None:
        kind = type(use.holder)
        if f"{kind.__module__}.{kind.__qualname__}" in _OBSERVED_OBJECTS:
            return
        if use.target is MISSING and not isinstance(use.holder, (*_TABLES, MutableMapping)):
            name = use.path.rpartition(".")[2]
            self._held.append((use.path, use.holder, _attribute(use.holder, name)))
        else:
            path = use.path if use.target is MISSING else use.path.rpartition(".")[0]
            if path not in SEEN_ELSEWHERE:
                self._states.append((path, use.holder, list(_state(use.holder))))

    def stop(self) -> None:
        for path, holder, before in self._held:
            if not _is_same(_attribute(holder, path.rpartition(".")[2]), before):
                self._refuse(f"changed `{path}`")
        for path, holder, state in self._states:
            now = _module_state(holder) if isinstance(holder, ModuleType) else list(_state(holder))
            if len(now) != len(state) or not all(map(_is_same, now, state)):
                self._refuse(f"changed what `{path}` holds")
        self._held, self._states = [], []

    def _refuse(self, reason: str) -> None:
        if len(self._refusals) < 3:
            self._refusals.append(Refusal(reason, _OWN))

    def observation(self) -> Observation:
        return Observation(refusals=tuple(self._refusals))


def _attribute(holder: object, name: str) -> object:
    if isinstance(holder, type):
        return vars(holder).get(name, MISSING)
    try:
        return getattr(holder, name, MISSING)
    except Exception:  # a property that fails has no value to be changed
        return MISSING


def _is_same(now: object, before: object) -> bool:
    return now is before or (type(now) is type(before) and type(now) in (int, float, str) and now == before)


def _modules_of(target: object) -> dict[str, ModuleType]:
    """Return the modules of its package that a function, or a class that is called, may change."""
    function = inspect.unwrap(target) if callable(target) else target
    home = str(getattr(function, "__module__", ""))
    names = {home}
    if isinstance(function, FunctionType):
        for use in code_facts(function.__code__).uses:
            value = function.__globals__.get(use.head)
            kind = value if hasattr(value, "__module__") else type(value)
            names.add(use.head if use.is_import else str(getattr(value, "__name__", "")))
            names.add(str(kind.__module__))
    package = home.partition(".")[0]
    found = {name: sys.modules.get(name) for name in names if name.partition(".")[0] == package}
    return {name: module for name, module in found.items() if isinstance(module, ModuleType)}


def _module_state(module: ModuleType) -> State:
    """Return what a module holds, with what is in its tables, its objects and its own classes."""
    own, found = vars(module), []
    for value in list(own.values()):
        found.append(value)
        if isinstance(value, type):
            if value.__module__ == module.__name__:
                found += chain.from_iterable((item, *_inside(item)) for item in list(vars(value).values()))
        elif not isinstance(value, (ModuleType, FunctionType)):
            found += _state(value)
    return found


def _state(value: object) -> Iterator[object]:
    """Yield what an object or a table holds, with what is in the tables in it."""
    for item in chain(_inside(value), _attributes(value)):
        yield item
        yield from _inside(item)


def _attributes(value: object) -> list[object]:
    held = None if isinstance(value, partial) else getattr(value, "__dict__", None)
    return list(held.values()) if isinstance(held, dict) else []


def _inside(value: object) -> list[object]:
    if not isinstance(value, _TABLES):
        return []
    if len(value) > _LARGE:
        return [len(value)]
    return [*dict.keys(value), *dict.values(value)] if isinstance(value, dict) else [*value]


def probe(context: Context) -> _Probe:
    """Return a probe for what packages hold."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Nothing is ever recorded under this kind."""
    return None
