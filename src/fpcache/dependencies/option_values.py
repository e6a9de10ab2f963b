"""Values of options as JSON that keeps their types, and as tokens that tell them apart."""

from __future__ import annotations

from json import dumps
from typing import Any

from fpcache.errors import UnfingerprintableValueError

__all__ = ["decode", "encode", "token"]

_PLAIN = (str, int, float, bool, type(None))


def encode(value: Any) -> Any:
    """Return a value as JSON that ``decode`` turns back.

    Raises
    ------
    TypeError
        For what is no text, number, flag, or container of such.
    """
    if type(value) in _PLAIN:
        return value
    if type(value) is complex:
        return {"complex": [value.real, value.imag]}
    if type(value) in (tuple, list, set, frozenset):
        items = [encode(item) for item in value]
        return {type(value).__name__: sorted(items, key=dumps) if "set" in type(value).__name__ else items}
    if type(value) is dict:
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if type(value).__module__ == "cycler":
        return {"cycler": encode(value.by_key())}
    if isinstance(value, (str, int, float)):  # an enum of texts or numbers, such as a joinstyle
        return encode(_plain(value))
    raise TypeError(f"an option's value of type {type(value).__name__} can't be stored")


def _plain(value: str | float) -> str | float:
    """Return what an instance of a subclass holds, whatever it says of itself."""
    if isinstance(value, str):
        return str.__str__(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def decode(item: Any) -> Any:
    """Return the value that was encoded."""
    if not isinstance(item, dict):
        return item
    ((kind, content),) = item.items()
    if kind == "complex":
        return complex(*content)
    if kind == "dict":
        return {decode(key): decode(value) for key, value in content}
    if kind == "cycler":
        from cycler import cycler

        return cycler(**decode(content))
    return {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}[kind](map(decode, content))


def token(value: Any) -> Any:
    """Return JSON that is equal for equal values; by fingerprint for functions and objects."""
    try:
        return encode(value)
    except TypeError:
        return {"fingerprint": _fingerprint(value)}


def _fingerprint(value: Any) -> str:
    from fpcache.fingerprints import fingerprint

    try:
        return fingerprint(value)
    except UnfingerprintableValueError:
        return f"address {id(value)}"  # holds while this very object is the option
