"""Warnings filters as JSON."""

from __future__ import annotations

import re
import sys
from typing import Any

__all__ = ["Filter", "decode", "encode", "has_texts", "resolve_class", "sources"]

Filter = Any  # (action, message pattern, category, module pattern, line), as in `warnings.filters`


def has_texts(found: Filter) -> bool:
    """Whether a filter consists of texts, patterns and a class that a name leads to."""
    if not isinstance(found, tuple) or len(found) != 5:
        return False
    _action, message, category, module, _line = found
    patterns = all(item is None or isinstance(item, (str, re.Pattern)) for item in (message, module))
    return patterns and resolve_class(_class_name(category)) is category


def sources(found: Filter) -> tuple[Any, ...]:
    """Return a filter with the sources of its patterns, which copies of it share."""
    action, message, category, module, line = found
    texts = [part.pattern if isinstance(part, re.Pattern) else part for part in (message, module)]
    return (action, texts[0] or None, category, texts[1] or None, line)


def encode(found: Filter) -> list[Any]:
    """Return a filter as a list of JSON values."""
    action, message, category, module, line = found
    return [action, _pattern(message), _class_name(category), _pattern(module), line]


def decode(item: list[Any]) -> Filter | None:
    """Return the filter of such a list; None where its class is not loaded, so that it can't be raised."""
    action, message, name, module, line = item
    category = resolve_class(name)
    return None if category is None else (action, _compiled(message), category, _compiled(module), line)


def _pattern(value: Any) -> Any:
    return [value.pattern, value.flags] if isinstance(value, re.Pattern) else value


def _compiled(value: Any) -> Any:
    return re.compile(value[0], value[1] & ~re.UNICODE) if isinstance(value, list) else value


def _class_name(category: type) -> str:
    return f"{category.__module__}:{category.__qualname__}"


def resolve_class(name: str) -> type | None:
    """Return the warning class of ``module:qualified.name`` if its module is loaded."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None
