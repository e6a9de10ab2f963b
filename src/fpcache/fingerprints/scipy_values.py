"""SciPy's sparse arrays: format and parts; what SciPy caches on them doesn't count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.builtin_values import feed_items
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.registry import dotted_name

__all__: list[str] = []

_CACHES = frozenset(
    {"_has_sorted_indices", "_has_canonical_format", "has_sorted_indices", "has_canonical_format"}
)


def encode_sparse(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode format, shape and the arrays or items of that format, without what is derived from them."""
    enc.feed("sparse", dotted_name(type(obj)) if type(obj).__module__.startswith("scipy.") else "")
    enc.feed(obj.format, *obj.shape)
    if isinstance(obj, dict):
        items = dict(dict.items(obj))
        enc.feed(len(items))
        yield from feed_items(enc, items) or ()
    for name in sorted(vars(obj)):
        if name not in _CACHES:
            enc.feed("part", name)
            yield f".{name}", vars(obj)[name]
