"""Recognises what IPython makes of ``%magic``, ``%%magic`` and ``!shell`` lines."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from fpcache.syntax import parsed

from .component import Kind, TransparentMagic

__all__ = ["body_tree", "magic_kind", "magic_label", "output_name", "transparent_magic"]

_KINDS = {
    "run_line_magic": Kind.MAGIC,
    "run_cell_magic": Kind.MAGIC,
    "magic": Kind.MAGIC,
    "system": Kind.SHELL,
    "getoutput": Kind.SHELL,
    "system_raw": Kind.SHELL,
    "system_piped": Kind.SHELL,
}
_CAPTURE_OPTIONS = frozenset({"--no-stdout", "--no-stderr", "--no-display"})


def magic_kind(nodes: Iterable[ast.AST]) -> Kind | None:
    """Return SHELL or MAGIC where these nodes hold such lines, else None."""
    kinds = {_KINDS.get(method) for root in nodes for method, _ in _calls(root)}
    for kind in (Kind.SHELL, Kind.MAGIC):
        if kind in kinds:
            return kind
    return None


def transparent_magic(node: ast.stmt) -> TransparentMagic | None:
    """Return the magic whose body is ordinary code, if the statement is one."""
    call = _single_call(node)
    if call is None:
        return None
    match call:
        case ("run_line_magic", ["time", str(line)]) if not line.lstrip().startswith("-"):
            return TransparentMagic("time", line, line, is_cell=False)
        case ("run_cell_magic", ["time", str(line), str(body)]) if not line.strip():
            return TransparentMagic("time", line, body)
        case ("run_cell_magic", ["capture", str(line), str(body)]) if _is_capture_line(line):
            return TransparentMagic("capture", line, body)
    return None


def output_name(magic: TransparentMagic) -> str | None:
    """Return the name to which ``%%capture name`` binds the captured output."""
    names = [word for word in magic.line.split() if not word.startswith("-")]
    return names[0] if magic.name == "capture" and names else None


def body_tree(magic: TransparentMagic) -> ast.Module | None:
    """Return the parsed body; None where it holds magics or errors."""
    try:
        tree: ast.Module = parsed(magic.body)
        return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def magic_label(node: ast.stmt) -> str | None:
    """Return the magic or shell line as the user wrote it, about."""
    for method, arguments in _calls(node):
        texts = [text for text in arguments if isinstance(text, str)]
        if _KINDS.get(method) is Kind.SHELL:
            return "!" + (texts[0] if texts else "")
        if method in {"run_line_magic", "run_cell_magic"} and texts:
            mark = "%%" if method == "run_cell_magic" else "%"
            return f"{mark}{' '.join(texts[:2])}".strip()
    return None


def _is_capture_line(line: str) -> bool:
    words = line.split()
    names = [word for word in words if word not in _CAPTURE_OPTIONS]
    return len(names) <= 1 and all(name.isidentifier() for name in names)


def _single_call(node: ast.stmt) -> tuple[str, list[object]] | None:
    return _call(node.value) if isinstance(node, ast.Expr) else None


def _calls(root: ast.AST) -> Iterator[tuple[str, list[object]]]:
    for node in ast.walk(root):
        found = _call(node)
        if found is not None:
            yield found


def _call(node: ast.AST) -> tuple[str, list[object]] | None:
    """Return the method called on ``get_ipython()``, and its constant arguments."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.keywords:
        return None
    shell = node.func.value
    if not isinstance(shell, ast.Call) or not isinstance(shell.func, ast.Name):
        return None
    if shell.func.id != "get_ipython":
        return None
    values: list[object] = [item.value if isinstance(item, ast.Constant) else None for item in node.args]
    return node.func.attr, values
