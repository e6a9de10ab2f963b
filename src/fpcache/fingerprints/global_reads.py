"""What the global names and imports of a code object stand for at present."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import BuiltinFunctionType, MethodType, ModuleType
from typing import Any

from fpcache.fingerprints.installed import is_expected, static_attribute
from fpcache.fingerprints.locality import is_local_code, is_local_module, is_stdlib_name
from fpcache.fingerprints.name_uses import NameUse
from fpcache.fingerprints.records import MISSING, GlobalRead, Role

__all__ = ["global_reads", "module_reads", "namespace_name"]

_MODULE_BOOKKEEPING = frozenset(
    {
        "__builtins__", "__cached__", "__file__", "__loader__", "__name__",
        "__package__", "__path__", "__spec__", "__warningregistry__",
    }
)  # fmt: skip


def global_reads(uses: Iterable[NameUse], namespace: dict[str, Any]) -> Iterator[GlobalRead]:
    """Resolve the names that code uses, without running anything.

    Parameters
    ----------
    uses : iterable of NameUse
        From `code_facts`.
    namespace : dict
        The globals of the code.

    Yields
    ------
    GlobalRead
        Attribute chains are followed through local modules; for what an
        installed module holds, the module is read and the object mentioned.
    """
    for use in uses:
        if use.is_import:
            yield from _imported(use, namespace)
        else:
            yield from _named(use, namespace)


def namespace_name(namespace: dict[str, Any]) -> str:
    """Return the module name of a dict of globals, ``"?"`` where it has none."""
    name = namespace.get("__name__")
    return name if isinstance(name, str) else "?"


def _named(use: NameUse, namespace: dict[str, Any]) -> Iterator[GlobalRead]:
    value = namespace.get(use.head, MISSING)
    if value is MISSING and not (use.is_store and not use.attributes):
        scope = _builtins_of(namespace)
        value = scope.get(use.head, MISSING)
        if value is not MISSING:
            yield _builtin(use, value, scope)
            return
    home = namespace_name(namespace)
    if isinstance(value, ModuleType) and use.attributes:
        head = GlobalRead(home, use.head, value, (), namespace, path=use.head, line=use.line)
        yield from _through_module(use, value, head)
        return
    role: Role = "store" if use.is_store and not use.attributes else "read"
    yield GlobalRead(home, use.head, value, (), namespace, role, use.head, use.line, use.attributes)


def _builtins_of(namespace: dict[str, Any]) -> dict[str, Any]:
    scope = namespace.get("__builtins__", builtins)
    return vars(scope) if isinstance(scope, ModuleType) else scope


def _builtin(use: NameUse, value: object, scope: dict[str, Any]) -> GlobalRead:
    """Mention what Python itself put among the builtins; read what others did."""
    role: Role = "mention" if _is_own_builtin(use.head, value) else "read"
    path = f"builtins.{use.head}" if role == "mention" else use.head
    return GlobalRead("builtins", use.head, value, (), scope, role, path, use.line, use.attributes)


def _is_own_builtin(name: str, value: object) -> bool:
    if isinstance(value, (BuiltinFunctionType, type)):
        return value.__module__ == "builtins" and value.__name__ == name
    if isinstance(value, MethodType):  # such as the `input` that a kernel puts in place
        return not is_local_code(value)
    return type(value) in (bool, type(...), type(NotImplemented))


# ---------------------------------------------------------------- chains through modules


def _through_module(use: NameUse, module: ModuleType, head: GlobalRead) -> Iterator[GlobalRead]:
    """Follow attributes as far as modules go; `head` reads the module by name."""
    if not is_local_module(module):
        yield head
        yield from _in_installed(use, module, use.attributes)
        return
    name, rest = use.attributes[0], use.attributes[1:]
    if name == "__dict__":
        yield head
        return
    value = static_attribute(module, name)
    path = f"{head.path}.{name}"
    scope = vars(module)
    if value is MISSING and "__getattr__" in scope:
        yield GlobalRead(_name_of(module), "__getattr__", scope["__getattr__"], (), scope, path=path)
    role: Role = "store" if use.is_store and not rest else "read"
    read = GlobalRead(_name_of(module), name, value, (), scope, role, path, use.line, rest)
    if isinstance(value, ModuleType) and rest:
        yield from _through_module(NameUse(use.head, rest, use.line, use.is_store), value, read)
    else:
        yield read


def _in_installed(use: NameUse, module: ModuleType, attributes: tuple[str, ...]) -> Iterator[GlobalRead]:
    """Mention what a chain leads to in an installed module; read what was put there."""
    name, rest = attributes[0], attributes[1:]
    value = static_attribute(module, name)
    scope = vars(module)
    if isinstance(value, ModuleType) and rest and is_expected(module, name, value):
        yield from _in_installed(use, value, rest)
        return
    path = f"{_name_of(module)}.{name}"
    role: Role = "store" if use.is_store and not rest else "mention"
    yield GlobalRead(_name_of(module), name, value, (), scope, role, path, use.line, rest)
    if not is_expected(module, name, value):
        yield GlobalRead(_name_of(module), name, value, (), scope, "read", path, use.line, rest)


def _name_of(module: ModuleType) -> str:
    return namespace_name(vars(module))


# ---------------------------------------------------------------- imports


def _imported(use: NameUse, namespace: dict[str, Any]) -> Iterator[GlobalRead]:
    name = _absolute_name(use, namespace)
    module = sys.modules.get(name)
    if module is None:
        yield _not_loaded(use, name)
        return
    head = GlobalRead(name, "", module, (), vars(module), path=name, line=use.line)
    if use.attributes:
        yield from _through_module(use, module, head)
    else:
        yield head


def _absolute_name(use: NameUse, namespace: dict[str, Any]) -> str:
    if not use.level:
        return use.head
    package = namespace.get("__package__") or namespace_name(namespace).rpartition(".")[0]
    parts = str(package).split(".")
    base = ".".join(parts[: len(parts) - use.level + 1])
    return f"{base}.{use.head}" if use.head else base


def _not_loaded(use: NameUse, name: str) -> GlobalRead:
    """Stand for a module that was not imported yet.

    An installed one is known by its name; of a local one only that it is
    missing can be said.
    """
    path = ".".join((name, *use.attributes))
    role: Role = "mention" if _is_installed_name(name.partition(".")[0]) else "read"
    return GlobalRead(name, "", MISSING, (), {}, role, path, use.line)


@lru_cache(maxsize=1024)
def _is_installed_name(top_level: str) -> bool:
    from fpcache.fingerprints.packages import distributions_of

    if is_stdlib_name(top_level):
        return True
    if not distributions_of(top_level):
        return False
    try:
        spec = importlib.util.find_spec(top_level)
    except (ImportError, ValueError):
        return False
    return spec is not None and not is_local_module(importlib.util.module_from_spec(spec))


def module_reads(module: ModuleType) -> Iterator[GlobalRead]:
    """Read all attributes of a local module, for code that uses it as a whole."""
    scope, home = vars(module), _name_of(module)
    for name in sorted(scope):
        if name not in _MODULE_BOOKKEEPING:
            yield GlobalRead(home, name, scope[name], (), scope, path=f"{home}.{name}")
