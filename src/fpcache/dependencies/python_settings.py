"""Settings of Python's own modules that a run may leave changed, and that a replay doesn't set.

Loggers count where they are configured: what libraries do to theirs while they
are imported happens again at the next import.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from typing import Any

from fpcache.own_work import is_collecting

__all__ = ["changed_settings", "settings"]

_READERS = (
    ("socket", "socket's default timeout", "getdefaulttimeout"),
    ("csv", "the dialects of `csv`", "list_dialects"),
    ("csv", "the field size limit of `csv`", "field_size_limit"),
)


def settings() -> dict[str, object]:
    """Return the present settings by what people call them; loggers as they were made are left out."""
    found: dict[str, object] = {
        "garbage collection": (is_collecting(), gc.get_threshold()),
        "the modules": tuple(sys.modules),
    }
    for module, title, reader in _READERS:
        if module in sys.modules:
            found[title] = getattr(sys.modules[module], reader)()
    types: Any = sys.modules.get("mimetypes")
    if types is not None and getattr(types, "_db", None) is not None:
        found["the types of `mimetypes`"] = [len(table) for table in types._db.types_map]
    found.update(_loggers())
    return found


def _loggers() -> Iterator[tuple[str, object]]:
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            handlers = [one for one in logger.handlers if not isinstance(one, logging.NullHandler)]
            if handlers or logger.filters or logger.level or logger.disabled or not logger.propagate:
                parts = [(id(one), one.level, id(one.formatter), len(one.filters)) for one in handlers]
                yield (
                    f"logger `{name}`",
                    (parts, list(map(id, logger.filters)), logger.level, logger.disabled, logger.propagate),
                )


def changed_settings(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return what differs, but for what the import of a module may have set or brought."""
    names = after.keys() | before.keys()
    changed = [name for name in sorted(names) if before.get(name) != after.get(name)]
    if before["the modules"] == after["the modules"]:
        return changed
    loaded = {name.partition(".")[0] for name in set(_modules(after)).difference(_modules(before))}
    return [
        name
        for name in changed
        if (name in before and name != "the modules") or _is_logger_of_others(name, loaded)
    ]


def _modules(found: dict[str, object]) -> tuple[str, ...]:
    modules = found["the modules"]
    assert isinstance(modules, tuple)
    return modules


def _is_logger_of_others(name: str, loaded: set[str]) -> bool:
    """Whether it is a logger that no module just loaded has called its own."""
    if not name.startswith("logger "):
        return False
    return name.removeprefix("logger ").strip("`").partition(".")[0] not in loaded
