"""What is registered with abstract base classes: ``A.register(B)`` makes an instance of B one of A.

A class of the user's knows the abstract classes that it was registered with, an abstract class
of the user's the installed ones that were registered with it. Of two installed ones neither
can know; that is left to who keeps the history of the process.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

from fpcache.fingerprints.locality import is_local_code

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = ["installed_pairs", "registrations"]

_dump: Callable[[type], tuple[set[ref[type]], Any, Any, Any]] | None = getattr(abc, "_get_dump", None)
_OPEN: tuple[type, ...] = (abc.ABC, Protocol)  # everybody's bases, asked for by nobody


@dataclass(slots=True)
class _Scan:
    """All registrations in the process at one moment; valid until the next one is made.

    Attributes
    ----------
    token : object
        What the process counts registrations by.
    local : dict
        By id, local classes with the abstract ones that they were registered with.
    pairs : set of (str, str)
        Installed abstract classes with the installed ones that were registered with them.
    """

    token: object = None
    local: dict[int, tuple[ref[type], list[ref[type]]]] = field(default_factory=dict)
    pairs: frozenset[tuple[str, str]] = frozenset()


_last = _Scan()


def installed_pairs() -> frozenset[tuple[str, str]]:
    """Return the names of installed abstract classes with those of installed classes registered with them."""
    return _scan().pairs


def registrations(enc: Encoder, cls: type) -> Iterator[tuple[str, Any]]:
    """Take in the registrations of a local class: with others, and of installed ones with it."""
    for abstract in _registered_with(cls):
        enc.feed("registered with", _path(abstract))
        if is_local_code(abstract):
            yield f".<registered with {abstract.__name__}>", abstract
    if _dump is None or not _is_abstract(cls):
        return
    below = list(_with_subclasses(cls))
    names = sorted({_path(found) for one in below for found in _registry(one) if not is_local_code(found)})
    if names:
        enc.feed("registered", *names)
    for one in sorted(filter(_has_own_hook, below[1:]), key=_path):
        yield f".<subclass {one.__name__}>", one


def _registered_with(cls: type) -> list[type]:
    known = _scan().local.get(id(cls))
    if known is None or known[0]() is not cls:
        return []
    return sorted((found for held in known[1] if (found := held()) is not None), key=_path)


def _scan() -> _Scan:
    global _last
    token = abc.get_cache_token()
    if _last.token != token:
        _last = _scanned(token)
    return _last


def _scanned(token: object) -> _Scan:
    found = _Scan(token)
    pairs: set[tuple[str, str]] = set()
    for abstract in filter(_is_abstract, _with_subclasses(object)) if _dump is not None else ():
        for registered in _registry(abstract):
            if is_local_code(registered):
                entry = found.local.setdefault(id(registered), (ref(registered), []))
                entry[1].append(ref(abstract))
            else:
                pairs.update((_path(base), _path(registered)) for base in _installed_bases(abstract))
    found.pairs = frozenset(pairs)
    return found


def _installed_bases(abstract: type) -> Iterator[type]:
    """Yield the abstract class itself where it is installed, else those installed ones that it is made of."""
    if not is_local_code(abstract):
        yield abstract
        return
    for base in abstract.__mro__:
        if _is_abstract(base) and base not in _OPEN and not is_local_code(base):
            yield base


def _registry(abstract: type) -> list[type]:
    """Return the classes registered with an abstract class that are still there."""
    held = _dump(abstract)[0] if _dump is not None else ()
    return [found for one in list(held) if (found := one()) is not None]


def _is_abstract(cls: type) -> bool:
    return issubclass(type(cls), abc.ABCMeta)


def _with_subclasses(cls: type) -> Iterator[type]:
    """Yield a class and all below it, each once."""
    met: dict[int, type] = {}
    pending = [cls]
    while pending:
        found = pending.pop()
        if id(found) not in met:
            met[id(found)] = found
            yield found
            pending += type.__subclasses__(found)


def _has_own_hook(cls: type) -> bool:
    """Whether the user's code in a class decides what counts as its subclasses."""
    hook = vars(cls).get("__subclasshook__")
    return hook is not None and is_local_code(getattr(hook, "__func__", hook))


def _path(cls: type) -> str:
    return f"{type.__dict__['__module__'].__get__(cls)}.{type.__dict__['__qualname__'].__get__(cls)}"
