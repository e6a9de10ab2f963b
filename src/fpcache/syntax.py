"""Parsing and compiling code that is only looked at: what Python warns of there is left to its run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

__all__ = ["compiled", "parsed"]


def parsed(text: str, mode: str = "exec") -> Any:
    """Return the syntax tree of a text, without a warning.

    Raises
    ------
    SyntaxError, ValueError
        As `ast.parse`.
    """
    with _no_syntax_warnings():
        return ast.parse(text, mode=mode)


def compiled(source: str | bytes | ast.Module, filename: str, flags: int = 0) -> CodeType:
    """Return the code of statements, compiled without a warning.

    Parameters
    ----------
    source : str or bytes or ast.Module
        The statements.
    filename : str
        The file name that the code object gets.
    flags : int
        Compiler flags, as of ``from __future__`` imports.

    Raises
    ------
    SyntaxError, ValueError
        As `compile`.
    """
    with _no_syntax_warnings():
        code: CodeType = compile(source, filename, "exec", flags=flags, dont_inherit=True)
    return code


@contextmanager
def _no_syntax_warnings() -> Iterator[None]:
    """Ignore warnings for a while.

    The filter is put in by hand: `warnings.catch_warnings` would make Python
    forget which warnings it has shown already.
    """
    ignoring: Any = ("ignore", None, Warning, None, 0)
    filters: list[Any] = warnings.filters  # type: ignore[assignment]
    filters.insert(0, ignoring)
    try:
        yield
    finally:
        filters[:] = [one for one in filters if one is not ignoring]
