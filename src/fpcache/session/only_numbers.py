"""Whether a component can make nothing but numbers, so that no set it makes is laid out by the hash seed."""

from __future__ import annotations

import ast
import builtins
import importlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import chain, combinations, permutations, product
from types import FunctionType
from typing import TYPE_CHECKING, Any

from fpcache.cells import Component
from fpcache.cells.number_code import FACTORIES, KNOWN_CALLS, MODULES, NumberCode, number_code
from fpcache.dependencies.loaded_source import function_tree
from fpcache.fingerprints.records import MISSING, Reading

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["makes_only_numbers"]

_MOST = 300_000  # elements that are looked at; of more, nothing is known
_NUMBERS = frozenset({bool, int, float, complex})
_MAPPINGS = frozenset({dict, Counter, defaultdict})
_CONTAINERS = _MAPPINGS | {tuple, list, set, frozenset, deque}
_ELSEWHERE = (Counter, defaultdict, deque, combinations, permutations, product)
_KNOWN: dict[str, object] = {
    **{name: getattr(builtins, name) for name in KNOWN_CALLS | FACTORIES if hasattr(builtins, name)},
    **{known.__name__: known for known in _ELSEWHERE},
}
_MODULES = {name: importlib.import_module(name) for name in MODULES}
_MEMBERS = {(name, key): value for name, module in _MODULES.items() for key, value in vars(module).items()}


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
    return (found.makes_sets or has_set) and all(map(_are_numbers, inputs))


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
        for owner, name in code.members:
            is_same = namespace.get(owner) is _MODULES[owner]
            if not is_same or getattr(_MODULES[owner], name, MISSING) is not _MEMBERS.get((owner, name)):
                return False
        return all(self._is_harmless(name, namespace, is_used=name in code.results) for name in code.calls)

    def _is_harmless(self, name: str, namespace: Mapping[str, Any], *, is_used: bool) -> bool:
        called = namespace.get(name, getattr(builtins, name, MISSING))
        if name in _KNOWN:
            return called is _KNOWN[name]
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
            self._seen[id(function)] = code = None
        else:
            self.values += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        return code


def _are_numbers(value: object) -> bool:
    """Say whether a value is a number, or a container of numbers alone."""
    pending, seen, looked_at = [value], set[int](), 0
    while pending:
        one = pending.pop()
        if type(one) in _NUMBERS:
            continue
        if type(one) not in _CONTAINERS:
            return False
        if id(one) in seen:
            continue
        seen.add(id(one))
        looked_at += _size(one)
        if looked_at > _MOST or (isinstance(one, defaultdict) and not _fills_with_numbers(one)):
            return False
        kinds = set(map(type, _elements(one)))
        if not kinds <= _NUMBERS:
            pending += (element for element in _elements(one) if type(element) not in _NUMBERS)
    return True


def _size(one: Any) -> int:
    return len(one) * (2 if isinstance(one, dict) else 1)


def _elements(one: Any) -> Iterable[object]:
    return chain(one.keys(), one.values()) if isinstance(one, dict) else one


def _fills_with_numbers(one: defaultdict[Any, Any]) -> bool:
    return one.default_factory in [None, *(_KNOWN[name] for name in FACTORIES)]
