"""The text of statements, and short labels for people."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Sequence

from .magics import magic_label

__all__ = ["label_of", "line_span", "source_of"]

_LABEL_LENGTH = 40
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def line_span(nodes: Sequence[ast.stmt]) -> tuple[int, int]:
    """Return the first and last line, from 1, decorators included."""
    if not nodes:
        return 1, 1
    last = nodes[-1]
    first_line = _start(nodes[0])[0]
    return first_line, max(first_line, getattr(last, "end_lineno", None) or first_line)


def source_of(nodes: Sequence[ast.stmt], lines: Sequence[str]) -> str:
    """Return the statements as written; columns count bytes of UTF-8."""
    if not nodes:
        return ""
    (first, column), (_, last) = _start(nodes[0]), line_span(nodes)
    chosen = [line.encode("utf-8", "surrogatepass") for line in lines[first - 1 : last]]
    if not chosen:
        return ""
    end_column = getattr(nodes[-1], "end_col_offset", None)
    chosen[-1] = chosen[-1][:end_column]
    chosen[0] = chosen[0][column:]
    return b"\n".join(chosen).decode("utf-8", "replace")


def label_of(nodes: Sequence[ast.stmt], source: str) -> str:
    """Return at most 40 characters that remind people of the statements.

    Examples
    --------
    >>> text = "model  =  fit(X)  # slow"
    >>> label_of(ast.parse(text).body, text)
    'model = fit(X)'
    """
    if not nodes:
        return "(nothing)"
    text = magic_label(nodes[0]) or _header(nodes[0], source)
    more = f" … (+{len(nodes) - 1})" if len(nodes) > 1 else ""
    return _shortened(text, _LABEL_LENGTH - len(more)) + more


def _start(node: ast.stmt) -> tuple[int, int]:
    if isinstance(node, _DEFINITIONS) and node.decorator_list:
        # the "@" stands before the decorator's own position
        return node.decorator_list[0].lineno, 0
    return getattr(node, "lineno", 1), getattr(node, "col_offset", 0)


def _header(node: ast.stmt, source: str) -> str:
    if isinstance(node, _DEFINITIONS):
        word = "class" if isinstance(node, ast.ClassDef) else "def"
        return f"{word} {node.name}"
    if isinstance(node, (ast.Try, ast.TryStar)):
        first = _header(node.body[0], _after_first_line(source))
        return f"try: {first.removesuffix('…').rstrip()} …"
    text = source.lstrip().partition("\n")[0]
    is_cut = "\n" in source.strip()
    text = " ".join(_without_comment(text).split())
    return f"{text} …" if is_cut and not isinstance(node, ast.Expr | ast.Assign) else text


def _after_first_line(source: str) -> str:
    return source.partition("\n")[2]


def _without_comment(line: str) -> str:
    if "#" not in line:
        return line
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.type == tokenize.COMMENT:
                return line[: token.start[1]]
    except (tokenize.TokenError, SyntaxError):
        # the line is the first of several, such as an open bracket
        return line
    return line


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
