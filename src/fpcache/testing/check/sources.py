"""Cells' sources as syntax trees in which texts can be replaced in place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Function", "ParsedCell", "Splice", "constants", "function_changes", "parsed"]

_MAGIC_LINE = re.compile(r"^([ \t]*)[%!](?!%)", re.MULTILINE)
_CELL_MAGIC = re.compile(r"\s*%%(time|capture)\b")
# What these say is how to compute and show, or is bounded by what is there.
_SETTINGS = frozenset({"axis", "n_jobs", "verbose", "dpi", "figsize", "ndmin", "level", "num_workers"})
_OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
}


@dataclass(frozen=True, slots=True)
class Splice:
    """A text of one line of a cell, to be replaced; columns count bytes, as the parser's do."""

    line: int
    start: int
    stop: int
    old: str
    new: str

    def applied(self, source: str) -> str:
        """Return the source with the text replaced."""
        lines = source.split("\n")
        text = lines[self.line - 1].encode()
        lines[self.line - 1] = (text[: self.start] + self.new.encode() + text[self.stop :]).decode()
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a cell defines, at any depth."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    names: frozenset[str]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedCell:
    """A cell's statements; below ``%%time`` the body is one."""

    statements: tuple[ast.stmt, ...]
    lines: tuple[str, ...]
    is_whole: bool

    def at(self, line: int) -> tuple[ast.stmt, ...]:
        """Return the statement that stands at a line; all below a cell magic."""
        if self.is_whole:
            return self.statements
        return tuple(node for node in self.statements if _first_line(node) <= line <= (node.end_lineno or 0))

    def names_at(self, line: int) -> set[str]:
        """Return the names and attributes that the statement at a line mentions."""
        return {name for node in self.at(line) for name in _names(node)}

    @property
    def functions(self) -> Iterator[Function]:
        """Return the functions that are defined here; a class's name leads to its methods."""
        for root in self.statements:
            for node in ast.walk(root):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield Function(node.name, node, frozenset(_names(node)), self.lines)

    def assigning(self, names: Iterable[str]) -> Iterator[ast.stmt]:
        """Yield the assignments to one of these names, last first."""
        wanted = set(names)
        for node in reversed(self.statements):
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id in wanted for target in targets):
                    yield node


def parsed(source: str) -> ParsedCell | None:
    """Parse a cell with its magics as comments; None where that is no Python."""
    is_whole = _CELL_MAGIC.match(source) is not None
    text = source.replace("%%", "# ", 1) if is_whole else source
    text = _MAGIC_LINE.sub(lambda found: found[1] + "#", text)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    return ParsedCell(tuple(tree.body), tuple(source.split("\n")), is_whole)


def constants(nodes: Sequence[ast.AST]) -> list[Splice]:
    """Return changes of numbers in these nodes; the safer ones, that don't count or index, first."""
    found = [
        (isinstance(node.value, int) and node.value < 3, Splice(*_place(node), *_changed(node.value)))
        for root in nodes
        for node in _numbers(root)
    ]
    return [splice for _, splice in sorted(found, key=lambda item: item[0])]


def _changed(value: object) -> tuple[str, str]:
    assert isinstance(value, (int, float))
    return repr(value), repr(value + 1 if isinstance(value, int) else value * 1.25 or 0.5)


def _place(node: ast.expr) -> tuple[int, int, int]:
    return node.lineno, node.col_offset, node.end_col_offset or node.col_offset


def _numbers(root: ast.AST) -> Iterator[ast.Constant]:
    """Yield numbers that can be changed; not in formatted strings, whose places the parser doesn't tell."""
    if isinstance(root, ast.Constant):
        if type(root.value) in (int, float) and root.end_col_offset is not None:
            yield root
        return
    for child in ast.iter_child_nodes(root):
        if isinstance(child, (ast.JoinedStr, ast.Subscript)):
            continue
        if isinstance(child, ast.keyword) and child.arg in _SETTINGS:
            continue
        if isinstance(root, ast.BinOp) and isinstance(root.op, (ast.Pow, ast.LShift)) and child is root.right:
            continue
        yield from _numbers(child)


def function_changes(function: Function) -> list[Splice]:
    """Return changes of what a function does: a number, or an operator."""
    body: list[ast.AST] = [*function.node.body]
    return [*constants(body), *_operators(body, function.lines)]


def _operators(nodes: Sequence[ast.AST], lines: Sequence[str]) -> Iterator[Splice]:
    for root in nodes:
        for node in ast.walk(root):
            splice = None
            if isinstance(node, ast.BinOp):
                splice = _between((node.left, node.right), _OPERATORS.get(type(node.op)), lines)
            elif isinstance(node, ast.Compare) and len(node.ops) == 1:
                sides = node.left, node.comparators[0]
                splice = _between(sides, _OPERATORS.get(type(node.ops[0])), lines)
            if splice is not None:
                yield splice


def _between(
    sides: tuple[ast.expr, ast.expr], texts: tuple[str, str] | None, lines: Sequence[str]
) -> Splice | None:
    """Return the replacement of an operator that stands alone between its sides on one line."""
    left, right = sides
    if texts is None or left.end_lineno != right.lineno or left.end_col_offset is None:
        return None
    line = lines[right.lineno - 1].encode()
    between = line[left.end_col_offset : right.col_offset].decode()
    if between.strip() != texts[0]:
        return None
    start = left.end_col_offset + between.index(texts[0])
    return Splice(right.lineno, start, start + len(texts[0]), *texts)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _names(root: ast.AST) -> Iterator[str]:
    for node in ast.walk(root):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
