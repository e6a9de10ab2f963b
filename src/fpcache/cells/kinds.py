"""Decides what kind of component statements make."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .component import Dynamic, Kind
from .magics import magic_kind

__all__ = ["kind_of"]

_DEFINING_CALLS = frozenset(
    {
        "namedtuple",
        "NamedTuple",
        "TypedDict",
        "NewType",
        "TypeVar",
        "ParamSpec",
        "TypeVarTuple",
        "TypeAliasType",
        "make_dataclass",
        "Enum",
        "IntEnum",
        "StrEnum",
        "Flag",
        "IntFlag",
    }
)
_NOTICES = frozenset({"print", "warn", "warning", "info"})
_DEFINITIONS: tuple[type[ast.AST], ...] = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
if hasattr(ast, "TypeAlias"):
    _DEFINITIONS += (ast.TypeAlias,)


def kind_of(nodes: Sequence[ast.stmt], dynamic: Sequence[Dynamic]) -> Kind:
    """Return the kind of a component of these statements.

    Parameters
    ----------
    nodes : sequence of ast.stmt
        The statements.
    dynamic : sequence of Dynamic
        The dynamic code found in them.
    """
    plain = {_plain_kind(node) for node in nodes}
    if plain <= {Kind.EMPTY}:
        return Kind.EMPTY
    if plain <= {Kind.EMPTY, Kind.IMPORT}:
        return Kind.IMPORT
    if plain <= {Kind.EMPTY, Kind.IMPORT, Kind.DEFINITION}:
        return Kind.DEFINITION
    if not dynamic:
        return Kind.CODE
    return magic_kind(nodes) or Kind.DYNAMIC


def _plain_kind(node: ast.stmt) -> Kind:
    """Return EMPTY, IMPORT or DEFINITION, else CODE."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return Kind.IMPORT
    if isinstance(node, _DEFINITIONS) or _is_definition(node):
        return Kind.DEFINITION
    if isinstance(node, (ast.Pass, ast.Global, ast.Nonlocal)) or _is_constant(node):
        return Kind.EMPTY
    if isinstance(node, (ast.If, ast.Try, ast.TryStar, ast.With)):
        return _block_kind(node)
    return Kind.CODE


def _is_constant(node: ast.stmt) -> bool:
    """Say whether the statement is a docstring or ``...``; a shown number is code."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return node.value.value is ... or isinstance(node.value.value, str)


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return isinstance(node.target, ast.Name)
    if isinstance(node, ast.Assign):
        are_names = all(isinstance(item, ast.Name) for item in node.targets)
    else:
        are_names = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    if not are_names or not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return False
    return isinstance(node.value, ast.Lambda) or _is_defining_call(node.value)


def _is_defining_call(node: ast.expr | None) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name == "type" and isinstance(function, ast.Name):
        return len(node.args) == 3
    return name in _DEFINING_CALLS


def _block_kind(node: ast.If | ast.Try | ast.TryStar | ast.With) -> Kind:
    """Return the kind of a block that does nothing but import or define."""
    inner: list[ast.stmt] = list(node.body)
    if not isinstance(node, ast.With):
        inner += node.orelse
    if isinstance(node, (ast.Try, ast.TryStar)):
        inner += node.finalbody
        inner += [item for handler in node.handlers for item in handler.body]
    kinds = {_plain_kind(item) for item in inner if not _is_remark(item)}
    if not kinds - {Kind.EMPTY} or Kind.CODE in kinds:
        return Kind.CODE
    return Kind.DEFINITION if Kind.DEFINITION in kinds else Kind.IMPORT


def _is_remark(node: ast.stmt) -> bool:
    """Say whether it only notes how an import went: a flag, a message, a raise."""
    if isinstance(node, ast.Raise):
        return True
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Constant)
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name in _NOTICES and all(isinstance(item, (ast.Constant, ast.Name)) for item in node.value.args)
