"""What a person reads where a component can't be cached: the construct, the line, and what helps."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from fpcache.cells import Component, Dynamic
from fpcache.dependencies.records import Refusal
from fpcache.errors import FpcacheError, UnfingerprintableValueError

__all__ = ["dynamic_text", "refusal_text", "result_text", "told", "value_text"]

_LINE = re.compile(r"\blines? \d")
_BOUND = re.compile(r"the result\['bound'\]\['(\w+)'\]")
_NAME = re.compile(r"[^\W\d]\w*")
_WAYS_AROUND = {
    "input": "assign the answer in a cell of its own, and pass it",
    "raw_input": "assign the answer in a cell of its own, and pass it",
    "breakpoint": "take it out again, and it can be cached",
    "exec": "write out the code that it runs",
    "eval": "write out the expression that it computes",
    "get_ipython": "call it in a statement of its own",
    "import *": "import the names that are used",
    "deeply nested code": "cut it into statements",
    "magics inside a magic": "use one magic to a cell",
    "a computed query text": "use `df[...]` with a condition",
}
_NOT_CALLED = frozenset(
    {"__main__", "__globals__", "__subclasses__", "f_globals", "f_locals", "user_ns", "user_global_ns",
     "sys.modules", "import *"}
)  # fmt: skip
_USE_NAMES = "use the names themselves, so that what is read is seen"


def told(message: str, lines: tuple[int, int]) -> str:
    """Return a refusal's message with its place, where it doesn't name one.

    Parameters
    ----------
    message : str
        What was met, then ``"; "`` and what to do next.
    lines : tuple of int
        First and last line in the cell.

    Examples
    --------
    >>> told("ran other processes; use joblib", (3, 3))
    'ran other processes, line 3; use joblib'
    """
    what, mark, remedy = message.rpartition("; ")
    if not mark:
        what, remedy = message, ""
    if not _LINE.search(what):
        first, last = lines
        what += f", line {first}" if first == last else f", lines {first}–{last}"
    return f"{what}{mark}{remedy}"


def refusal_text(refusal: Refusal, component: Component) -> str:
    """Return a refusal's reason with its place and its remedy."""
    message = f"{refusal.reason}; {refusal.remedy}" if refusal.remedy else refusal.reason
    line = refusal.line
    return told(message, _lines(component) if line is None else (line, line))


def dynamic_text(dynamic: Dynamic) -> str:
    """Return what keeps code from being cached whose reads no analysis sees."""
    name = dynamic.name
    remedy = _WAYS_AROUND.get(name.removeprefix("builtins.").removeprefix("__builtins__."), _USE_NAMES)
    if name in ("deeply nested code", "magics inside a magic", "a computed query text"):
        return f"has {name}, line {dynamic.line}; {remedy}"
    verb = "uses" if name in _NOT_CALLED else "calls"
    return f"{verb} `{name}`, line {dynamic.line}; {remedy}"


def value_text(error: UnfingerprintableValueError, component: Component, nodes: Sequence[ast.stmt]) -> str:
    """Return which value has no fingerprint, and where the code names it."""
    name = _NAME.match(error.path)
    line = _line_of(name.group(), nodes) if name is not None else None
    lines = _lines(component) if line is None else (line, line)
    return told(f"reads a value without a fingerprint: {error}", lines)


def result_text(error: FpcacheError) -> str:
    """Return why what a component gives can't be stored, without its place."""
    message = _BOUND.sub(r"\1", str(error))
    if isinstance(error, UnfingerprintableValueError):
        message = f"gives a value without a fingerprint: {message}"
    return message


def _lines(component: Component) -> tuple[int, int]:
    return component.first_line, component.last_line


def _line_of(name: str, nodes: Sequence[ast.stmt]) -> int | None:
    found = (node for top in nodes for node in ast.walk(top) if isinstance(node, ast.Name))
    return min((node.lineno for node in found if node.id == name), default=None)
