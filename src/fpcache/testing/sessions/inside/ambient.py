"""What of a process's state outside the namespace later cells can see: options, filters, levels, patches."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from .describe import code_digest

_MODULES = (
    "builtins", "collections", "copy", "functools", "itertools", "json", "math", "os", "random", "re", "time",
    "numpy", "pandas",
)  # fmt: skip


def ambient() -> dict[str, object]:
    """Return what libraries and Python itself are set to, in words."""
    return {
        "warning filters": [_filter(*each) for each in warnings.filters],
        "log levels": dict(_log_levels()),
        "recursion limit": sys.getrecursionlimit(),
        "patches": dict(_patches()),
        **_decimal(),
        **_numpy(),
        **_pandas(),
    }


def _filter(action: str, message: Any, category: Any, module: Any, line: int) -> list[object]:
    patterns = [getattr(pattern, "pattern", pattern) for pattern in (message, module)]
    return [action, *patterns, category.__name__, line]


def _log_levels() -> Iterator[tuple[str, int]]:
    yield "", logging.root.level
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and logger.level and name.partition(".")[0] != "fpcache":
            yield name, logger.level


def _patches() -> Iterator[tuple[str, object]]:
    """Yield the attributes of some modules that are functions or classes of the notebook's."""
    for module in _MODULES:
        for name, value in list(vars(sys.modules.get(module, sys)).items()):
            if isinstance(value, (FunctionType, type)) and value.__module__ == "__main__":
                code = code_digest(value.__code__) if isinstance(value, FunctionType) else ""
                yield f"{module}.{name}", [value.__qualname__, code]


def _decimal() -> dict[str, object]:
    decimal = sys.modules.get("decimal")
    return {"decimal context": repr(decimal.getcontext())} if decimal else {}


def _numpy() -> dict[str, object]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return {}
    return {"numpy print options": repr(numpy.get_printoptions()), "numpy errors": numpy.geterr()}


def _pandas() -> dict[str, object]:
    config = sys.modules.get("pandas._config.config")
    return {"pandas options": repr(config._global_config)} if config else {}
