"""The judged statement of a trap as a call of a function, which is what most caches can keep.

``out = f(x)`` becomes ``out = MEMO(f)(x)``. Any other statement becomes the body of
a function, with the data that it reads as arguments and what it binds as result.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fpcache.testing.sessions.steps import Do, Step

__all__ = ["CELL", "Form", "Place", "UnsuitableError", "as_function", "places", "rewritten"]

CELL = "cell"
_MAGIC = re.compile(r"^\s*[%!/]|=\s*[!%]|\?$")
_SHELLS_OWN = {"_", "__", "___", "Out", "In"}
_MADE_ELSEWHERE = (ast.Global, ast.Nonlocal, ast.ImportFrom, ast.Import, ast.FunctionDef, ast.ClassDef)


class UnsuitableError(Exception):
    """Raised for a statement that can't be put so."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a judged statement stands: the step, its text, and what is bound before it."""

    step: int
    first: str
    body: str
    statement: ast.stmt
    bound: dict[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A statement put in another way; ``watched`` is the function that does its work."""

    text: str
    watched: str = CELL


def places(steps: Sequence[Step], judged: str) -> list[Place]:
    """Return where the judged statement stands.

    Raises
    ------
    UnsuitableError
        If it is nowhere that code could be written otherwise.
    """
    found: list[Place] = []
    bound: dict[str, str] = {}
    for number, step in enumerate(steps):
        if isinstance(step, Do):
            continue
        if not isinstance(step, str):
            raise UnsuitableError("a cell that is interrupted")
        first, body = _split(step)
        wanted = body.split("\n")[0] if judged.startswith("%%") and judged in first else judged
        for statement in _tree(body).body:
            if _segment(body, statement).startswith(wanted):
                found.append(Place(number, first, body, statement, dict(bound)))
            bound.update(_bound(statement))
    if not found:
        raise UnsuitableError("no statement of its own")
    return found


def rewritten(steps: Sequence[Step], found: Sequence[Place], write: Callable[[Place], str]) -> list[Step]:
    """Return the steps with each judged statement put otherwise."""
    new = list(steps)
    for place in reversed(found):
        first, body = _split(str(new[place.step]))
        new[place.step] = first + _replaced(body, place.statement, write(place))
    return new


def as_function(place: Place, memo: str) -> Form:
    """Return the statement as a call of a function that ``memo``, an expression, makes remember."""
    call = _only_call(place.statement)
    if call is not None and _can_be_remembered(call.func, place):
        text, function = _segment(place.body, call), _segment(place.body, call.func)
        before = _segment(place.body, place.statement).removesuffix(text)
        return Form(f"{before}{memo}({function}){text.removeprefix(function)}", function)
    return Form(_wrapper(place, memo))


def _split(cell: str) -> tuple[str, str]:
    """Return a cell magic's line, and the code under it."""
    if not cell.startswith("%%"):
        return "", cell
    first, newline, body = cell.partition("\n")
    return first + newline, body


def _tree(body: str) -> ast.Module:
    """Return the code's tree; lines that are no Python stand for nothing."""
    lines = ["pass" if _MAGIC.search(line) else line for line in body.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return ast.Module([], [])


def _segment(body: str, node: ast.AST) -> str:
    return ast.get_source_segment(body, node) or ""


def _replaced(body: str, statement: ast.stmt, text: str) -> str:
    """Return the code with a statement's text replaced; it begins a line of its own."""
    lines = body.split("\n")
    assert statement.end_lineno is not None
    before = "\n".join([*lines[: statement.lineno - 1], lines[statement.lineno - 1][: statement.col_offset]])
    after = "\n".join(
        [lines[statement.end_lineno - 1][statement.end_col_offset :], *lines[statement.end_lineno :]]
    )
    if statement.col_offset:
        before = re.sub(r";\s*\Z", "\n", before)
    return before + text + after


def _bound(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement binds, with what to: code, data, or another name for code."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name, "function"
    elif isinstance(statement, ast.ClassDef):
        yield statement.name, "class"
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0], f"import {alias.name}"
    else:
        kind = _kind_of(getattr(statement, "value", None))
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, kind


def _kind_of(value: ast.expr | None) -> str:
    if isinstance(value, ast.Lambda):
        return "function"
    if isinstance(value, ast.Call) and not ast.unparse(value.func).endswith("partial"):
        return "made"
    return "data"


def _only_call(statement: ast.stmt) -> ast.Call | None:
    """Return the call that is all that the statement evaluates."""
    value = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    return value if isinstance(value, ast.Call) else None


def _can_be_remembered(callee: ast.expr, place: Place) -> bool:
    """Return whether what is called is a Python function that can be given to a memoiser."""
    if isinstance(callee, ast.Name):
        kind = place.bound.get(callee.id, "" if hasattr(builtins, callee.id) else "function")
        return kind in ("function", "made")
    if isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name):
        module = place.bound.get(callee.value.id, "").removeprefix("import ")
        return _has_function(module, callee.attr)
    return False


def _has_function(module: str, name: str) -> bool:
    """Return whether a module of the working directory, or of Python's own, has such a Python function."""
    if module in ("tools", "scaling"):
        return True
    if module not in sys.stdlib_module_names:
        return False
    return inspect.isfunction(getattr(importlib.import_module(module), name, None))


def _wrapper(place: Place, memo: str) -> str:
    """Return the statement as a function and its call."""
    statement, text = place.statement, _segment(place.body, place.statement)
    if any(isinstance(node, _MADE_ELSEWHERE) for node in ast.walk(statement)):
        raise UnsuitableError("a definition")
    if any(isinstance(node, ast.Await) for node in ast.walk(statement)):
        raise UnsuitableError("an await inside")
    if any(isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del) for node in ast.walk(statement)):
        raise UnsuitableError("a name that is deleted")
    inputs, outputs = _inputs(place, text), _outputs(place, text)
    head = f"@{memo}\ndef {CELL}({', '.join(inputs)}):\n"
    call = f"{CELL}({', '.join(inputs)})"
    if isinstance(statement, ast.Expr):
        return f"{head}    return ({text})\n{call}"
    if not outputs:
        raise UnsuitableError("no value and no name")
    result = ", ".join(outputs)
    return f"{head}{textwrap.indent(text, '    ')}\n    return {result}\n{result} = {call}"


