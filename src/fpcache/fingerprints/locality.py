"""Where code comes from: the notebook and local files, or an installation.

Local code is followed by content; installed code stands for its name and the
version of its package.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import cache, lru_cache, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = [
    "SHARED_BY_CYTHON",
    "is_installed_file",
    "is_local_code",
    "is_local_module",
    "is_local_namespace",
    "is_stdlib_name",
    "module_of_class",
    "packages_of_class",
]

_INSTALL_FOLDERS = frozenset({"site-packages", "dist-packages"})
SHARED_BY_CYTHON = "_cython_"  # a module without file, for types that all compiled modules share


_GENERATED = frozenset({"_remote_module_non_scriptable"})  # torch writes it, to a folder for the time being


def is_local_module(module: ModuleType) -> bool:
    """Return whether a module is the notebook or loaded from local source.

    Local is also what is installed in editable mode. The standard library,
    built-in modules, and what lies in a ``site-packages`` folder are not.
    """
    attributes = vars(module)
    name = attributes.get("__name__")
    file = attributes.get("__file__")
    if name == "__main__":
        return True
    if name in _GENERATED:
        return False
    if isinstance(file, str):
        return not is_installed_file(file)
    return not _is_fileless_installed(str(name), module)


def _is_fileless_installed(name: str, module: ModuleType) -> bool:
    """Judge a module without a file: built in, a namespace package, or made at run time."""
    spec = vars(module).get("__spec__")
    if is_stdlib_name(name) or getattr(spec, "origin", None) in ("built-in", "frozen"):
        return True
    if name.startswith(SHARED_BY_CYTHON):
        return True
    folders = vars(module).get("__path__")
    if folders is not None:
        return all(is_installed_file(str(folder)) for folder in folders)
    parent = sys.modules.get(name.rpartition(".")[0])
    return parent is not None and parent is not module and not is_local_module(parent)


def packages_of_class(cls: type) -> frozenset[str]:
    """Return the installed library, if any, whose methods a value of `cls` brings with it."""
    top = str(cls.__module__).partition(".")[0]
    return frozenset() if is_stdlib_name(top) or is_local_code(cls) else frozenset({top})


def is_stdlib_name(name: str) -> bool:
    """Return whether a dotted module name belongs to the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names


@lru_cache(maxsize=16384)
def is_installed_file(path: str) -> bool:
    """Return whether a path is in the standard library or among installed packages."""
    parts = path.replace("\\", "/").split("/")
    if not _INSTALL_FOLDERS.isdisjoint(parts):
        return True
    return path.startswith(_installed_folders())


@cache
def _installed_folders() -> tuple[str, ...]:
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = {own, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))}
    folders |= {os.path.realpath(folder) for folder in folders}
    return ("<frozen ", *(folder + os.sep for folder in sorted(folders)))


def is_local_namespace(namespace: dict[str, Any]) -> bool:
    """Return whether a dict of globals belongs to local code.

    A namespace that no loaded module has (``exec`` with a dict of its own)
    is local.
    """
    # `_collections_abc` says that its name is `collections.abc`; its spec knows better.
    for name in (namespace.get("__name__", ""), getattr(namespace.get("__spec__"), "name", "")):
        module = sys.modules.get(name)
        if module is not None and vars(module) is namespace:
            return is_local_module(module)
    return True


def is_local_code(obj: object) -> bool:
    """Return whether a function, method, class, module or partial is local code.

    Parameters
    ----------
    obj : object
        What is neither of these counts by its class.
    """
    if isinstance(obj, FunctionType):
        return is_local_namespace(obj.__globals__) or _is_local_source(obj.__code__)
    if isinstance(obj, MethodType):
        return is_local_code(obj.__func__)
    if type(obj).__name__ == "cython_function_or_method":
        module = sys.modules.get(str(getattr(obj, "__module__", None)))
        return module is not None and is_local_module(module)
    if isinstance(obj, partial):
        return is_local_code(obj.func)
    if isinstance(obj, ModuleType):
        return is_local_module(obj)
    if isinstance(obj, CodeType):
        return not is_installed_file(obj.co_filename)
    if isinstance(obj, type):
        return _is_local_class(obj)
    return _is_local_class(type(obj))


def _is_local_source(code: CodeType) -> bool:
    """Return whether code in an installed namespace was put there from local source."""
    name = code.co_filename
    is_cell = name.startswith(("<ipython-input", "<stdin"))
    return is_cell or (os.path.isabs(name) and not is_installed_file(name))


def module_of_class(cls: type) -> ModuleType | None:
    """Return the loaded module that a class names as its own."""
    name = type.__dict__["__module__"].__get__(cls)
    return sys.modules.get(name) if isinstance(name, str) else None


def _is_local_class(cls: type) -> bool:
    if not cls.__flags__ & 1 << 9:  # Py_TPFLAGS_HEAPTYPE: others are made by C code
        return False
    module = module_of_class(cls)
    if module is not None and not is_local_module(module):
        return False
    return module is not None or not is_stdlib_name(str(cls.__module__))
