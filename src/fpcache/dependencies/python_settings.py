"""Settings of Python's own modules that a run may leave changed, and that a replay doesn't set."""

from __future__ import annotations

import gc
import sys
from typing import Any

from fpcache.own_work import is_collecting

__all__ = ["changed_settings", "settings"]

_READERS = (
    ("socket", "socket's default timeout", "getdefaulttimeout"),
    ("csv", "the dialects of `csv`", "list_dialects"),
    ("csv", "the field size limit of `csv`", "field_size_limit"),
)


def settings() -> dict[str, object]:
    """Return the present settings by what people call them."""
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
    return found


def changed_settings(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return what differs, but for what the import of a module may have set or brought."""
    names = after.keys() | before.keys()
    changed = [name for name in sorted(names) if before.get(name) != after.get(name)]
    if before["the modules"] == after["the modules"]:
        return changed
    return [name for name in changed if name in before and name != "the modules"]
