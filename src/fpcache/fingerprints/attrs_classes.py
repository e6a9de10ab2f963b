"""What attrs generates into classes, as far as it is another in every process.

A generated ``__hash__`` begins with the hash of a text, which depends on the
hash seed. What it does follows from the fields, which count by themselves.
"""

from __future__ import annotations

from types import FunctionType

__all__ = ["CACHED_HASH", "is_attrs_hash"]

CACHED_HASH = "_attrs_cached_hash"
"""Where instances keep their hash, of this process, once it was asked for."""

_GENERATED = "<attrs generated"


def is_attrs_hash(cls: type, name: str, value: object) -> bool:
    """Return whether an attribute of a class is the ``__hash__`` that attrs generated for just that class."""
    return (
        name == "__hash__"
        and isinstance(value, FunctionType)
        and value.__code__.co_filename.startswith(_GENERATED)
        and cls.__qualname__ in value.__code__.co_filename
        and ("__attrs_attrs__" in vars(cls) or cls.__module__.partition(".")[0] == "attr")
    )
