"""Counts, inside a session and past every cache, how often a judged piece of code really runs."""

from __future__ import annotations

import functools
import linecache
import sys
import types
from pathlib import Path
from typing import Any

TICK = "id(NotImplemented)"
_COMPOUND = ("for ", "if ", "try:", "with ", "while ", "del ")


class _Count:
    """How often the code ran; in memory until the end, as caches may watch files."""

    runs = 0


def write(path: str) -> None:
    """Write down how often the code ran."""
    Path(path).write_text(str(_Count.runs), encoding="utf-8")


def count_statements(judged: str) -> None:
    """Count how often a statement whose text begins so is given to ``exec``."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "exec" and isinstance(arguments[0], types.CodeType) and _begins_so(arguments[0], judged):
            _Count.runs += 1

    sys.addaudithook(hook)


def count_ticks() -> None:
    """Count how often ``TICK`` is evaluated; Python tells of every call of ``id``."""
    ticked = id(NotImplemented)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "builtins.id" and arguments[0] == ticked:
            _Count.runs += 1

    sys.addaudithook(hook)


def count_calls(function: Any, named: str) -> None:
    """Count how often a function, or any function of a cell with a name, is called; until `stop`."""
    codes = set(_codes(function))

    def hook(frame: Any, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and (
            code in codes or (code.co_name == named and "ipython-input" in code.co_filename)
        ):
            _Count.runs += 1

    sys.setprofile(hook)


def stop() -> None:
    """Count calls no longer."""
    sys.setprofile(None)


def _codes(function: Any) -> list[types.CodeType]:
    """Return the code that runs when a value is called."""
    found = []
    while function is not None:
        if isinstance(function, types.FunctionType):
            found.append(function.__code__)
        following = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
        function = following or (function.func if isinstance(function, functools.partial) else None)
    return found


def _begins_so(code: types.CodeType, judged: str) -> bool:
    """Return whether a cell's code object is of a statement whose text begins so."""
    if code.co_name != "<module>" or code.co_filename not in linecache.cache:
        return False
    lines = linecache.cache[code.co_filename][2]
    for line, _, column, _ in code.co_positions():
        if not line or column is None or line > len(lines):
            continue
        text = lines[line - 1].encode()[column:].decode(errors="replace")
        if text.startswith(judged.split("\n")[0]):
            return True
        if judged.startswith(_COMPOUND) and lines[line - 1].startswith(judged.split("\n")[0]):
            return True
    return False
