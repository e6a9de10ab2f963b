"""The order in which this process iterates over sets of strings, bytes and objects.

Whether a component lets that order into its result is found by its analysis;
what the order depends on is told here.
"""

from __future__ import annotations

import os
import sys
from types import CellType

import xxhash

from fpcache.dependencies.context import Context
from fpcache.dependencies.hash_calls import HashCalls, is_only_called
from fpcache.dependencies.loaded_source import statements
from fpcache.dependencies.records import Dependency, Observation, Refusal
from fpcache.fingerprints.records import Reading

__all__ = ["KIND", "check", "current", "dependency", "is_other", "probe"]

KIND = "hash_seed"
_PROBES = ("fpcache", "hash", "seed", "order")
_REMEDY = "`sorted(...)` or a kernel with a fixed PYTHONHASHSEED would fix the order"
_CALLED = "hash(...)"
_HASHES = "uses hashes of text"
_FIXED_SEED = "hashlib gives the same ones in each, and so does a kernel with a fixed PYTHONHASHSEED"
_CALL_IT = "call `hash(...)` directly, so that it is seen what is hashed"
_OWN_HASH = "give the class a `__hash__`, or use a key of its own"
_WORKERS = ("joblib", "multiprocessing", "concurrent", "dask", "ray")
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
    """Records what ``settings["order_uses"]`` names, and what the code hashes by calling ``hash``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calls: HashCalls | None = None

    def start(self) -> None:
        reading = self._context.reading
        if reading is None or not _names_hash(reading) or _holds_hash(reading):
            return
        codes = (function.__code__ for function in reading.functions)
        if is_only_called(statements(self._context.cell_text, 1, sys.maxsize), codes):
            self._calls = HashCalls()
            self._calls.start()

    def stop(self) -> None:
        if self._calls is not None:
            self._calls.stop()

    def observation(self) -> Observation:
        uses = self._context.settings.get("order_uses", ())
        found = [dependency(expression, line) for expression, line in uses]
        reading, calls = self._context.reading, self._calls
        if reading is None or not (_names_hash(reading) or _holds_hash(reading)):
            return Observation(tuple(found))
        if calls is None:
            return Observation(tuple(found), refusals=(Refusal(f"{_HASHES} (`hash`)", _CALL_IT),))
        if calls.is_seeded or _may_run_elsewhere(reading):
            found.append(dependency(_CALLED))
        refused = f"takes the address of an object (`hash` of a `{calls.by_address}`)"
        refusals = (Refusal(refused, _OWN_HASH),) if calls.by_address else ()
        return Observation(tuple(found), refusals=refusals)


def _names_hash(reading: Reading) -> bool:
    return any(resolved.value is hash for resolved in reading.resolved)


def _holds_hash(reading: Reading) -> bool:
    """Whether ``hash`` is reached by another name, as the value of a variable, a default or a closure."""
    values: list[object] = [root.value for root in reading.roots]
    for function in reading.functions:
        values += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        values += [cell.cell_contents for cell in function.__closure__ or () if cell != CellType()]
    return any(value is hash for value in values)


def _may_run_elsewhere(reading: Reading) -> bool:
    """Whether other processes may have called ``hash``, unseen."""
    return any(resolved.path.startswith(_WORKERS) for resolved in reading.resolved)


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
    if dependency.name == f"`{_CALLED}`":
        return f"{_HASHES} (`hash`), other ones in each process; {_FIXED_SEED}"
    return f"depends on the order of a set ({dependency.name}), another in each process; {_REMEDY}"
