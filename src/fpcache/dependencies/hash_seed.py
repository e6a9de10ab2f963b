"""The order in which this process iterates over sets of strings, bytes and objects.

Whether a component lets that order into its result is found by its analysis;
what the order depends on is told here.
"""

from __future__ import annotations

import os
import sys
from types import CellType, FunctionType

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency, Observation
from fpcache.dependencies.volatile import names_in
from fpcache.fingerprints.records import Reading

__all__ = ["KIND", "check", "current", "dependency", "is_other", "probe"]

KIND = "hash_seed"
_PROBES = ("fpcache", "hash", "seed", "order")
_REMEDY = "`sorted(...)` or a kernel with a fixed PYTHONHASHSEED would fix the order"
_by_address = [f"{os.getpid()}-{os.urandom(8).hex()}"]


def current(*, by_address: bool = False) -> str:
    """Return a digest of this process's hash seed.

    Parameters
    ----------
    by_address : bool, optional
        Whether the elements are hashed by their address: no other process
        orders them alike, whatever its seed.
    """
    if by_address:
        return f"address-{_by_address[0]}"
    hashes = ",".join(str(hash(text)) for text in _PROBES)
    return xxhash.xxh3_128_hexdigest(f"{sys.hash_info.algorithm},{sys.hash_info.width},{hashes}".encode())


def dependency(expression: str, line: int | None = None, *, by_address: bool = False) -> Dependency:
    """Return the dependency of code that iterates over a set.

    Parameters
    ----------
    expression : str
        The expression, for people, such as ``"list(labels)"``.
    line : int, optional
        Its line in the cell.
    by_address : bool, optional
        Whether elements are hashed by their address.
    """
    place = f"`{expression}`" if line is None else f"`{expression}`, line {line}"
    return Dependency(KIND, place, current(by_address=by_address))


class _Probe:
    """Records what ``settings["order_uses"]`` names: expressions that iterate over a set.

    Followed functions that name ``hash`` count as well: a string's hash is
    another in each process.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def observation(self) -> Observation:
        uses = self._context.settings.get("order_uses", ())
        found = [dependency(expression, line) for expression, line in uses]
        reading = self._context.reading
        if reading is not None and _shows_hash(reading, self._context.cell_text):
            found.append(dependency("hash(...)"))
        return Observation(tuple(found))


def _shows_hash(reading: Reading, cell_text: str) -> bool:
    """Whether code calls ``hash`` elsewhere than in a ``__hash__``, whose result only sets and dicts see."""
    found = [resolved for resolved in reading.resolved if resolved.value is hash]
    if not found or not all(resolved.chain for resolved in found) or ".__hash__" in cell_text:
        return bool(found)
    methods = [function for function in reading.functions if function.__name__ == "__hash__"]
    classes = [vars(root.value) for root in reading.roots if isinstance(root.value, type)]
    return (
        not any(map(_names_hash, methods))
        or any(_names_hash(function) for function in reading.functions if function not in methods)
        or any(value is hash for attributes in classes for value in attributes.values())
    )


def _names_hash(function: FunctionType) -> bool:
    """Whether a function can reach ``hash``, also by another name, or a ``__hash__``."""
    cells = (cell.cell_contents for cell in function.__closure__ or () if cell != CellType())
    held = (*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    names = names_in(function.__code__)
    by_name = (function.__globals__.get(name) for name in names)
    return not names.isdisjoint({"hash", "__hash__"}) or any(value is hash for value in (*held, *by_name))


def is_other(seed: str) -> bool:
    """Whether this process orders sets otherwise than the one with that `current` digest."""
    return seed != current()


def probe(context: Context) -> _Probe:
    """Return a probe for the hash seed."""
    return _Probe(context)


def check(dependency: Dependency, context: Context) -> str | None:
    """Say that this process orders sets otherwise than the recorded one."""
    if dependency.expected in (current(), current(by_address=True)):
        return None
    return f"depends on the order of a set ({dependency.name}), another in each process; {_REMEDY}"
