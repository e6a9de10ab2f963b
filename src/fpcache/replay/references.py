"""References to what exists before a component runs.

A token stands for one live object: an int for an input's node, else a tuple
whose first item says where to look.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from itertools import count
from types import FunctionType, ModuleType
from typing import Any

from fpcache.errors import UncacheableError

__all__ = ["Token", "importable_path", "live_tokens", "notebook_module", "path_in_notebook", "resolve"]

Token = int | tuple[Any, ...]

# Single objects of libraries that code hands around; a copy would be another one.
_SINGLE_OBJECTS = (
    ("math", "nan"),  # `nan in values` is true of the very same one alone
    ("numpy", "nan"),
    ("numpy.random.mtrand", "_rand"),
    ("numpy.random.mtrand", "_rand._bit_generator"),
    ("random", "_inst"),
    ("os", "environ"),
    ("sys", "modules"),
    ("sys", "path"),
    ("logging", "root"),
    ("dataclasses", "MISSING"),
    ("matplotlib", "rcParams"),
    ("torch", "default_generator"),
    ("pandas", "options"),
    ("sys", "stdin"),
)
_HISTORY = re.compile(r"_+|_i*\d*|_ih|_oh|_dh|In|Out|exit|quit|get_ipython|__\w+__")


def live_tokens(
    nodes: Sequence[object], namespace: dict[str, Any], names: Mapping[str, object]
) -> dict[int, Token]:
    """Return the token of every object that a payload may refer to, by id."""
    tokens: dict[int, Token] = {
        id(value): ("name", name)
        for name, value in reversed(list(names.items()))
        if _worth_a_name(name, value)
    }
    for module, path in _SINGLE_OBJECTS:
        if module in sys.modules and (found := _descend(sys.modules[module], path)) is not None:
            tokens[id(found)] = ("path", module, path)
    tokens.update(zip(map(id, nodes), count(), strict=False))
    tokens[id(namespace)] = ("namespace",)
    return tokens


def _worth_a_name(name: str, value: object) -> bool:
    """Objects with an identity; what a library owns is found through the library."""
    if _HISTORY.fullmatch(name) or isinstance(value, ModuleType | Enum):
        return False
    if isinstance(value, FunctionType | type):
        return importable_path(value) is None
    if type(value) is float:
        return value != value
    kind = type(value)
    if issubclass(kind, list | dict | set | bytearray | deque) or kind.__dictoffset__:
        return True
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or kind.__module__.partition(".")[0] != "numpy":
        return False
    return not isinstance(value, numpy.generic | numpy.dtype)


def resolve(token: Token, nodes: Sequence[object], namespace: dict[str, Any]) -> Any:
    """Return the live object that `token` stands for.

    Raises
    ------
    UncacheableError
        If it isn't there.
    """
    if isinstance(token, int):
        if token < len(nodes):
            return nodes[token]
        raise UncacheableError("the stored result refers to a part of an input that isn't there")
    if token[0] == "namespace":
        return namespace
    if token[0] == "name":
        if token[1] in namespace:
            return namespace[token[1]]
        raise UncacheableError(f"the stored result refers to `{token[1]}`, which is not defined")
    found = _descend(import_module(token[1]), token[2])
    if found is None:
        raise UncacheableError(f"the stored result refers to `{token[1]}.{token[2]}`, which is not there")
    return found


def notebook_module(namespace: Mapping[str, Any]) -> str:
    """Return the name of the module whose namespace the notebook is."""
    return str(namespace.get("__name__", "__main__"))


def importable_path(obj: Any, namespace: Mapping[str, Any] | None = None) -> str | None:
    """Return ``module:qualname`` if importing that gives exactly `obj`."""
    module = getattr(obj, "__module__", None)
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    if namespace is not None and module == notebook_module(namespace):
        return None
    if _descend(sys.modules.get(module), name) is obj:
        return f"{module}:{name}"
    return None


def path_in_notebook(obj: Any, names: Mapping[str, Any]) -> tuple[object, str] | None:
    """Return (top object, rest of the path) if `obj` is found by its qualified name."""
    top, _, rest = getattr(obj, "__qualname__", "").partition(".")
    if top not in names or not rest:
        return None
    return (names[top], rest) if _descend(names[top], rest) is obj else None


def _descend(obj: object, path: str) -> Any:
    for name in path.split("."):
        obj = getattr(obj, name, None)
    return obj
