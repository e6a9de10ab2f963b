"""What ``hash(...)`` is called with while a component runs: text, addresses, or numbers alone.

A number hashes alike everywhere, a text alike under one hash seed, and an
object that has no ``__hash__`` of its own by its address. Only the call shows
which it is, so the builtin is replaced for the duration of a run, where the
code does nothing with it but call it. What a class's ``__hash__`` asks for is
no result: it only places objects in tables, whose order is seen elsewhere.
"""

from __future__ import annotations

import ast
import builtins
import datetime
import decimal
import fractions
import sys
import threading
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

from fpcache.dependencies.substitutions import Substitution, substitute, undo
from fpcache.fingerprints.locality import is_local_namespace
from fpcache.fingerprints.name_uses import Step, steps_of

__all__ = ["HashCalls", "is_only_called"]

_STEADY = (int, float, complex, decimal.Decimal, fractions.Fraction, range)
_SEEDED = (str, bytes, memoryview, datetime.date, datetime.time, datetime.timedelta)
_OF_LIBRARIES = ("numpy", "pandas")
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})


class HashCalls:
    """Stands in for the builtin ``hash``.

    Attributes
    ----------
    is_seeded : bool
        Whether anything was hashed that hashes otherwise under another seed.
    by_address : str
        The name of a class whose instance was hashed by its address, or ``""``.
    """

    def __init__(self) -> None:
        self.is_seeded = False
        self.by_address = ""
        self._asking = threading.local()
        self._replaced: list[Substitution] = []

    def start(self) -> None:
        """Watch from now on."""
        original = builtins.hash

        def stand_in(obj: object, /) -> int:
            is_asked = getattr(self._asking, "is_asked", False)
            if not is_asked and not _is_users_question(sys._getframe(1)):
                return original(obj)
            self._asking.is_asked = True
            try:
                self._note(obj)
                return original(obj)
            finally:
                self._asking.is_asked = is_asked

        self._replaced = [substitute(builtins, "hash", stand_in)]

    def stop(self) -> None:
        """Put the builtin back."""
        undo(self._replaced)
        self._replaced = []

    def _note(self, obj: Any) -> None:
        kind = type(obj)
        if kind in (tuple, frozenset):
            for part in obj:
                self._note(part)
        elif _is_by_address(obj):
            self.by_address = self.by_address or kind.__name__
        elif issubclass(kind, _SEEDED) or kind.__module__.partition(".")[0] in _OF_LIBRARIES:
            self.is_seeded = True
        # What a `__hash__` in Python does is seen as it calls for the hashes of its parts.


def _is_users_question(frame: FrameType) -> bool:
    """Whether local code wants to know a hash, and not a class to be placed in a table."""
    return frame.f_code.co_name != "__hash__" and is_local_namespace(frame.f_globals)


def _is_by_address(obj: Any) -> bool:
    kind = type(obj)
    if obj is None:
        return sys.version_info < (3, 12)
    if getattr(kind, "__hash__", None) is object.__hash__:
        return True
    if isinstance(obj, _STEADY):
        return isinstance(obj, float) and obj != obj
    is_known = issubclass(kind, (*_SEEDED, tuple, frozenset)) or kind.__module__.startswith(_OF_LIBRARIES)
    return not is_known and not hasattr(kind.__hash__, "__code__")


def is_only_called(tree: ast.AST | None, codes: Iterable[CodeType], name: str = "hash") -> bool:
    """Return whether code takes a builtin by its name only to call it at once, and keeps it nowhere.

    Parameters
    ----------
    tree : ast.AST or None
        The statements themselves; None where they can't be parsed.
    codes : iterable of CodeType
        The functions that they follow.
    """
    if tree is None:
        return False
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)
    return all(id(node) in called for node in named) and all(_calls_only(code, name) for code in codes)


def _calls_only(code: CodeType, name: str) -> bool:
    if name in code.co_names:
        steps = steps_of(code)
        for place, step in enumerate(steps):
            if step.op in _LOADS and step.value == name and not _is_called(steps, place):
                return False
    inner = (item for item in code.co_consts if isinstance(item, CodeType))
    return all(_calls_only(item, name) for item in inner)


def _is_called(steps: list[Step], place: int) -> bool:
    step = steps[place]
    if step.op == "LOAD_GLOBAL":
        return bool((step.arg or 0) & 1)
    around = [*steps[max(0, place - 1) : place], *steps[place + 1 : place + 2]]
    return any(found.op == "PUSH_NULL" for found in around)
