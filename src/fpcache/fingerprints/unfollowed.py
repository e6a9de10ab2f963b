"""Calls by which code makes code or names as it runs: what it depends on then can't be read off it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["IMPORTING", "UNFOLLOWED"]

UNFOLLOWED: Mapping[str, str] = MappingProxyType(
    {
        "builtins.eval": "runs text as code",
        "builtins.exec": "runs text as code",
        "builtins.globals": "takes globals by names that it makes",
        "runpy.run_path": "runs a file as code",
        "runpy.run_module": "runs a module as code",
        "importlib.util.spec_from_file_location": "runs a file as code",
        "sys._getframe": "looks at who calls it",
        "inspect.currentframe": "looks at who calls it",
    }
)
"""What such a call does, by its dotted path."""

IMPORTING = frozenset(
    {"builtins.__import__", "importlib.import_module", "pkgutil.resolve_name", "pydoc.locate"}
)
"""Calls that import what a text names."""
