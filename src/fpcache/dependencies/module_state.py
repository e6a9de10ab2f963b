"""Modules and installed classes that a run leaves changed: what a replay would not do again.

Attributes are set by code that names them, so only the names that followed
code stores are looked at, in all modules: before the run and after. What the
run was the first to import has no state before; there a stored name counts as
changed. A local module imported by the run acts when it is imported, unless
it does nothing but define.
"""

from __future__ import annotations

import abc
import ast
import collections
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from operator import is_
from types import CodeType, ModuleType
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.dependencies.loaded_source import statements
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.fingerprints.locality import is_local_code, is_local_module
from fpcache.fingerprints.name_uses import steps_of
from fpcache.fingerprints.patches import patches

__all__ = ["KIND", "SEEN_ELSEWHERE", "check", "probe", "stored_names"]

KIND = "module_state"
_ABSENT = object()
_BY_TEXT = frozenset(
    {
        "setattr", "delattr", "__setattr__", "__delattr__", "__dict__", "vars", "patch", "patch_object",
        "update_wrapper",
    }
)  # fmt: skip
_GENERATED = (
    "<string>"  # the file of what `dataclasses` writes, which sets attributes of `self` by their names
)
_TABLES = (dict, list, set, collections.OrderedDict, collections.defaultdict)
SEEN_ELSEWHERE = frozenset({"sys.modules", "sys.path", "sys.argv", "sys.meta_path", "warnings.filters"})
_OWN = "do that in a statement of its own"


class _Probe:
    """Compares attributes of modules and classes before and after."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._names: frozenset[str] = frozenset()
        self._count = 0
        self._modules: dict[str, ModuleType] = {}
        self._holders: list[tuple[object, Any]] = []
        self._held: dict[str, list[object]] = {}
        self._tables: list[tuple[str, Any, object]] = []
        self._token: object = None
        self._refusals: list[Refusal] = []

    def start(self) -> None:
        self._names = _names_stored(self._context)
        self._count = len(sys.modules)
        self._modules = dict(sys.modules) if self._names_modules() else {}
        if self._names:
            self._holders = list(_with_attributes((*list(sys.modules.values()), *self._classes())))
            self._held = {name: self._values(name) for name in self._names}
        self._tables = [(path, table, _content(table)) for path, table in self._named_tables()]
        self._token = abc.get_cache_token()

    def _values(self, name: str) -> list[object]:
        if name == "__class__":
            return [type(holder) for holder, _ in self._holders]
        return [held.get(name, _ABSENT) for _, held in self._holders]

    def _classes(self) -> Iterator[type]:
        """Yield the installed classes of the values that the code reads."""
        reading = self._context.reading
        if reading is not None:
            kinds = {type(node) for node in reading.nodes} | {type(root.value) for root in reading.roots}
            kinds |= {found.value for found in reading.resolved if isinstance(found.value, type)}
            every = {base for kind in kinds for base in kind.__mro__}
            yield from (kind for kind in every if kind is not object and not is_local_code(kind))

    def _named_tables(self) -> Iterator[tuple[str, Any]]:
        """Yield the containers of installed modules that the code names."""
        for found in self._context.reading.resolved if self._context.reading is not None else ():
            if type(found.value) in _TABLES and found.path not in SEEN_ELSEWHERE:
                yield found.path, found.value

    def stop(self) -> None:
        for name, before in self._held.items():
            now = self._values(name)
            if not all(map(is_, now, before)):
                place = next(n for n, value in enumerate(now) if value is not before[n])
                self._refuse(f"changed `{_path(self._holders[place][0], name)}`", _OWN)
        for path, table, content in self._tables:
            if not _is_content(_content(table), content):
                self._refuse(f"changed `{path}`", _OWN)
        self._held, self._holders, self._tables = {}, [], []
        new = self._new_modules()
        for name in new:
            self._judge(name, sys.modules.get(name))
        self._modules = {}
        if not new and self._token not in (None, abc.get_cache_token()):
            self._refuse("registered a class with an abstract one", _OWN)

    def _new_modules(self) -> list[str]:
        """Return the modules that were not there before; what is imported is appended."""
        if self._modules:
            return [name for name, found in sys.modules.items() if self._modules.get(name) is not found]
        return list(islice(sys.modules, self._count, None))

    def _judge(self, name: str, module: object) -> None:
        """Judge a module that the run was the first to import."""
        above = f"`import {name}` in a cell above"
        if not isinstance(module, ModuleType) or getattr(module, "__spec__", None) is None:
            if self._names_modules():
                self._refuse(f"put `{name}` into `sys.modules`", _OWN)
        elif is_local_module(module):  # its code was not there to be read
            self._refuse(f"was the first to import the local module `{name}`", above)
        elif self._is_named(name) and (changed := next(self._perhaps_changed(name, module), None)):
            self._refuse(f"may have changed `{changed}`, which it was the first to import", above)

    def _names_modules(self) -> bool:
        reading = self._context.reading
        functions = reading.functions if reading is not None else ()
        return any("modules" in function.__code__.co_names for function in functions)

    def _perhaps_changed(self, name: str, module: ModuleType) -> Iterator[str]:
        held = vars(module)
        yield from (_path(module, stored) for stored in sorted(self._names) if stored in held)
        kinds = (item for item in list(held.values()) if isinstance(item, type) and item.__module__ == name)
        yield from (_path(kind, patch) for kind in kinds for patch, _ in patches(kind))
        for found in self._context.reading.resolved if self._context.reading is not None else ():
            owner, _, attribute = found.path.rpartition(".")
            if owner == name and type(held.get(attribute)) in _TABLES:
                yield found.path

    def _is_named(self, name: str) -> bool:
        reading = self._context.reading
        if reading is None:
            return True
        paths = [found.path for found in reading.resolved]
        paths += [root.key.partition(":")[0] for root in reading.roots]
        return name in reading.strings or any(path == name or path.startswith(f"{name}.") for path in paths)

    def _refuse(self, reason: str, remedy: str) -> None:
        if len(self._refusals) < 3:
            self._refusals.append(Refusal(reason, remedy))

    def observation(self) -> Observation:
        return Observation(refusals=tuple(self._refusals))


def _content(table: Any) -> tuple[object, ...]:
    return (*table, *table.values()) if isinstance(table, dict) else tuple(table)


def _is_content(now: tuple[object, ...], before: object) -> bool:
    return isinstance(before, tuple) and len(now) == len(before) and all(map(is_, now, before))


def _path(holder: object, name: str) -> str:
    owner = holder.__qualname__ if isinstance(holder, type) else getattr(holder, "__name__", "?")
    return f"{owner}.{name}"


def _with_attributes(holders: Iterable[object]) -> Iterator[tuple[object, Any]]:
    """Yield modules and classes with what they hold, but for the notebook's."""
    for holder in holders:
        if isinstance(holder, ModuleType):
            held: Any = object.__getattribute__(holder, "__dict__")
        else:  # anything may stand in `sys.modules`
            held = vars(holder) if isinstance(holder, type) else {}
        if held.get("__name__") != "__main__":
            yield holder, held


