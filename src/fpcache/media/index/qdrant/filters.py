"""From ``where=`` to a server's filter: what it lets through holds all that is wanted, and hardly more.

Of each value of the metadata the server gets a word ``["year",2004]``, for equality, and a number, for
ranges: its own, or of a text the first bytes. `passes` then says exactly what
`fpcache.media.index.filters` means.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from json import dumps
from typing import Any

import blake3

from fpcache.media.index.qdrant.connecting import qdrant

__all__ = ["facets_of", "passes", "pushed_down"]

_LONGEST_WORD = 200
_PREFIX_BYTES = 6

Payload = dict[str, Any]


def facets_of(metadata: Mapping[str, Any]) -> Payload:
    """Return what a server filters by: ``words`` and ``numbers``."""
    words: list[str] = []
    numbers: dict[str, float] = {}
    for key, value in metadata.items():
        if value is None:
            continue
        words.append(_word(key))
        if isinstance(value, str):
            words.append(_word(key, value))
            numbers[_name(key, is_text=True)] = _prefix(value)
        elif isinstance(value, (int, float)):
            words.append(_word(key, _plain(value)))
            with contextlib.suppress(OverflowError):  # too large for any bound that can be asked for
                numbers[_name(key, is_text=False)] = float(value)
    return {"words": words, "numbers": numbers}


def pushed_down(where: Mapping[str, Any] | None) -> tuple[list[Any], list[Any]]:
    """Return conditions that must and that must not hold; `where` has been checked before."""
    must, must_not = [], []
    for key, wanted in (where or {}).items():
        if wanted is None:
            must_not.append(_has(_word(key)))
        elif isinstance(wanted, tuple):
            must.append(_between(key, *wanted))
        elif isinstance(wanted, (list, set, frozenset)):
            must.append(_any_of(key, wanted))
        else:
            must.append(_has(_word(key, _plain(wanted))))
    return must, must_not


def passes(metadata: Mapping[str, Any], where: Mapping[str, Any] | None) -> bool:
    """Say whether metadata is as wanted, as `fpcache.media.index.filters.condition` means it."""
    return all(_is_as(metadata.get(key), wanted) for key, wanted in (where or {}).items())


def _is_as(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, (list, set, frozenset)):
        return any(_is_as(value, one) for one in wanted)
    if not isinstance(wanted, tuple):
        return value is None if wanted is None else not isinstance(value, (list, dict)) and value == wanted
    low, high = wanted
    is_text = isinstance(low if low is not None else high, str)
    if not isinstance(value, str if is_text else (int, float)):
        return False
    return (low is None or low <= value) and (high is None or value <= high)


def _word(key: str, *value: Any) -> str:
    """Return a word for a key that has a value at all, or for this one."""
    text = dumps([key, *value], ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _LONGEST_WORD else f"#{blake3.blake3(text.encode()).hexdigest()}"


def _plain(value: Any) -> Any:
    """Return equal numbers as one: 1 for True and 1.0."""
    if isinstance(value, str):
        return value
    return int(value) if value == int(value) else float(value)


def _name(key: str, *, is_text: bool) -> str:
    """Return a name of letters and digits only, so that no path of the server's takes it apart."""
    return ("t" if is_text else "n") + key.encode("utf-8", "surrogatepass").hex()


def _prefix(text: str) -> int:
    """Return a number that is the higher, the later a text comes; equal for texts that begin alike."""
    first = text.encode("utf-8", "surrogatepass")[:_PREFIX_BYTES]
    return int.from_bytes(first.ljust(_PREFIX_BYTES, b"\0"), "big")


def _has(word: str) -> Any:
    models = qdrant().models
    return models.FieldCondition(key="words", match=models.MatchValue(value=word))


def _between(key: str, low: Any, high: Any) -> Any:
    models, is_text = qdrant().models, isinstance(low if low is not None else high, str)
    # Both sides are rounded alike, so what lies within still does.
    least, most = (None if one is None else float(_prefix(one) if is_text else one) for one in (low, high))
    name = f"numbers.{_name(key, is_text=is_text)}"
    return models.FieldCondition(key=name, range=models.Range(gte=least, lte=most))


def _any_of(key: str, choices: Any) -> Any:
    models = qdrant().models
    words = [_word(key, _plain(one)) for one in choices if one is not None]
    conditions: list[Any] = [models.FieldCondition(key="words", match=models.MatchAny(any=words))]
    if any(one is None for one in choices):
        conditions.append(models.Filter(must_not=[_has(_word(key))]))
    return models.Filter(should=conditions)
