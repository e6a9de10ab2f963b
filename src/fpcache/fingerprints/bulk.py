"""Bulk ways for many values of one shape: a type census, then one call into C.

A bulk way may only be chosen by what the values are (their types, lengths,
keys, sharing), so that equal values always take the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.layout import UNSET, Layout, Slot
from fpcache.fingerprints.tokens import MARSHALLED

__all__ = ["columns", "feed_flat"]

_LEAST_S = 1e-6  # what a record takes at least
Items = list[Any] | tuple[Any, ...]


def feed_flat(enc: Encoder, items: Items, kinds: set[type]) -> bool:
    """Feed items that are scalars, or flat containers of one type; False if they aren't."""
    if kinds <= MARSHALLED:
        enc.feed_plain(items, kinds)
        return True
    if len(kinds) != 1 or len(items) < 2:
        return False
    if kinds <= {list, tuple}:
        return _feed_rows(enc, items, *kinds)
    return kinds == {dict} and _feed_mappings(enc, items)


def _feed_rows(enc: Encoder, items: Items, cls: type) -> bool:
    content = list(chain.from_iterable(items))
    kinds = set(map(type, content))
    if not kinds <= MARSHALLED or (cls is list and not enc.are_new(items)):
        return False
    enc.feed("rows", cls.__name__, len(items))
    if cls is list:
        enc.enter_nodes(items)
    enc.feed_plain(list(map(len, items)), {int})
    enc.feed_plain(content, kinds)
    return True


def _feed_mappings(enc: Encoder, items: Items) -> bool:
    values = list(chain.from_iterable(map(dict.values, items)))
    keys = list(chain.from_iterable(items))
    kinds, key_kinds = set(map(type, values)), set(map(type, keys))
    if not kinds | key_kinds <= MARSHALLED or not enc.are_new(items):
        return False
    enc.feed("mappings", len(items))
    enc.enter_nodes(items)
    enc.feed_plain(list(map(len, items)), {int})
    enc.feed_plain(keys, key_kinds)
    enc.feed_plain(values, kinds)
    return True


def columns(enc: Encoder, items: Items, cls: type, steps: Iterable[Any]) -> Iterator[Any] | None:
    """Return the children of same-class records, by attribute or key; None if they don't fit.

    Parameters
    ----------
    items : list or tuple
        At least two values of exact type `cls`.
    steps : iterable
        The index or key of each, for paths.
    """
    if cls is dict:
        return _dict_columns(enc, items, list(steps))
    if not enc.entry(cls).by_layout or not enc.layout(cls).is_plain or not enc.are_new(items):
        return None
    return _instance_columns(enc, items, enc.layout(cls), list(steps))


def _dict_columns(enc: Encoder, items: Items, steps: list[Any]) -> Iterator[Any] | None:
    enc.allow(len(items) * _LEAST_S)
    keys = _common_keys(items)
    if keys is None or not enc.are_new(items):
        return None
    enc.feed("dict columns", len(items))
    enc.enter_nodes(items)
    enc.feed_plain(keys, set(map(type, keys)))
    return chain.from_iterable(
        _column(enc, list(map(itemgetter(key), items)), f"[{key!r}]", steps) for key in keys
    )


def _common_keys(dicts: Items) -> list[Any] | None:
    """Return the string keys that all share, in one order."""
    keys = list(dicts[0])
    kinds = set(map(type, chain.from_iterable(dicts)))
    if kinds <= {str} and all(list(one) == keys for one in dicts):
        return keys
    return None


def _column(enc: Encoder, values: list[Any], label: str, steps: list[Any]) -> Iterator[Any]:
    if not feed_flat(enc, values, set(map(type, values))):
        for step, value in zip(steps, values, strict=True):
            yield (step, label), value


def _instance_columns(enc: Encoder, items: Items, layout: Layout, steps: list[Any]) -> Iterator[Any] | None:
    enc.allow(len(items) * _LEAST_S)
    dicts = list(map(layout.dict_of, items)) if layout.dict_of else []
    keys = _common_keys(dicts) if dicts else []
    slots = [[slot.read(obj) for obj in items] for slot in layout.slots]
    if keys is None or any(value is UNSET for column in slots for value in column):
        return None
    if not enc.are_new(dicts):
        return None
    enc.feed("instance columns", len(items))
    enc.enter_nodes(items)
    enc.enter_dicts(items, dicts)
    named = list(zip(layout.slots, slots, strict=True))
    return _attribute_columns(enc, type(items[0]), dicts, keys, named, steps)


def _attribute_columns(
    enc: Encoder,
    cls: type,
    dicts: list[Any],
    keys: list[str],
    slots: list[tuple[Slot, list[Any]]],
    steps: list[Any],
) -> Iterator[Any]:
    yield (steps[0], ".__class__"), cls
    enc.feed_plain(keys, {str})
    for key in keys:
        yield from _column(enc, list(map(itemgetter(key), dicts)), f".{key}", steps)
    for slot, values in slots:
        yield from _column(enc, values, f".{slot.name}", steps)
