"""Runs programs under a namespace that notes every look-up of an earlier value."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, SimpleNamespace

from fpcache.cells import Names, compile_component, parse_cell


class Watched(dict[str, object]):
    """A global namespace that knows which names were looked up before they were rebound."""

    def __init__(self, content: dict[str, object]) -> None:
        super().__init__(content)
        self.begin()

    def begin(self, code: CodeType | None = None) -> None:
        """Forget what was seen; from now on note what this code and the code in it does."""
        self.codes = set(_all_code(code)) if code else set()
        self.loaded: set[str] = set()
        self.stored: set[str] = set()
        self.deleted: set[str] = set()
        self.before = dict(self)

    def __getitem__(self, name: str) -> object:
        is_earlier = name in self.before and self.before[name] is self.get(name)
        is_untouched = name not in self.stored and name not in self.deleted
        if is_untouched and (is_earlier or name not in self) and sys._getframe(1).f_code in self.codes:
            self.loaded.add(name)
        return super().__getitem__(name)

    def __setitem__(self, name: str, value: object) -> None:
        self.stored.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self.deleted.add(name)
        super().__delitem__(name)


@dataclass(frozen=True)
class Outcome:
    """What running one component showed, next to what its analysis claims."""

    label: str
    names: Names
    space: Watched
    error: BaseException | None
    by_functions: frozenset[str] = frozenset()

    def problems(self) -> Iterator[str]:
        """Yield each claim that the run contradicts."""
        own = {"__annotations__", "__builtins__", *self.by_functions}
        names, space = self.names, self.space
        touched = {name for name in {*space, *space.before} if self._is_rebound(name)}
        bound = (space.stored | {name for name in touched if name in space}) - own
        gone = (space.deleted | {name for name in touched if name not in space}) - own
        yield from _extra("read unseen", space.loaded - own, names.reads)
        yield from _extra("looked at though only kept", space.loaded & names.kept, frozenset())
        yield from _extra("bound unseen", bound, names.binds | names.maybe_binds | names.deletes)
        if self.error is None:
            yield from _extra("deleted unseen", gone - space.stored, names.deletes)
            # a name that was looked up may have been bound to the very object it had
            old = {name for name in names.binds if name not in space or not self._is_new(name)}
            yield from _extra("claimed bound", old - (space.loaded & set(space)), frozenset())
        yield from _extra("may keep or delete, so read", names.maybe_binds | names.deletes, names.reads)

    def _is_rebound(self, name: str) -> bool:
        if (name in self.space) != (name in self.space.before):
            return True
        return name in self.space.before and dict.get(self.space, name) is not self.space.before[name]

    def _is_new(self, name: str) -> bool:
        return name in self.space.stored or self._is_rebound(name)


def outcomes(text: str, space: dict[str, object], *, whole: bool) -> Iterator[Outcome]:
    """Run a program's components one after the other, up to its first error."""
    watched = Watched(space)
    cell = parse_cell(ast.parse(text).body, text, whole=whole)
    by_functions: frozenset[str] = frozenset()
    for component in cell.components:
        code = compile_component(cell, component, "<sample>")
        watched.begin(code)
        error = _run(code, watched)
        yield Outcome(component.label, component.names, watched, error, by_functions)
        # functions defined so far may bind these later on, which is not for this analysis to see
        by_functions |= component.names.maybe_binds | component.names.deletes
        if error is not None:
            return


def earlier_values(*, flag: bool, items: list[int]) -> dict[str, object]:
    """Return the variables that every sample may rely on."""
    values: dict[str, object] = {"x": 1, "y": 2, "z": 3, "n": 5, "text": "ab", "total": 0, "tally": 7}
    values |= {"flag": flag, "xs": items, "d": {"k": 1}, "obj": SimpleNamespace(a=1, b=[1, 2, 3])}
    values |= {"base": dict, "x_type": int, "error": "old", "print": lambda *_, **__: None}
    return {**values, "__name__": "__main__"}


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_code(constant)


def _run(code: CodeType, space: Watched) -> BaseException | None:
    run: Callable[[], object] = lambda: eval(code, space)  # noqa: E731
    try:
        result = run()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as error:
        return error
    return None


def _extra(what: str, found: set[str] | frozenset[str], allowed: frozenset[str]) -> Iterator[str]:
    if found - allowed:
        yield f"{what}: {sorted(found - allowed)}"
