"""The handlers for code, under one name for the registry."""

from __future__ import annotations

from fpcache.fingerprints.classes import (
    encode_class,
    encode_classmethod,
    encode_module,
    encode_property,
    encode_staticmethod,
)
from fpcache.fingerprints.functions import (
    encode_builtin,
    encode_cell,
    encode_code,
    encode_function,
    encode_lru_cache,
    encode_method,
    encode_partial,
    encode_ufunc,
    encode_vectorize,
)

__all__ = [
    "encode_builtin",
    "encode_cell",
    "encode_class",
    "encode_classmethod",
    "encode_code",
    "encode_function",
    "encode_lru_cache",
    "encode_method",
    "encode_module",
    "encode_partial",
    "encode_property",
    "encode_staticmethod",
    "encode_ufunc",
    "encode_vectorize",
]
