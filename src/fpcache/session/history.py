"""Statements made for their effect on an installed module, kept as that package's history."""

from __future__ import annotations

import ast
import hashlib
import secrets
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, ModuleType

from fpcache.cells import Component, Kind
from fpcache.dependencies.package_uses import (
    OWN_RULES,
    PackageUse,
    is_observed,
    is_seeding,
    modules_handed_on,
    package_uses,
    reached_code,
)
from fpcache.dependencies.records import Dependency
from fpcache.dependencies.registries import may_register, named_in
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.fingerprints.locality import is_local_module
from fpcache.fingerprints.module_files import module_code
from fpcache.fingerprints.packages import is_local_code
from fpcache.fingerprints.records import MISSING, Reading
from fpcache.session.registered_classes import RegisteredClasses
from fpcache.session.standard_parts import StandardParts

__all__ = ["AmbientHistory", "affected_packages", "effect_root", "histories"]

KIND = "history"
STANDARD = "the standard library"
PROCESS = "the whole process"
# What extends another package without being required by it.
_EXTENDS: Mapping[str, tuple[str, ...]] = {"pandas": ("tqdm",)}


def affected_packages(
    component: Component, nodes: Sequence[ast.stmt], code: CodeType | None, namespace: Mapping[str, object]
) -> frozenset[str]:
    """Return the installed packages that a component which was run may have changed.

    A statement made for that, and what its code and the local functions that
    it names assign in a package, or call by a name such as ``set_…``. What adds to
    a registry that any code uses (codecs, picklers) affects `PROCESS`.
    """
    root = effect_root(nodes, namespace)
    found = set() if root is None else {root}
    if component.kind in (Kind.CODE, Kind.DYNAMIC) and code is not None:
        found |= set(modules_handed_on(code, namespace))
        for reached, scope in reached_code(code, namespace):
            found |= _changed_by(package_uses(reached, scope))
    if code is not None and _registers(component.kind, nodes, code, namespace):
        found.add(PROCESS)
    return frozenset(found)


def _registers(
    kind: Kind, nodes: Sequence[ast.stmt], code: CodeType, namespace: Mapping[str, object]
) -> bool:
    """Whether code may add to a registry of the whole process; a definition may by its decorators."""
    if kind not in (Kind.CODE, Kind.DYNAMIC) and not any(
        getattr(node, "decorator_list", ()) for node in nodes
    ):
        return may_register([(code, namespace)])
    if kind is Kind.DYNAMIC and named_in(code_facts(code).strings):
        return True
    return may_register(reached_code(code, namespace))


def _changed_by(uses: Iterable[PackageUse]) -> set[str]:
    """Return the packages whose history what code does there is part of."""
    every = list(uses)
    found = {use.package for use in every if not is_observed(use)}
    return found | {STANDARD} if any(map(_replaces_standard, every)) else found


def _replaces_standard(use: PackageUse) -> bool:
    """Whether a part of a class of the standard library is assigned; those of modules are seen there."""
    is_assigned = use.target is MISSING and isinstance(use.holder, type)
    return is_assigned and use.package in sys.stdlib_module_names


def effect_root(nodes: Sequence[ast.stmt], namespace: Mapping[str, object]) -> str | None:
    """Return the top-level package that a statement is made to affect, if it is one.

    A call whose value is not used, or an assignment to an attribute or item,
    that begins at an installed module, class or function.
    """
    if len(nodes) != 1:
        return None
    target = _affected(nodes[0])
    root = (
        _root_name(target, through_calls=not isinstance(nodes[0], ast.Expr)) if target is not None else None
    )
    if root is None or root not in namespace:
        return None
    return _package_of(namespace[root], target)


def _affected(node: ast.stmt) -> ast.expr | None:
    match node:
        case ast.Expr(value=ast.Call(func=func)):
            return func
        case ast.Assign(targets=[(ast.Attribute() | ast.Subscript()) as target, *_]):
            return target
        case ast.AugAssign(target=(ast.Attribute() | ast.Subscript()) as target):
            return target
        case ast.Delete(targets=[(ast.Attribute() | ast.Subscript()) as target, *_]):
            return target
    return None