def _names_stored(context: Context) -> frozenset[str]:
    """Return the attribute names that a component's code may store, on anything but a ``self``."""
    reading = context.reading
    if reading is None:
        return frozenset()
    found, takes_text = _stored_in_cell(context.cell_text)
    names = set(found)
    for function in reading.functions:
        names |= stored_names(function.__code__)
        takes_text = takes_text or _takes_text(function.__code__)
    if takes_text:
        texts = (text.rpartition(".")[2] for text in reading.strings)
        names |= {text for text in texts if text.isidentifier()}
    return frozenset(names)


def _takes_text(code: CodeType) -> bool:
    """Tell whether code may store an attribute that is named by a text."""
    return code.co_filename != _GENERATED and not _BY_TEXT.isdisjoint(code.co_names)


@lru_cache(maxsize=4096)
def stored_names(code: CodeType) -> frozenset[str]:
    """Return the attribute names that code assigns or deletes, but for those of ``self``.

    Examples
    --------
    >>> sorted(stored_names(compile("a.x = 1; del b.y; c = a.z", "", "exec")))
    ['x', 'y']
    """
    found: set[str] = set()
    before = ""
    for step in steps_of(code):
        if step.op in ("STORE_ATTR", "DELETE_ATTR") and before != "self":
            found.add(str(step.value))
        before = str(step.value) if step.op.startswith("LOAD_FAST") else ""
    inner = (item for item in code.co_consts if isinstance(item, CodeType))
    return frozenset(found.union(*map(stored_names, inner)))


@lru_cache(maxsize=64)
def _stored_in_cell(text: str) -> tuple[frozenset[str], bool]:
    tree = statements(text, 1, sys.maxsize)
    nodes = list(ast.walk(tree)) if tree is not None else []
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {node.attr for node in attributes}
    stored = {node.attr for node in attributes if not isinstance(node.ctx, ast.Load)}
    return frozenset(stored), not _BY_TEXT.isdisjoint(names)


def probe(context: Context) -> _Probe:
    """Return a probe for modules and installed classes."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Nothing is ever recorded under this kind."""
    return None
