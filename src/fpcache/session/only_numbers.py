"""Whether a component can make nothing but numbers, so that no set it makes is laid out by the hash seed."""

from __future__ import annotations

import ast
import builtins
import collections
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import chain
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component
from fpcache.cells.number_code import FACTORIES, KNOWN, NumberCode, number_code
from fpcache.dependencies.loaded_source import function_tree
from fpcache.fingerprints.name_uses import steps_of
from fpcache.fingerprints.records import MISSING, Reading

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["makes_only_numbers"]

_MOST = 200_000  # elements that are looked at; of more, nothing is known
_NUMBERS = frozenset({bool, int, float, complex})
_CONTAINERS = frozenset({dict, Counter, defaultdict, tuple, list, set, frozenset, deque})
_FACTORIES = tuple(getattr(builtins, name) for name in FACTORIES)
_GLOBAL_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


def makes_only_numbers(run: CellRun, component: Component, reading: Reading) -> bool:
    """Say whether a component that has to do with sets can make nothing but numbers, and containers of them.

    To be asked before the run, which may change what it reads.
    """
    nodes = run.request.nodes[component.start : component.stop]
    code = number_code(ast.Module(body=list(nodes), type_ignores=[]))
    found = _Found(reading)
    if code is None or not found.are_numbers(code, run.namespace):
        return False
    has_set = any(root.walk is not None and root.walk.has_set for root in reading.roots)
    inputs = [*found.values, *(root.value for root in reading.roots if root.key in code.own)]
    return (found.makes_sets or has_set) and _are_numbers(inputs)


class _Found:
    """What code and the functions that it calls find by name.

    Attributes
    ----------
    values : list
        The values that have to be numbers.
    makes_sets : bool
        Whether sets may come into being.
    """

    def __init__(self, reading: Reading) -> None:
        self.values: list[object] = []
        self.makes_sets = False
        self._followed = {id(function) for function in reading.functions}
        self._seen: dict[int, NumberCode | None] = {}

    def are_numbers(self, code: NumberCode, namespace: Mapping[str, Any]) -> bool:
        """Say whether all that code calls makes only numbers, and note the values that it reads."""
        self.makes_sets |= code.makes_sets
        self.values += [namespace.get(name, MISSING) for name in code.values]
        return all(
            _is_pythons(_member(namespace.get(module), module, name), module, name)
            for module, name in code.members
        ) and all(self._is_harmless(name, namespace, is_used=name in code.results) for name in code.calls)

    def _is_harmless(self, name: str, namespace: Mapping[str, Any], *, is_used: bool) -> bool:
        called = namespace.get(name, getattr(builtins, name, MISSING))
        homes = [module for module, names in KNOWN.items() if name in names]
        if homes:
            return any(_is_pythons(called, module, name) for module in homes)
        if not isinstance(called, FunctionType) or id(called) not in self._followed:
            return False
        code = self._code_of(called)
        return code is not None and (code.returns or not is_used)

    def _code_of(self, function: FunctionType) -> NumberCode | None:
        if id(function) in self._seen:
            return self._seen[id(function)]
        tree = function_tree(function)
        code = number_code(tree) if isinstance(tree, ast.FunctionDef) and not function.__closure__ else None
        self._seen[id(function)] = code  # it may call itself
        if code is None or not self.are_numbers(code, function.__globals__):
            self._seen[id(function)] = None
            return None
        # A variable of a comprehension or lambda in it is no variable of its own.
        beside = code.own & _globals_of(function.__code__)
        self.values += [function.__globals__.get(name, MISSING) for name in beside]
        self.values += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        return code


def _globals_of(code: CodeType) -> set[object]:
    inner = (_globals_of(const) for const in code.co_consts if isinstance(const, CodeType))
    own = {step.value for step in steps_of(code) if step.op in _GLOBAL_LOADS}
    return own.union(*inner)


def _member(found: object, module: str, name: str) -> object:
    """Return what a module has under a name, if it is that module."""
    is_it = isinstance(found, ModuleType) and found.__name__ == module
    return vars(found).get(name, MISSING) if is_it else MISSING


def _is_pythons(found: object, module: str, name: str) -> bool:
    """Say whether something is what Python's own module has under a name, not put there in its place."""
    if type(found) is float:
        return module == "math"
    if found is Counter:
        return module == "collections" and all(map(_is_counters_own, vars(Counter).items()))
    if type(found) not in (BuiltinFunctionType, type):
        return False
    home = {"heapq": "_heapq"}.get(module, module)
    return (getattr(found, "__module__", ""), getattr(found, "__name__", "")) == (home, name)


def _is_counters_own(item: tuple[str, object]) -> bool:
    """Say whether a member of the class, which is written in Python, is what its module gave it."""
    name, value = item
    made = value.__func__ if isinstance(value, classmethod) else value
    if isinstance(made, FunctionType):
        return made.__globals__ is vars(collections) and made.__qualname__ == f"Counter.{name}"
    return name in {"__module__", "__dict__", "__weakref__", "__doc__"} or item == ("__hash__", None)


def _are_numbers(values: list[object]) -> bool:
    """Say whether values are numbers, or containers of numbers alone."""
    pending, seen, left = values, set[int](), _MOST
    while pending:
        one = pending.pop()
        if type(one) in _NUMBERS:
            continue
        if type(one) not in _CONTAINERS:
            return False
        if id(one) in seen:
            continue
        seen.add(id(one))
        left -= 1 + _size(one)
        if left < 0 or (isinstance(one, defaultdict) and not _fills_with_numbers(one)):
            return False
        others = set(map(type, _elements(one))) - _NUMBERS
        if others == {tuple}:
            tuples = [element for element in _elements(one) if type(element) is tuple]
            left -= sum(map(len, tuples))
            others = set(map(type, chain.from_iterable(tuples))) - _NUMBERS if left >= 0 else others
        if others:
            pending += (element for element in _elements(one) if type(element) not in _NUMBERS)
    return True


def _size(one: Any) -> int:
    return len(one) * (2 if isinstance(one, dict) else 1)


def _elements(one: Any) -> Iterable[object]:
    return chain(one.keys(), one.values()) if isinstance(one, dict) else one


def _fills_with_numbers(one: defaultdict[Any, Any]) -> bool:
    return one.default_factory is None or any(one.default_factory is known for known in _FACTORIES)
