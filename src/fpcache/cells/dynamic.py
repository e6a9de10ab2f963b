"""Recognises code that reads or changes names no syntax tree shows."""

from __future__ import annotations

import ast

__all__ = ["DYNAMIC_NAMES", "dynamic_attribute", "dynamic_call"]

DYNAMIC_NAMES = frozenset(
    {
        "exec",
        "eval",
        "globals",
        "locals",
        "get_ipython",
        "input",
        "raw_input",
        "breakpoint",
        "__main__",
        "_getframe",
        "currentframe",
    }
)
"""Global names whose mere use makes code dynamic."""

_ONLY_WITHOUT_ARGUMENTS = frozenset({"vars", "dir"})
_ANYWHERE = frozenset(
    {
        "_getframe",
        "_getframemodulename",
        "_current_frames",
        "currentframe",
        "get_ipython",
        "get_objects",
        "get_referrers",
        "user_ns",
        "user_global_ns",
        "run_line_magic",
        "run_cell_magic",
        "getouterframes",
        "getinnerframes",
        "__globals__",
        "__subclasses__",
        "f_globals",
        "f_locals",
    }
)
_BUILTINS = frozenset(
    {"exec", "eval", "globals", "locals", "input", "breakpoint", "vars", "dir", "__import__"}
)
_OF_MODULE = {
    "sys": frozenset({"modules", "settrace", "setprofile"}),
    "inspect": frozenset({"stack", "trace"}),
    "builtins": _BUILTINS,
    "__builtins__": _BUILTINS,
    "runpy": frozenset({"run_path", "run_module"}),
    "code": frozenset({"interact"}),
}


def dynamic_attribute(node: ast.Attribute) -> str | None:
    """Name the dynamic feature that an attribute access is, if any."""
    if node.attr in _ANYWHERE:
        return node.attr
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    return f"{owner}.{node.attr}" if node.attr in _OF_MODULE.get(owner, ()) else None


def dynamic_call(node: ast.Call) -> str | None:
    """Name the dynamic feature that a call is by its arguments, if any."""
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if isinstance(function, ast.Name) and name in _ONLY_WITHOUT_ARGUMENTS:
        return None if node.args or node.keywords else f"{name}()"
    if name in {"__import__", "import_module"}:
        is_constant = bool(node.args) and isinstance(node.args[0], ast.Constant)
        return None if is_constant else name
    return None
