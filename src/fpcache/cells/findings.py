"""What a walk over a component's code finds out, gathered in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .component import Dynamic, Names
from .scopes import LOCAL, Scope, binding_scope, deleted_names, module_scope, resolve

__all__ = [
    "Findings",
    "Loop",
    "Place",
    "State",
    "bind",
    "bind_walrus",
    "delete",
    "forget",
    "load",
    "meet",
    "without",
]

State = frozenset[str] | None
"""The names surely bound by this component so far; None where code can't be reached."""


@dataclass(slots=True)
class Findings:
    """Everything found so far; one per component."""

    deletable: frozenset[str]
    loads: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    deferred_bound: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    deferred_deleted: set[str] = field(default_factory=set)
    mutated: set[str] = field(default_factory=set)
    dynamic: list[Dynamic] = field(default_factory=list)
    strings: dict[str, None] = field(default_factory=dict)
    method_calls: dict[str, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    annotations: list[str] = field(default_factory=list)
    is_async: bool = False

    def names(self, end: State) -> Names:
        """Return the names touched, given the state at the component's end."""
        ever_bound = self.bound | self.deferred_bound
        binds = frozenset(ever_bound & (end or frozenset())) - self.deferred_deleted
        maybe_binds = frozenset(ever_bound) - binds
        deletes = frozenset(self.deleted | self.deferred_deleted) - binds
        reads = frozenset(self.loads) | maybe_binds | deletes
        kept = reads - self.loads
        return Names(reads, binds, maybe_binds, deletes, frozenset(self.mutated), kept)


@dataclass(slots=True)
class Loop:
    """Where ``break`` and ``continue`` lead, with the states that arrive there."""

    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk is: the scope, the innermost loop, and what was found."""

    scope: Scope
    found: Findings
    loop: Loop | None = None
    is_conditional: bool = False

    @classmethod
    def top(cls, nodes: Iterable[ast.AST]) -> Place:
        """Return the start of a walk over these statements."""
        return cls(module_scope(), Findings(deleted_names(nodes)))

    def inside(self, scope: Scope) -> Place:
        """Return the place at the start of a nested scope."""
        return replace(self, scope=scope, loop=None, is_conditional=True)

    def branch(self) -> Place:
        """Return this place as one that may not be reached."""
        return self if self.is_conditional else replace(self, is_conditional=True)


def meet(*states: State) -> State:
    """Return what is sure where several paths come together."""
    reachable = [state for state in states if state is not None]
    return frozenset.intersection(*reachable) if reachable else None


def without(state: State, names: frozenset[str]) -> State:
    """Return the state when these names may have been deleted."""
    if state is None or not names:
        return state
    return frozenset(key for key in state if key.rpartition(":")[2] not in names)


def load(name: str, place: Place, state: State) -> str | None:
    """Note that a name is looked up; return it if it refers to a global."""
    scope, found = place.scope, place.found
    key, falls_back = resolve(scope, scope.mangled(name))
    if key == LOCAL:
        return None
    is_sure = state is not None and key in state
    if falls_back:
        if is_sure and not (scope.is_deferred and name in found.deletable):
            return None
        key = key.partition(":")[2]
        is_sure = state is not None and key in state
    # a deleted global uncovers the builtin of that name
    if key in (found.deletable if scope.is_deferred else found.deferred_deleted):
        is_sure = False
    if not is_sure:
        found.loads.add(key)
    return key


def bind(name: str, place: Place, state: State) -> State:
    """Note that a name is bound; return the state after it."""
    scope = place.scope
    key, _ = resolve(scope, scope.mangled(name))
    if key == LOCAL:
        return state
    if ":" not in key:
        found = place.found
        (found.deferred_bound if scope.is_deferred else found.bound).add(key)
    return None if state is None else state | {key}


def bind_walrus(name: str, place: Place, state: State) -> State:
    """Note that ``:=`` binds a name; comprehensions pass it on outwards."""
    outer = replace(place, scope=binding_scope(place.scope))
    after = bind(name, outer, state)
    if place.scope.is_deferred and not outer.scope.is_deferred:
        # a generator expression may run later, or never: its effect is like a function's
        place.found.deferred_bound.add(outer.scope.mangled(name))
    return after


def delete(name: str, place: Place, state: State) -> State:
    """Note that a name is deleted; return the state after it."""
    load(name, place, state)
    return forget(name, place, state)


def forget(name: str, place: Place, state: State) -> State:
    """Note that a name is unbound, as an exception handler does at its end."""
    scope = place.scope
    key, _ = resolve(scope, scope.mangled(name))
    if key == LOCAL:
        return state
    if ":" not in key:
        found = place.found
        (found.deferred_deleted if scope.is_deferred else found.deleted).add(key)
    return None if state is None else state - {key}
