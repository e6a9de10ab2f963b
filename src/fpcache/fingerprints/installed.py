"""Installed objects that stand for their qualified name."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.locality import SHARED_BY_CYTHON, is_local_code, is_local_module
from fpcache.fingerprints.records import MISSING, GlobalRead

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = ["feed_installed", "installed_path", "is_expected", "is_named_code", "mention", "static_attribute"]

_UFUNC_MODULES = ("numpy", "scipy.special", "numpy._core.umath", "numpy.core.umath")
_REMEMBERED = (FunctionType, BuiltinFunctionType, type)

_paths: dict[int, tuple[object, str]] = {}


def installed_path(obj: object) -> str | None:
    """Return the dotted path under which an installed object can be found.

    Parameters
    ----------
    obj : object
        A module, class, function, method or other callable.

    Returns
    -------
    str or None
        None for local code, and for what its module doesn't hold under its
        own name: closures, wrappers, bound methods of other objects.

    Examples
    --------
    >>> import json
    >>> installed_path(json.dumps)
    'json.dumps'
    >>> installed_path(lambda: 0) is None
    True
    """
    known = _paths.get(id(obj))
    if known is not None and known[0] is obj:
        return known[1]
    path = _find_path(obj)
    if path is not None and isinstance(obj, _REMEMBERED):
        _paths[id(obj)] = (obj, path)
    return path


def _find_path(obj: object) -> str | None:
    if isinstance(obj, ModuleType):
        return None if is_local_module(obj) else str(vars(obj).get("__name__"))
    if isinstance(obj, (FunctionType, MethodType, type)) and is_local_code(obj):
        return None
    for module_name in _home_names(obj):
        for name in _own_names(obj):
            found = _lookup(module_name, name)
            if found is obj or (isinstance(obj, MethodType) and found == obj):
                return f"{module_name}.{name}"
    return None


def _home_names(obj: Any) -> tuple[str, ...]:
    """Return the names of the modules that may hold an object under its own name."""
    if isinstance(obj, type):
        name = type.__dict__["__module__"].__get__(obj)
    else:
        name = getattr(obj, "__module__", None)
    if isinstance(name, str):
        return (name,)
    if isinstance(obj, BuiltinFunctionType):
        return (type(obj.__self__).__module__,)
    return _UFUNC_MODULES if type(obj).__name__ == "ufunc" else ()


def _own_names(obj: Any) -> tuple[str, ...]:
    names = (getattr(obj, "__qualname__", None), getattr(obj, "__name__", None))
    return tuple(name for name in dict.fromkeys(names) if isinstance(name, str) and "<" not in name)


def _lookup(module_name: str, name: str) -> object:
    module = sys.modules.get(module_name)
    if module is None or is_local_module(module):
        return MISSING
    found: object = module
    for part in name.split("."):
        found = static_attribute(found, part)
    return found


def static_attribute(owner: object, name: str) -> object:
    """Return an attribute of a module or class without running any code."""
    if isinstance(owner, ModuleType):
        submodule = sys.modules.get(f"{vars(owner).get('__name__')}.{name}", MISSING)
        return vars(owner).get(name, submodule)
    if isinstance(owner, type):
        for base in owner.__mro__:
            if name in vars(base):
                found = vars(base)[name]
                return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    return MISSING


def feed_installed(enc: Encoder, obj: object, path: str) -> None:
    """Feed the qualified name of an installed object and note its package."""
    enc.feed("installed", path)
    top = path.partition(".")[0]
    if not top.startswith(SHARED_BY_CYTHON):
        enc.packages.add(top)
    if not isinstance(obj, (type, ModuleType)):
        enc.reach(mention(path, obj))


def mention(path: str, obj: object) -> GlobalRead:
    """Record that followed code or a value holds an installed object."""
    module, _, name = path.rpartition(".")
    return GlobalRead(module, name, obj, (), {}, role="mention", path=path)


_TABLES = (dict, list, set)
_MOST_ITEMS = 1000
_SEEN_ELSEWHERE = frozenset({"sys", "os", "warnings", "logging", "builtins", "typing"})
_PLAIN = (int, float, str, bytes, bool, complex, type(None))


def is_expected(module: ModuleType, name: str, value: object) -> bool:
    """Return whether an installed module's attribute is what its package put there.

    Judged by the value's own name; a function of the notebook, another
    package's object or a plain number has to be read. Other data of an
    installed module belongs to the package.
    """
    if value is MISSING:
        return True
    if type(value) in _PLAIN:
        return False
    if isinstance(value, (FunctionType, MethodType, type)) and is_local_code(value):
        return False
    if isinstance(value, ModuleType):
        return not is_local_module(value)
    own = str(vars(module).get("__name__")).partition(".")[0]
    if _is_open_table(own, value):
        return False
    if not is_named_code(value):  # data, unless another package's object is called in its place
        return not callable(value) or _top_level(type(value)) == own
    top = _top_level(value) if isinstance(value, (FunctionType, BuiltinFunctionType, type)) else own
    is_near = top in (None, own) or (top in sys.stdlib_module_names and own in sys.stdlib_module_names)
    return is_near and getattr(value, "__name__", None) == name


def _is_open_table(package: str, value: Any) -> bool:
    """Whether data is a table that anybody may add to, small enough and plain enough to be read."""
    if type(value) not in _TABLES or package in _SEEN_ELSEWHERE or len(value) > _MOST_ITEMS:
        return False
    parts = (*value, *value.values()) if isinstance(value, dict) else value
    return all(type(part) in _PLAIN or (type(part) is tuple and _is_plain_tuple(part)) for part in parts)


def _is_plain_tuple(value: tuple[object, ...]) -> bool:
    return all(type(part) in _PLAIN for part in value)


def _top_level(obj: FunctionType | BuiltinFunctionType | type) -> str | None:
    home = type.__dict__["__module__"].__get__(obj) if isinstance(obj, type) else obj.__module__
    return home.partition(".")[0] if isinstance(home, str) else None


_NAMED_TYPES = frozenset(
    {"ufunc", "_ArrayFunctionDispatcher", "cython_function_or_method", "_lru_cache_wrapper"}
)


def is_named_code(obj: object) -> bool:
    """Return whether an object is code that may stand for its name."""
    if isinstance(obj, (FunctionType, MethodType, BuiltinFunctionType, ModuleType, type)):
        return True
    return type(obj).__name__ in _NAMED_TYPES
