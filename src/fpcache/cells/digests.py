"""Digests of syntax trees that formatting, comments and positions don't change."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable

__all__ = ["code_digest"]

_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_VERSION = f"cells-1 python-{sys.version_info.major}.{sys.version_info.minor}"


def code_digest(nodes: Iterable[ast.AST], *extra: str) -> str:
    """Return the hex digest of statements, whatever their layout.

    Parameters
    ----------
    nodes : iterable of ast.AST
        The statements, in order.
    *extra : str
        More that counts, such as a magic's line.

    Examples
    --------
    >>> one, two = ast.parse("f( x )  # now"), ast.parse("f(x)")
    >>> code_digest(one.body) == code_digest(two.body)
    True
    """
    tokens = [_VERSION, *map(repr, extra)]
    # an explicit stack, because machine-written code nests deeper than Python's own stack
    stack: list[object] = [list(nodes)]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.AST):
            kind = type(item)
            tokens.append(kind.__name__)
            for name in _FIELDS.get(kind) or _fields(kind):
                stack.append(getattr(item, name, None))
        elif type(item) is list:
            tokens.append(f"[{len(item)}")
            stack.extend(item)
        else:
            tokens.append(_constant(item))
    text = "\n".join(tokens)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    fields = tuple(name for name in kind._fields if name not in _LEFT_OUT)
    _FIELDS[kind] = fields
    return fields


def _constant(value: object) -> str:
    # repr of a very long int raises; hex has no such limit
    if type(value) is int:
        return hex(value)
    if value is None or isinstance(value, (str, bytes, bool, float, complex)) or value is ...:
        return repr(value)
    # constant tuples and frozensets appear in trees that were rewritten
    kind = type(value).__name__
    if isinstance(value, frozenset):
        return f"{kind}{sorted(map(_constant, value))}"
    if isinstance(value, tuple):
        return f"{kind}{[_constant(item) for item in value]}"
    return f"{kind}:{value!r}"
