"""Short texts that stand for long values."""

from __future__ import annotations

import hashlib
import re

_LONG = 200
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
ADDRESS_IN_BYTES = re.compile(ADDRESS.pattern.encode())


def digest(data: bytes) -> str:
    """Return 16 hexadecimal digits that tell contents apart."""
    return hashlib.sha256(data).hexdigest()[:16]


def shortened(value: object) -> object:
    """Shorten a long text, keeping what tells it from others."""
    if isinstance(value, str) and len(value) > _LONG:
        return f"{value[:_LONG]}… ({len(value)} characters, {digest(value.encode('utf-8', 'replace'))})"
    if type(value) is int and abs(value) > 2**63:
        return ["int", hex(value)]
    return ["bool", value] if type(value) is bool else value


def name_of(kind: type) -> str:
    """Return the module and the qualified name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"
