"""Whether the files of local modules are still what was loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType

from fpcache.fingerprints.code_objects import code_facts
from fpcache.fingerprints.locality import is_local_module
from fpcache.syntax import compiled

__all__ = ["changed_modules", "module_code"]


@dataclass(slots=True)
class _Seen:
    """A module's file as it was when the module was first seen in this state."""

    spec: object
    loaded: bytes | None
    answers: dict[tuple[int, int], bool] = field(default_factory=dict)


_seen: dict[str, _Seen] = {}


def changed_modules(names: Iterable[str]) -> tuple[str, ...]:
    """Return the local modules whose source file is no longer what was loaded.

    Parameters
    ----------
    names : iterable of str
        Module names; those that are not loaded from a local ``.py`` file are
        passed over.

    Returns
    -------
    tuple of str
        Sorted. Comments and formatting make no difference.

    Notes
    -----
    A module that is edited between its import and its first sight here is
    told by its functions and methods alone.
    """
    return tuple(sorted(name for name in set(names) if _is_changed(name)))


def _is_changed(name: str) -> bool:
    module = sys.modules.get(name)
    if module is None or name == "__main__" or not is_local_module(module):
        return False
    file = vars(module).get("__file__")
    if not isinstance(file, str) or not file.endswith(".py"):
        return False
    try:
        status = os.stat(file)
    except OSError:
        return True
    seen = _seen.get(name)
    if seen is None or seen.spec is not vars(module).get("__spec__"):
        seen = _seen[name] = _first_sight(module, file)
    state = (status.st_mtime_ns, status.st_size)
    if state not in seen.answers:
        on_disk = _compiled(file)
        seen.answers[state] = on_disk is None or code_facts(on_disk).digest != seen.loaded
    return seen.answers[state]


def _first_sight(module: ModuleType, file: str) -> _Seen:
    """Take the file for what was loaded, unless the module's functions are not in it."""
    on_disk = _compiled(file)
    if on_disk is None:
        return _Seen(vars(module).get("__spec__"), None)
    known = {code_facts(code).digest for code in _nested(on_disk)}
    is_same = all(code_facts(code).digest in known for code in _loaded_code(module, file))
    return _Seen(vars(module).get("__spec__"), code_facts(on_disk).digest if is_same else None)


def module_code(module: ModuleType) -> CodeType | None:
    """Return the code of a module's source as it is now; None where it has none."""
    file = vars(module).get("__file__")
    return _compiled(file) if isinstance(file, str) and file.endswith(".py") else None


def _compiled(file: str) -> CodeType | None:
    """Compile a module's source; None where that can't be done."""
    try:
        with open(file, "rb") as source:
            return compiled(source.read(), file)
    except (OSError, SyntaxError, ValueError):
        return None


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _nested(const)


def _loaded_code(module: ModuleType, file: str) -> Iterator[CodeType]:
    """Yield the code of the functions and methods that a module's file defined."""
    scope = vars(module)
    classes = [value for value in scope.values() if isinstance(value, type)]
    for namespace in (scope, *(vars(cls) for cls in classes)):
        for value in namespace.values():
            if isinstance(value, FunctionType) and value.__globals__ is scope:
                code = value.__code__
                if code.co_filename == file:
                    yield code
