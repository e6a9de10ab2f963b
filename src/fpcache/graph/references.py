"""What a node uses, as a text: ``"module:qualified.name"``, and back."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import MethodType, ModuleType
from typing import Any

from fpcache.errors import GraphSchemaError
from fpcache.graph.guessing import did_you_mean

__all__ = ["reference_to", "referred"]

FORM = '"module:qualified.name", such as "statistics:mean"'


def reference_to(uses: Any) -> str:
    """Return the text by which `referred` finds the same object again.

    Raises
    ------
    GraphSchemaError
        If it can't be found by a name, such as a lambda or a local function.
    """
    remedy = "define it with a name at the top level of a module"
    module, name = _names(uses)
    if not module or not name:
        raise GraphSchemaError(f"{_kind(uses)} has no name to find it by again; {remedy}")
    if "<lambda>" in name:
        raise GraphSchemaError(f"a lambda has no name to find it by again; {remedy}, with def")
    if "<locals>" in name:
        raise GraphSchemaError(f"`{name}` is local to a function, so it can't be found again; {remedy}")
    try:
        found = _attribute(_imported(module), name, module)
    except GraphSchemaError as error:
        raise GraphSchemaError(f"`{name}` can't be found again by its name: {error}") from error
    if found is not uses and not (isinstance(uses, MethodType) and found == uses):
        raise GraphSchemaError(
            f"`{module}:{name}` is another object by now; make the schema anew, or {remedy}"
        )
    return f"{module}:{name}"


def referred(text: object) -> Any:
    """Return what a text refers to; imports its module, which runs the module's code.

    Raises
    ------
    GraphSchemaError
        If the text has another form, or nothing to call is there.
    """
    if not isinstance(text, str):
        raise GraphSchemaError(f"`uses` is {text!r}; write null or {FORM}")
    module, colon, name = text.partition(":")
    if not colon or not all(module.split(".")) or not all(name.split(".")):
        raise GraphSchemaError(f"`uses` is {text!r}; write {FORM}")
    found = _attribute(_imported(module), name, module)
    if not callable(found):
        raise GraphSchemaError(
            f"`{text}` is {_kind(found)}, which can't be called; name a class or a function"
        )
    return found


def _names(uses: Any) -> tuple[str, str]:
    if isinstance(uses, functools.partial):  # has the class's `__module__`, and could be given a name
        return "", ""
    module, name = (getattr(uses, attribute, None) for attribute in ("__module__", "__qualname__"))
    return (module if isinstance(module, str) else ""), (name if isinstance(name, str) else "")


def _kind(value: object) -> str:
    if isinstance(value, ModuleType):
        return "a module"
    return f"an object of the class `{type(value).__qualname__}`"


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            guess = did_you_mean(name, _modules_near(name))
            raise GraphSchemaError(f"there is no module `{name}`{guess}") from error
        raise GraphSchemaError(f"the module `{name}` needs `{error.name}`; install it") from error
    except Exception as error:
        raise GraphSchemaError(
            f"importing `{name}` failed with {type(error).__name__}: {error}; import it yourself to see where"
        ) from error


def _modules_near(name: str) -> Iterator[str]:
    """Yield the names of modules that may be meant: loaded ones, and those beside it in its package."""
    yield from tuple(sys.modules)
    package, _, _ = name.rpartition(".")
    with suppress(Exception):  # only for a guess
        paths = importlib.import_module(package).__path__ if package else None
        prefix = f"{package}." if package else ""
        yield from (prefix + module.name for module in pkgutil.iter_modules(paths))


def _attribute(module: ModuleType, name: str, module_name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            guess = did_you_mean(part, map(str, dir(found)))
            raise GraphSchemaError(f"`{module_name}` has no `{name}`{guess}") from error
        except Exception as error:  # a module may make its names when they are first asked for
            raise GraphSchemaError(
                f"asking `{module_name}` for `{name}` failed with {type(error).__name__}: {error}"
            ) from error
    return found
