"""What code may change in installed packages: what it assigns there, and what it calls by such a name.

A package keeps settings and registries in its modules, in its classes and in
objects that its modules hold. Code changes them by an assignment (``mpmath.mp.dps
= 50``), through a method (``matplotlib.colormaps.register(…)``), or by a function
made for it (``pyarrow.set_cpu_count(2)``), whatever that does inside.
"""

from __future__ import annotations

import builtins
import dis
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from fpcache.dependencies.context import Context
from fpcache.fingerprints.code_objects import code_facts
from fpcache.fingerprints.installed import static_attribute
from fpcache.fingerprints.locality import is_local_code, is_local_module
from fpcache.fingerprints.name_uses import NameUse, Step, steps_of
from fpcache.fingerprints.records import MISSING

__all__ = [
    "OWN_RULES",
    "PackageUse",
    "followed",
    "is_native",
    "is_observed",
    "is_seeding",
    "modules_handed_on",
    "package_uses",
    "reached_code",
    "uses_of",
]

# These have rules of their own: pyplot's state is observed, seeding shows in the random states.
OWN_RULES = ("matplotlib.pyplot", "random", "numpy.random", "torch.random", "builtins", "time")
# What their functions set is observed, as options and random states; what they register is not.
_OBSERVED = frozenset(
    {"numpy", "pandas", "torch", "sklearn", "matplotlib", "seaborn", "polars", "xarray", "IPython"}
)
_REGISTERING = re.compile(r"_*(un|de)?register")
_SEEDED = frozenset({"numpy", "torch"})
_SEEDING = frozenset({"seed", "manual_seed", "manual_seed_all", "set_state", "setstate", "set_rng_state"})
_SETTING = re.compile(
    r"_*(set|reset|register|unregister|deregister|enable|disable|configure|config|install|uninstall"
    r"|activate|deactivate|switch|init|use|add|parallel_config|parallel_backend)(?![a-z])"
)
_CHANGING = re.compile(
    rf"{_SETTING.pattern}|(append|extend|insert|add|update|pop|popitem|remove|discard|clear|setdefault|push|load)"
)
_ITEM_STORES = ("STORE_SUBSCR", "DELETE_SUBSCR")
_ATTRIBUTE_STORES = ("STORE_ATTR", "DELETE_ATTR")
_TABLES = (dict, list, set)
_SINGLE_LOADS = ("LOAD_CONST", "LOAD_FAST", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF")
_MOST_CODE, _MOST_ITEMS, _DEEPEST = 200, 50, 3

Namespace = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PackageUse:
    """One place where code may change something of an installed package.

    Attributes
    ----------
    package : str
        The package's top-level name.
    path : str
        What is assigned or called, such as ``"matplotlib.colormaps.register"``.
    holder : object
        The module, class, table or other object of which it is an attribute;
        None where an attribute or item of what a call returns is assigned.
    target : object
        What is called; `MISSING` for what is assigned.
    is_item : bool
        Whether an item of what a call returns is assigned.
    """

    package: str
    path: str
    holder: object
    target: object = MISSING
    is_item: bool = False


def uses_of(context: Context) -> Iterator[PackageUse]:
    """Yield the uses in a component's code and in the functions that it follows."""
    reading = context.reading
    if reading is None:
        return
    if reading.code is not None:
        yield from package_uses(reading.code, context.namespace)
    for function in reading.functions:
        yield from package_uses(function.__code__, function.__globals__)


def package_uses(code: CodeType, namespace: Namespace) -> Iterator[PackageUse]:
    """Yield where a code object, with what it nests, may change an installed package.

    Examples
    --------
    >>> import reprlib
    >>> code = compile("reprlib.aRepr.maxlist = 2", "", "exec")
    >>> [use.path for use in package_uses(code, {"reprlib": reprlib})]
    ['reprlib.aRepr.maxlist']
    """
    stores_items = _stores_items(code)
    for use, is_item in _stored_on_results(code):
        with suppress(Exception):  # a user's object may raise whatever is asked of it
            home, path, value, rest = followed(use, namespace)
            if home is not None and not rest and _is_counted(home, path) and not isinstance(value, type):
                yield PackageUse(home.partition(".")[0], f"{path}()", None, value, is_item)
    for use in code_facts(code).uses:
        if use.is_store or stores_items or _CHANGING.match((use.head, *use.attributes)[-1]):
            with suppress(Exception):
                found = _package_use(use, namespace, stores_items)
                if found is not None:
                    yield found


def _is_counted(home: str, path: str) -> bool:
    package = home.partition(".")[0]
    has_own_rules = home in OWN_RULES or package in OWN_RULES
    return not has_own_rules and not is_seeding(package, path.rpartition(".")[2])


def is_seeding(package: str, name: str) -> bool:
    """Whether a function sets random states that are observed."""
    return package in _SEEDED and name in _SEEDING


def _package_use(use: NameUse, namespace: Namespace, stores_items: bool) -> PackageUse | None:
    """Follow a chain of attributes to what may be changed, if that is of an installed package."""
    home, path, value, rest = followed(use, namespace)
    if home is None or not path:
        return None
    package = home.partition(".")[0]
    if not _is_counted(home, ".".join((use.head, *use.attributes))):
        return None
    while len(rest) > 1 and not _is_code(value) and rest[0] in getattr(value, "__dict__", {}):
        value, path, rest = vars(value)[rest[0]], f"{path}.{rest[0]}", rest[1:]
    if len(rest) == 1 and (use.is_store or (not _is_code(value) and _CHANGING.match(rest[0]))):
        target = MISSING if use.is_store else static_attribute(type(value), rest[0])
        return PackageUse(package, f"{path}.{rest[0]}", value, target)
    if rest or use.is_store:
        return None
    if isinstance(value, (*_TABLES, MutableMapping)):
        return PackageUse(package, path, value) if stores_items else None
    is_setting = _SETTING.match(path.rpartition(".")[2]) and callable(value)
    return PackageUse(package, path, sys.modules.get(home), value) if is_setting else None


def followed(use: NameUse, namespace: Namespace) -> tuple[str | None, str, Any, tuple[str, ...]]:
    """Return the installed module that a chain goes through, its path, the object there, and what is left.

    An object that the notebook itself holds is the user's; it is nothing of a package.
    """
    value = _head(use, namespace)
    home, path, rest = _home(value), "", use.attributes
    if home is not None:
        path = home if isinstance(value, ModuleType) else f"{home}.{getattr(value, '__qualname__', '?')}"
    last = len(rest) - 1 if use.is_store else len(rest)
    taken = 0
    while taken < last and isinstance(value, (ModuleType, type)):
        inner = static_attribute(value, rest[taken])
        if inner is MISSING:
            break
        if isinstance(inner, ModuleType):
            home = None if is_local_module(inner) else inner.__name__
            path = home or ""
        elif home is not None:
            path = f"{path}.{rest[taken]}"
        value = inner
        taken += 1
    return home, path, value, rest[taken:]


def _head(use: NameUse, namespace: Namespace) -> Any:
    if use.is_import:
        return sys.modules.get(use.head, MISSING) if not use.level else MISSING
    return namespace.get(use.head, vars(builtins).get(use.head, MISSING))


def _home(value: Any) -> str | None:
    """Return the installed module that a module, class or function belongs to."""
    if isinstance(value, ModuleType):
        return None if is_local_module(value) else value.__name__
    if not _is_code(value) or is_local_code(value):
        return None
    home = getattr(value, "__module__", None)
    return home if isinstance(home, str) and home != "__main__" else None


def _is_code(value: Any) -> bool:
    return isinstance(value, (ModuleType, type)) or (callable(value) and hasattr(value, "__qualname__"))


@lru_cache(maxsize=4096)
def _stored_on_results(code: CodeType) -> tuple[tuple[NameUse, bool], ...]:
    """Return the calls, as ``package.get_config()``, to whose results something is assigned: an item?"""
    found = [use for item in code.co_consts if isinstance(item, CodeType) for use in _stored_on_results(item)]
    steps = steps_of(code) if _has(code, _ATTRIBUTE_STORES + _ITEM_STORES) else []
    for place, step in enumerate(steps):
        if step.op in _ITEM_STORES and place and steps[place - 1].op in _SINGLE_LOADS:
            call = place - 2  # before it stands the item's name or number
        elif step.op in _ATTRIBUTE_STORES:
            call = place - 1
        else:
            continue
        use = _called_at(steps[:call]) if call > 0 and steps[call].op == "CALL" else None
        if use is not None:
            found.append((use, step.op in _ITEM_STORES))
    return tuple(found)


def _called_at(steps: list[Step]) -> NameUse | None:
    """Return the chain of names that is called, without arguments but constants, after these steps."""
    attributes: list[str] = []
    for step in reversed(steps):
        if step.op in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.insert(0, str(step.value))
        elif step.op in ("LOAD_GLOBAL", "LOAD_NAME"):
            return NameUse(str(step.value), tuple(attributes), step.line)
        elif step.op not in ("PRECALL", "PUSH_NULL", "KW_NAMES") and (step.op != "LOAD_CONST" or attributes):
            return None
    return None


@lru_cache(maxsize=4096)
def _stores_items(code: CodeType) -> bool:
    inner = (item for item in code.co_consts if isinstance(item, CodeType))
    return _has(code, _ITEM_STORES) or any(map(_stores_items, inner))


def _has(code: CodeType, operations: tuple[str, ...]) -> bool:
    """Whether code has an operation, told by its bytes: each second one is an operation."""
    found = code.co_code[::2]
    return any(dis.opmap[name] in found for name in operations)


def is_observed(use: PackageUse) -> bool:
    """Whether a use is the call of a function that sets what is observed in its own way."""
    is_function = use.target is not MISSING and isinstance(use.holder, ModuleType)
    return is_function and use.package in _OBSERVED and not _REGISTERING.match(use.path.rpartition(".")[2])


def is_native(function: object) -> bool:
    """Whether a function is compiled, so that what it changes can't be seen.

    Examples
    --------
    >>> import gc, shutil
    >>> is_native(gc.freeze), is_native(shutil.copy)
    (True, False)
    """
    while not isinstance(function, (FunctionType, MethodType, type)):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            qualified = getattr(function, "__qualname__", "")
            return qualified == getattr(function, "__name__", None)
        function = inner
    return False


def modules_handed_on(code: CodeType, namespace: Namespace) -> Iterator[str]:
    """Yield the installed packages whose module code names as a whole, as to hand it to a function."""
    for use in code_facts(code).uses:
        value = MISSING if use.attributes or use.is_store or use.is_import else _head(use, namespace)
        home = _home(value) if issubclass(type(value), ModuleType) else None
        if home is not None and _is_counted(home, home):
            yield home.partition(".")[0]


def reached_code(code: CodeType, namespace: Namespace) -> Iterator[tuple[CodeType, Namespace]]:
    """Yield a code object and those of the local functions and methods that it may call, with their globals.

    By the names in it alone: a quick look, for code of which nothing was read.
    """
    pending: list[tuple[CodeType, Namespace]] = [(code, namespace)]
    met: set[CodeType] = set()
    while pending and len(met) < _MOST_CODE:
        found, scope = pending.pop()
        if found in met:
            continue
        met.add(found)
        yield found, scope
        for use in code_facts(found).uses:
            with suppress(Exception):
                pending += [(function.__code__, function.__globals__) for function in _functions(use, scope)]


def _functions(use: NameUse, namespace: Namespace) -> Iterator[FunctionType]:
    value = _head(use, namespace)
    for name in use.attributes:
        if not isinstance(value, ModuleType):
            break
        value = vars(value).get(name, MISSING)
    yield from _own_functions(value)


def _own_functions(value: Any, depth: int = 0) -> Iterator[FunctionType]:
    """Yield the local functions in a value: itself, what it wraps or holds, the methods of its class."""
    if type(value) is MethodType:
        value = value.__func__
    if type(value) is FunctionType and is_local_code(value):
        yield value
    for inner in _held_by(value) if depth < _DEEPEST else ():
        yield from _own_functions(inner, depth + 1)


def _held_by(value: Any) -> Iterator[Any]:
    """Yield what may lead to functions: closures, items, methods, an instance's class and attributes.

    Nothing is asked of the value itself, which may answer by code of the user's; so no ``isinstance``.
    """
    kind = type(value)
    if kind is FunctionType:
        yield from map(_content, value.__closure__ or ())
    elif issubclass(kind, partial):
        yield from (partial.func.__get__(value), *partial.args.__get__(value))
    elif issubclass(kind, list):
        yield from islice(list.__iter__(value), _MOST_ITEMS)
    elif issubclass(kind, tuple):
        yield from islice(tuple.__iter__(value), _MOST_ITEMS)
    elif issubclass(kind, dict):
        yield from islice(dict.values(value), _MOST_ITEMS)
    elif issubclass(kind, type):
        bases = value.__mro__ if is_local_code(value) else ()
        held = [item for base in bases if is_local_code(base) for item in list(vars(base).values())]
        yield from (getattr(item, "__func__", getattr(item, "fget", item)) for item in held)
    elif not issubclass(kind, ModuleType) and is_local_code(kind):
        yield kind
        yield from islice(_attributes(value).values(), _MOST_ITEMS)


def _attributes(value: Any) -> dict[str, Any]:
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return held if type(held) is dict else {}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
