"""Local modules that code imports as it runs: known by their files, for importing them would run them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType, FunctionType

import blake3

from fpcache.fingerprints.locality import is_installed_file, is_stdlib_name
from fpcache.fingerprints.name_uses import steps_of

__all__ = ["Found", "imported_by", "late_modules"]

Found = dict[str, str]
"""Digests of files by the names of modules."""


def imported_by(functions: Iterable[FunctionType]) -> Iterator[str]:
    """Yield the names of modules that functions import as they run, and of what may be modules in these."""
    for function in functions:
        scope = function.__globals__
        package = str(scope.get("__package__") or str(scope.get("__name__", "")).rpartition(".")[0])
        for name, level, members in _import_statements(function.__code__):
            module = _relative(package, level, name) if level else name
            yield module
            yield from (f"{module}.{member}" for member in members)


@lru_cache(maxsize=4096)
def _import_statements(code: CodeType) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return the imports in a code object: module, dots before it, and what is taken of it."""
    found: list[tuple[str, int, tuple[str, ...]]] = []
    steps = steps_of(code)
    for place, step in enumerate(steps):
        if step.op == "IMPORT_NAME":
            level, members = (before.value for before in steps[place - 2 : place])
            taken = members if isinstance(members, tuple) else ()
            found.append((str(step.value), level if isinstance(level, int) else 0, taken))
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return (*found, *(statement for part in inner for statement in _import_statements(part)))


def _relative(package: str, level: int, name: str) -> str:
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{name}" if name else base


def late_modules(names: Iterable[str]) -> Found:
    """Return the local modules among `names` that aren't loaded yet, and all local ones that they import.

    The files are read, and nothing is run. A package's own module counts with each of its modules.
    """
    found: Found = {}
    waiting = [name for name in names if name not in sys.modules]
    while waiting:
        name = waiting.pop()
        parent = name.rpartition(".")[0]
        if name in found or is_stdlib_name(name):
            continue
        file = _file_of(name)
        if file is None:
            continue
        found[name], imports = _read(file, name, Path(file).stat().st_mtime_ns)
        waiting += imports
        if parent:
            waiting.append(parent)
    return dict(sorted(found.items()))


def _file_of(name: str) -> str | None:
    """Return the file that a local module would be loaded from; None for others, or without one."""
    origin = _origin_of(name)
    if origin is None or is_installed_file(origin) or not Path(origin).is_file():
        return None
    return origin


def _origin_of(name: str) -> str | None:
    """Find a module without importing the packages that it is in."""
    places: list[str] | None = None
    parts, origin = name.split("."), None
    for number, last in enumerate(parts, 1):
        try:
            spec = PathFinder.find_spec(".".join(parts[:number]), places)
        except KeyError:  # a namespace package in one that isn't loaded, where its parent is looked up
            folders = [Path(place) / last for place in places or ()]
            places, origin = [str(folder) for folder in folders if folder.is_dir()], None
            continue
        if spec is None:
            return None
        found, origin = spec.submodule_search_locations, spec.origin
        if found is None:
            return origin if number == len(parts) else None
        places = list(getattr(found, "_path", found))
    return origin


@lru_cache(maxsize=1024)
def _read(file: str, name: str, changed_ns: int) -> tuple[str, tuple[str, ...]]:
    """Return the digest of a module's file, and what it imports."""
    data = Path(file).read_bytes()
    digest = blake3.blake3(data).hexdigest(length=16)
    if not file.endswith(".py"):
        return digest, ()
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return digest, ()
    package = name if Path(file).name == "__init__.py" else name.rpartition(".")[0]
    return digest, tuple(dict.fromkeys(_imports(tree, package)))


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _relative(package, node.level, node.module or "") if node.level else node.module or ""
            yield module
            yield from (f"{module}.{item.name}" for item in node.names)
