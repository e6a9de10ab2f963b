"""Weak references: only where it is known that what they lead to lives as long as who follows them."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import ref

from fpcache.fingerprints.weak_closures import holder_of
from fpcache.replay.locate import UnstorableError

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["allow_references", "reduce_reference"]

_LOOKUP = "weak references"


def allow_references(writer: Writer, function: FunctionType) -> None:
    """Note the weak references in a function's closure that lead back to who holds the function."""
    for cell in function.__closure__ or ():
        if holder_of(function, cell) is not None:
            writer.lookups.setdefault(_LOOKUP, {})[id(cell.cell_contents)] = cell.cell_contents


def reduce_reference(writer: Writer, reference: ref[Any]) -> Any:
    """Write a weak reference that was noted; how long others lead somewhere can't be foreseen."""
    if id(reference) in writer.lookups.get(_LOOKUP, ()):
        return ref, (reference(),)
    raise UnstorableError("is a weak reference, of which nobody knows how long it leads somewhere", reference)
