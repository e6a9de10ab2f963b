"""Where instances of a class keep their state: C struct, ``__dict__``, slots."""

from __future__ import annotations

import copyreg
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from fpcache.fingerprints.locality import is_local_code

__all__ = ["UNSET", "Layout", "Slot", "layout_of"]

UNSET: Any = object()
"""What an empty slot reads as."""

_WORD = struct.calcsize("P")
_HEAP_TYPE = 1 << 9
_MANAGED_WEAKREF = 1 << 3
_MANAGED_DICT = 1 << 4
_REDUCERS = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a class, read past any ``__getattribute__``."""

    name: str
    owner: type
    descriptor: MemberDescriptorType

    def read(self, obj: Any) -> Any:
        """Return the slot's value in `obj`; `UNSET` where it has none."""
        try:
            return self.descriptor.__get__(obj, type(obj))
        except AttributeError:
            return UNSET


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the instances of one class keep their state.

    Attributes
    ----------
    solid : type
        The base that lays out the C struct: ``object`` where dict and slots
        are everything.
    dict_of : callable or None
        Returns the instance's ``__dict__``.
    slots : tuple of Slot
        Base classes first.
    reduces : bool
        Whether an installed class in the chain says by reduce what its state is
        (so that its caches don't count).
    """

    solid: type
    dict_of: Callable[[Any], dict[str, Any]] | None
    slots: tuple[Slot, ...]
    reduces: bool
    is_local: bool

    @property
    def is_plain(self) -> bool:
        """Whether dict and slots hold everything."""
        return self.solid is object and not self.reduces


def layout_of(cls: type) -> Layout:
    """Return where instances of `cls` keep their state."""
    return Layout(
        solid=_solid_base(cls),
        dict_of=_dict_getter(cls),
        slots=tuple(slot for base in reversed(cls.__mro__) for slot in _own_slots(base)),
        reduces=_reduces(cls) or registered_reducer(cls) is not None,
        is_local=is_local_code(cls),
    )


def registered_reducer(cls: type) -> Callable[[Any], Any] | None:
    """Return what `copyreg` knows to reduce a class by, if that tells what its instances hold.

    tblib, which Dask's cluster loads, registers every exception there is: to carry tracebacks along.
    """
    found: Callable[[Any], Any] | None = copyreg.dispatch_table.get(cls)
    return None if str(getattr(found, "__module__", "")).startswith("tblib") else found


def _reduces(cls: type) -> bool:
    """Return whether the first class that customises pickling is an installed one."""
    for base in cls.__mro__[:-1]:
        if any(name in vars(base) for name in _REDUCERS) and not is_local_code(base):
            return True
    return False


def _solid_base(cls: type) -> type:
    while cls is not object and _adds_no_struct(cls):
        base = cls.__base__
        assert base is not None  # only object has none
        cls = base
    return cls


def _adds_no_struct(cls: type) -> bool:
    """Return whether the class adds nothing to its base but dict, weakrefs and slots."""
    base = cls.__base__
    if base is None or not cls.__flags__ & _HEAP_TYPE or cls.__itemsize__ != base.__itemsize__:
        return False
    words = len(_own_slots(cls)) + _adds_dict(cls, base) + _adds_weakref(cls, base)
    return cls.__basicsize__ - base.__basicsize__ == words * _WORD


def _adds_dict(cls: type, base: type) -> bool:
    managed = bool(cls.__flags__ & _MANAGED_DICT)
    return cls.__dictoffset__ != 0 and base.__dictoffset__ == 0 and not managed


def _adds_weakref(cls: type, base: type) -> bool:
    managed = bool(cls.__flags__ & _MANAGED_WEAKREF)
    return cls.__weakrefoffset__ != 0 and base.__weakrefoffset__ == 0 and not managed


def _own_slots(cls: type) -> list[Slot]:
    if "__slots__" not in vars(cls) or not cls.__flags__ & _HEAP_TYPE:
        return []
    found = [(k, v) for k, v in vars(cls).items() if isinstance(v, MemberDescriptorType)]
    return [Slot(name, cls, member) for name, member in sorted(found) if member.__objclass__ is cls]


def _dict_getter(cls: type) -> Callable[[Any], dict[str, Any]] | None:
    if cls.__dictoffset__ == 0:
        return None
    for base in cls.__mro__:
        getter = vars(base).get("__dict__")
        if isinstance(getter, GetSetDescriptorType):
            return getter.__get__
    return None