def _inputs(place: Place, text: str) -> list[str]:
    """Return the data that a statement reads, by name and in order."""
    seen: dict[str, None] = {}
    for node in ast.walk(place.statement):
        if isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Load) or _is_augmented(place, node)):
            seen.setdefault(node.id)
    free = _names(text, symtable.Symbol.is_global) | _assigned(text)
    return [
        name
        for name in seen
        if name in free and (place.bound.get(name, "") in ("data", "made") or name in _SHELLS_OWN)
    ]


def _is_augmented(place: Place, node: ast.Name) -> bool:
    return any(isinstance(part, ast.AugAssign) and part.target is node for part in ast.walk(place.statement))


def _outputs(place: Place, text: str) -> list[str]:
    """Return what a statement binds, and the names of what it stores into."""
    assigned = _assigned(text)
    stored: dict[str, None] = dict.fromkeys(
        node.id
        for node in ast.walk(place.statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in assigned
    )
    for node in ast.walk(place.statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            stored.setdefault(_root(node))
    return [name for name in stored if name]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(text: str) -> set[str]:
    """Return the names that a statement, as the body of a function, binds in that function itself."""
    table = _table(text)
    inside = {name.id for node in ast.walk(ast.parse(text)) for name in _comprehended(node)}
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()} - inside


def _comprehended(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the variables of a comprehension, which some versions of Python keep in the function's table."""
    if isinstance(node, ast.comprehension):
        yield from (part for part in ast.walk(node.target) if isinstance(part, ast.Name))


def _table(text: str) -> symtable.SymbolTable:
    top = symtable.symtable(f"def {CELL}():\n{textwrap.indent(text, '    ')}", CELL, "exec")
    return top.get_children()[-1]


def _names(text: str, test: Callable[[symtable.Symbol], bool]) -> set[str]:
    """Return the names of a statement, as the body of a function, that pass a test at any depth."""
    tables, names = [_table(text)], set[str]()
    while tables:
        table = tables.pop()
        names |= {symbol.get_name() for symbol in table.get_symbols() if test(symbol)}
        tables += table.get_children()
    return names