def _root_name(node: ast.expr, *, through_calls: bool) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)) or (through_calls and isinstance(node, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _package_of(value: object, target: ast.expr | None) -> str | None:
    if isinstance(value, types.ModuleType):
        module = value.__name__
    elif isinstance(value, (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        module = getattr(value, "__module__", None) or ""
    else:
        return None
    if not module or module in OWN_RULES or is_local_code(value):
        return None
    package = module.split(".")[0]
    return None if isinstance(target, ast.Attribute) and is_seeding(package, target.attr) else package


def histories(reading: Reading) -> frozenset[str]:
    """Return the packages whose history counts for code: those it names, and those of its inputs' types."""
    found = {item.path.partition(".")[0] for item in reading.resolved} | set(reading.packages)
    found |= {str(kind.__module__).partition(".")[0] for kind in set(map(type, reading.nodes))}
    found |= {other for package in found for other in _EXTENDS.get(package, ())}
    found.add(PROCESS)
    runs_python = reading.packages or any(not _is_compiled(item.value) for item in reading.resolved)
    return frozenset(found - {"builtins", "__main__"} | ({STANDARD} if runs_python else set()))


def _is_compiled(value: object) -> bool:
    """Whether a value runs no Python code of the standard library when it is used."""
    if isinstance(value, ModuleType):
        return not str(vars(value).get("__file__")).endswith(".py")
    return isinstance(value, (types.BuiltinFunctionType, int, float, complex, str, bytes))


@dataclass(slots=True)
class AmbientHistory:
    """What was done to each package in this process, one entry a statement.

    A statement that runs again is the last one then. Running all cells again in
    one kernel ends with the history that it began with.
    """

    _done: dict[str, dict[str, str]] = field(default_factory=dict)
    standard: StandardParts = field(default_factory=StandardParts)
    registered: RegisteredClasses = field(default_factory=RegisteredClasses)
    _unknown: int = 0
    _token: str = field(default_factory=lambda: secrets.token_hex(8))
    _modules: int = field(default_factory=lambda: len(sys.modules))

    def note(self, packages: Collection[str], code_digest: str, arguments: Callable[[], str]) -> None:
        """Add a statement that affected some packages, with its arguments' fingerprint."""
        if not packages:
            return
        try:
            digest = arguments()
        except Exception as error:
            self._unknown += 1  # arguments that can't be told apart never match, in no process
            digest = f"unknown {self._token} {self._unknown} {type(error).__name__}"
        for package in packages:
            done = self._done.setdefault(package, {})
            done.pop(code_digest, None)
            done[code_digest] = digest

    def note_modules(self) -> None:
        """Add what local modules that were imported since may have changed as they were imported."""
        if len(sys.modules) == self._modules:
            return
        new = list(islice(sys.modules.items(), self._modules, None))  # what is imported is appended
        self._modules = len(sys.modules)
        for name, module in new:
            code = module_code(module) if isinstance(module, ModuleType) and is_local_module(module) else None
            if code is not None:
                digest = code_facts(code).digest.hex()
                changed = _changed_by(package_uses(code, vars(module)))
                changed |= {PROCESS} if may_register(reached_code(code, vars(module))) else set()
                self.note(changed, f"import {name} {digest}", str)
                self.registered.is_in_doubt |= "register" in names_in(code)

    def digest(self, package: str) -> str:
        """Return the digest of a package's history; empty for an untouched package."""
        done = list(self._done.get(package, {}).items())
        replaced = self.standard.digest() if package == STANDARD else ""
        registered = self.registered.own() if package == STANDARD else []
        if not done and not replaced and not registered:
            return ""
        return hashlib.blake2b(repr((done, replaced, registered)).encode(), digest_size=16).hexdigest()

    def dependencies(self, packages: Collection[str]) -> list[Dependency]:
        """Return one dependency for each of `packages`, also the untouched ones."""
        return [Dependency(KIND, package, self.digest(package)) for package in sorted(packages)]

    def check(self, dependency: Dependency) -> str | None:
        """Return why a recorded history no longer holds, or None."""
        if self.digest(dependency.name) == dependency.expected:
            return None
        if dependency.name == STANDARD:
            return "a part of the standard library was replaced, or a class registered with an abstract one"
        if dependency.name == PROCESS:
            return "codecs, picklers or the like were registered by another statement"
        return f"settings of `{dependency.name}` were changed by another statement"
