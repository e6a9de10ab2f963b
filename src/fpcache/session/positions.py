"""Outputs that tell where code stands: a warning's file and line, a logged line number, a traceback.

A cell has another file name in each kernel, so the names in recorded outputs
are replaced by marks, and by the present names when they are shown again.
Lines can't be replaced: they, and the text that stands on them, are a
dependency of such a recording, and of one whose code asks for lines, for
source or for a code object as a whole, which knows its line.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from json import dumps, loads
from types import CodeType
from typing import TYPE_CHECKING

import xxhash

from fpcache.cells import Component
from fpcache.dependencies.loaded_source import function_source
from fpcache.dependencies.records import Dependency
from fpcache.errors import UncacheableError
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.fingerprints.name_uses import steps_of
from fpcache.fingerprints.records import Reading
from fpcache.replay.outputs import OutputLog

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun

__all__ = ["KIND", "check", "dependencies", "marked", "named", "refuse_told"]

KIND = "position"
_IN_CODE = b"zZ\xfa\xda"  # what stands before a short text in marshalled code
_ASKERS = (
    "inspect.get",
    "inspect.stack",
    "inspect.currentframe",
    "inspect.trace",
    "inspect.findsource",
    "traceback.",
    "linecache.",
    "dis.",
    "marshal.dump",
    "cloudpickle.",
    "dill.",
)
# Attributes that tell lines: of code, classes, frames, tracebacks, recorded warnings.
_LINES = frozenset(
    {
        "co_firstlineno", "co_linetable", "co_lnotab", "co_lines", "co_positions", "__firstlineno__",
        "f_lineno", "tb_lineno", "lineno",
    }
)  # fmt: skip
_CODE = frozenset({"__code__", "gi_code", "cr_code", "ag_code"})
# What may be taken of a code object that lies on another line all the same.
_OF_CODE = frozenset(
    {
        "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize", "co_flags",
        "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_name", "co_qualname",
        "co_exceptiontable",
    }
)  # fmt: skip
_LONGEST = 200
_LOGGED = ("lineno", "pathname", "filename", "funcName")


def dependencies(
    run: CellRun, component: Component, reading: Reading, outputs: OutputLog
) -> list[Dependency]:
    """Return a dependency on the places that a recording tells of, if it does."""
    places = _places(run, reading)
    if _asks(reading) or (len(outputs) and _is_logged()):
        told = sorted(set(places.values()))
    else:
        texts = outputs.texts()
        told = sorted({mark for name, mark in places.items() if any(name in text for text in texts)})
    return [Dependency(KIND, dumps(told), _digest(run, component, reading, told))] if told else []


def check(dependency: Dependency, run: CellRun, component: Component, reading: Reading) -> str | None:
    """Return why a recording's file names and lines would be wrong now, or None."""
    if _digest(run, component, reading, loads(dependency.name)) == dependency.expected:
        return None
    return "its output tells line numbers, and these or the lines changed"


def refuse_told(run: CellRun, reading: Reading, stream: bytes) -> None:
    """Refuse a result that holds the name of a cell's file as a text: it is another one in each kernel.

    Raises
    ------
    UncacheableError
        If it does.
    """
    names = {run.request.cell_name}
    names |= {f.__code__.co_filename for f in reading.functions if f.__globals__ is run.namespace}
    for name in map(str.encode, names):
        if stream.count(name) > sum(stream.count(bytes([mark, len(name) & 255]) + name) for mark in _IN_CODE):
            raise UncacheableError(
                "its result tells the name of a cell's file, which each kernel has anew; leave that out of it"
            )


def marked(outputs: OutputLog, run: CellRun, reading: Reading) -> OutputLog:
    """Return outputs with the cells' file names replaced by marks."""
    marks = {name: _mark(number) for name, number in _places(run, reading).items()}
    return outputs.replaced(marks)


def named(outputs: OutputLog, run: CellRun, reading: Reading) -> OutputLog:
    """Return outputs with marks replaced by the cells' present file names."""
    names = {_mark(number): name for name, number in _places(run, reading).items()}
    return outputs.replaced(names)


def _mark(number: int) -> str:
    return f"\0fpcache place {number}\0"


def _places(run: CellRun, reading: Reading) -> dict[str, int]:
    """Return file names, each with its number: 0 is the cell, n the n-th function's where it is met first."""
    places = {run.request.cell_name: 0}
    for number, function in enumerate(reading.functions, 1):  # in an order that the key fixes
        places.setdefault(function.__code__.co_filename, number)
    return places


def _digest(run: CellRun, component: Component, reading: Reading, told: list[int]) -> str:
    """Digest where the code in the files with these numbers stands, and how it is written there."""
    places = _places(run, reading)
    parts: list[object] = []
    if 0 in told:
        lines = run.request.transformed_cell.splitlines()[component.first_line - 1 : component.last_line]
        parts.append([component.first_line, lines])
    for number, function in enumerate(reading.functions, 1):
        code = function.__code__
        place = places[code.co_filename]
        if place in told:
            parts.append([number, place, code.co_firstlineno, function_source(function)])
    parts.append(
        [vars(node).get("__firstlineno__") for node in reading.nodes if issubclass(type(node), type)]
    )
    return xxhash.xxh3_128_hexdigest(dumps(parts).encode())


def _asks(reading: Reading) -> bool:
    """Whether followed code asks for source or lines."""
    if any(item.path.startswith(_ASKERS) for item in reading.resolved):
        return True
    codes = [function.__code__ for function in reading.functions]
    return any(map(_asks_for_lines, codes if reading.code is None else [*codes, reading.code]))


@lru_cache(maxsize=4096)
def _asks_for_lines(code: CodeType) -> bool:
    """Whether code names what tells lines, or a code object for more than what it says of names and numbers.

    Examples
    --------
    >>> _asks_for_lines(compile("f.__code__.co_varnames", "", "eval"))
    False
    >>> _asks_for_lines(compile("hash(f.__code__)", "", "eval"))
    True
    """
    texts = {word for text in code_facts(code).strings if len(text) < _LONGEST for word in text.split(".")}
    names = names_in(code)
    if not names.isdisjoint(_LINES) or not texts.isdisjoint(_LINES | _CODE):
        return True
    return not names.isdisjoint(_CODE) and _takes_whole_code(code)


def _takes_whole_code(code: CodeType) -> bool:
    steps = steps_of(code)
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step.value in _CODE and (after is None or after.value not in _OF_CODE):
            return True
    return any(_takes_whole_code(item) for item in code.co_consts if isinstance(item, CodeType))


def _is_logged() -> bool:
    """Whether a log handler writes places."""
    logging = sys.modules.get("logging")
    handlers = [reference() for reference in getattr(logging, "_handlerList", ())]
    formats = [getattr(getattr(handler, "formatter", None), "_fmt", None) or "" for handler in handlers]
    return any(word in found for found in formats for word in _LOGGED)
