"""Calls that look up variables named inside a text, such as ``df.query("a > @limit")``."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fpcache.syntax import parsed
from fpcache.text_calls import TEXT_CALLS, identifiers

__all__ = ["TextUse", "names_in_text", "text_use"]

_MARKED = re.compile(r"@\s*([^\W\d]\w*)")
_SQL = re.compile(r"\b(select|from|with|describe|summarize|pivot)\b", re.IGNORECASE)

_FRAME_CALLS = frozenset({"query", "eval"})
_MUST_BE_KNOWN = frozenset({"query", "eval", "sql", "sqldf"})


@dataclass(frozen=True, slots=True)
class TextUse:
    """What the texts of one call may look up.

    Attributes
    ----------
    names : frozenset of str
        Variables named in constant text.
    variables : tuple of ast.Name
        Variables that may hold such a text.
    is_computed : bool
        Whether a text is put together in a way that can't be followed.
    """

    names: frozenset[str]
    variables: tuple[ast.Name, ...]
    is_computed: bool


def names_in_text(text: str, *, marked_only: bool = False) -> frozenset[str]:
    """Return the variables that a query, expression or formula may look up.

    Parameters
    ----------
    text : str
        What is given to the call.
    marked_only : bool
        Take only names after ``@``, as in a DataFrame's ``query``.

    Examples
    --------
    >>> sorted(names_in_text("a > @limit and b", marked_only=True))
    ['limit']
    >>> sorted(names_in_text("y ~ np.log(x)"))
    ['log', 'np', 'x', 'y']
    """
    is_marked = marked_only and not _SQL.search(text)
    found = _MARKED.findall(text) if is_marked else identifiers(text)
    return frozenset(name for name in found if not keyword.iskeyword(name))


def text_use(call: ast.Call) -> TextUse | None:
    """Say what the texts of this call may look up; None where it takes no such text."""
    name = _called(call.func)
    if name in TEXT_CALLS and not (name == "eval" and isinstance(call.func, ast.Name)):
        return _known_call(call, name)
    names: set[str] = set()
    for part in _constants(_values(call)):
        if _is_formula(part):
            names |= names_in_text(part)
    return TextUse(frozenset(names), (), False) if names else None


def _known_call(call: ast.Call, name: str) -> TextUse:
    marked_only = name in _FRAME_CALLS and _owner(call.func) not in {"pd", "pandas"}
    names: set[str] = set()
    variables: list[ast.Name] = []
    is_computed = False
    for place, value in enumerate(_values(call)):
        parts = list(_parts(value))
        for part in parts:
            if isinstance(part, ast.Name):
                variables.append(part)
            elif isinstance(part, str):
                names |= names_in_text(part, marked_only=marked_only)
            elif place == 0 and name in _MUST_BE_KNOWN:
                is_computed = True
    return TextUse(frozenset(names), tuple(variables), is_computed)


def _is_formula(text: str) -> bool:
    left, tilde, right = text.partition("~")
    return bool(tilde) and _is_expression(right) and (not left.strip() or _is_expression(left))


def _is_expression(text: str) -> bool:
    # formulas write interactions as a:b and may quote names with backticks
    plain = text.replace(":", "+").replace("`", "_").strip()
    try:
        tree = parsed(plain, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return not isinstance(tree.body, ast.Constant) or plain == "1"


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(item.value for item in call.keywords)]


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _owner(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id
    return ""


def _constants(values: list[ast.expr]) -> Iterator[str]:
    for value in values:
        if isinstance(value, (ast.Constant, ast.JoinedStr)):
            yield from (part for part in _parts(value) if isinstance(part, str))


def _parts(value: ast.expr) -> Iterator[str | ast.Name | ast.expr]:
    """Yield constant text, variables, and what is neither."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str):
            yield value.value
    elif isinstance(value, ast.JoinedStr):
        for item in value.values:
            yield from _parts(item.value if isinstance(item, ast.FormattedValue) else item)
    elif isinstance(value, ast.BinOp):
        yield from _parts(value.left)
        yield from _parts(value.right)
    else:
        yield value
