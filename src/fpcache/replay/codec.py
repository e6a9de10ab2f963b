"""Turn what a run left into bytes and back, keeping identities.

One pickler writes everything a component left, so that objects which share
something still share it afterwards. What existed before the run is not
written: it becomes a reference that is resolved on the live object.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.set_layouts import Recipe, build, build_frozen
from fpcache.replay.flat import from_flat_bytes
from fpcache.replay.locate import UnstorableError, describe, path_to
from fpcache.replay.memory import Ledger
from fpcache.replay.references import resolve
from fpcache.replay.writer import PREFIX, Buffer, Dumped, Finder, Writer

__all__ = ["Buffer", "Dumped", "dump", "find", "load"]

_REMEDY = "keep it inside a function, and return what can be stored"


def _make_set(is_frozen: bool, *made: Any) -> set[Any] | frozenset[Any]:
    return build_frozen(Recipe(*made)) if is_frozen else build(Recipe(*made))


_MAKERS: dict[str, Callable[..., Any]] = {
    "nan": lambda: float("nan"),
    "set": _make_set,
    "flat": from_flat_bytes,
}


class Reader(pickle.Unpickler):
    """Reads one payload, resolving references on the live objects."""

    def __init__(
        self,
        file: io.BytesIO,
        own: Sequence[Buffer],
        native: Sequence[Buffer],
        nodes: Sequence[object],
        namespace: dict[str, Any],
        moved: Mapping[int, Any],
    ) -> None:
        super().__init__(file, buffers=iter(native))
        self._moved = moved
        self._own = own
        self._nodes = nodes
        self._namespace = namespace
        self._made: dict[int, Any] = {}

    def persistent_load(self, token: Any) -> Any:
        """Return the live object that `token` refers to."""
        if isinstance(token, tuple) and token[0] == "buffer":
            return memoryview(self._own[token[1]])
        if isinstance(token, tuple) and token[0] in _MAKERS:
            kind, number, *how = token
            if number not in self._made:
                self._made[number] = _MAKERS[kind](*how)
            return self._made[number]
        if isinstance(token, tuple) and token[0] == "tensor before":
            before = self._moved.get(token[1])
            return resolve(token[1], self._nodes, {}) if before is None else before
        return resolve(token, self._nodes, self._namespace)

    def find_class(self, module: str, name: str) -> Any:
        """Find a global; those of the notebook are looked up in its namespace."""
        if module != "__main__":
            return super().find_class(module, name)
        top, *rest = name.split(".")
        found = resolve(("name", top), self._nodes, self._namespace)
        for attribute in rest:
            found = getattr(found, attribute)
        return found


def dump(
    payload: object,
    *,
    nodes: Sequence[object] = (),
    namespace: dict[str, Any],
    names: Mapping[str, object] | None = None,
    is_bulky: bool = True,
    changed: Collection[int] = (),
    moved: Mapping[int, Any] | None = None,
) -> Dumped:
    """Write `payload` with references to what was there before.

    Parameters
    ----------
    payload : object
        Anything; a component's `Payload` as a rule.
    nodes : sequence of object
        Objects reachable from the component's inputs, in canonical order;
        `load` is given the same ones in the same order.
    namespace : dict
        The notebook's namespace. Functions whose globals these are get the
        namespace given to `load` as their globals.
    names : mapping, optional
        Bindings from before the run; objects of the notebook found here are
        written by name. Default: `namespace`.
    is_bulky : bool, optional
        Whether large containers of plain values are written in one go, in
        which the pickler's marks of single values are not to be found.
    changed : collection of int
        Indexes of the nodes that are no longer what they were: nothing is written as a part of them.
    moved : mapping of int to tensor, optional
        For tensors among the nodes that the run gave other memory, what lies where they lay before.

    Raises
    ------
    UncacheableError
        If something in `payload` can't be stored; the message has its path.
    """
    known, ledger, before = namespace if names is None else names, Ledger(), moved or {}
    while True:
        writer, stream = _write(payload, nodes, namespace, known, ledger, is_bulky, changed, before)
        again = ledger.refined()
        if again is None:
            break
        ledger = again
    _check(
        payload, ledger, [before.get(index, node) for index, node in enumerate(nodes)] if before else nodes
    )
    return writer.dumped(stream)


def _check(payload: object, ledger: Ledger, nodes: Sequence[object]) -> None:
    try:
        ledger.check(nodes)
    except UnstorableError as error:
        raise _refusal(payload, error.culprit, str(error)) from error


def _write(
    payload: object,
    nodes: Sequence[object],
    namespace: dict[str, Any],
    names: Mapping[str, object],
    ledger: Ledger,
    is_bulky: bool,
    changed: Collection[int],
    moved: Mapping[int, Any],
) -> tuple[Writer, bytes]:
    file = io.BytesIO()
    writer = Writer(file, nodes, namespace, names, ledger, is_bulky)
    writer.changed, writer.moved = changed, moved
    try:
        writer.dump(payload)
    except UnstorableError as error:
        raise _refusal(payload, error.culprit, str(error)) from error
    except RecursionError as error:
        raise UncacheableError("its result is nested too deeply to be stored; keep it flatter") from error
    except Exception as error:  # any object's own reduction may raise anything
        told = " ".join(str(error).replace("; ", ", ").split())
        reason = f"is {describe(writer.current)}, which can't be stored ({told})"
        raise _refusal(payload, writer.current, reason) from error
    finally:
        writer.remove_marks()
    return writer, file.getvalue()


def _refusal(payload: object, culprit: object, reason: str) -> UncacheableError:
    path = path_to(payload, culprit)
    what, _, remedy = reason.partition("; ")
    return UncacheableError(f"{f'`{path}`' if path else 'part of its result'} {what}; {remedy or _REMEDY}")


def find(
    payload: object,
    wanted: Collection[int],
    *,
    nodes: Sequence[object],
    namespace: dict[str, Any],
    names: Mapping[str, object],
    moved: Mapping[int, Any] | None = None,
) -> dict[int, object]:
    """Return the objects with these ids that `dump` would meet in `payload`, by id."""
    writer = Finder(io.BytesIO(), nodes, namespace, names, Ledger())
    writer.wanted, writer.met, writer.moved = wanted, {}, moved or {}
    try:
        writer.dump(payload)
    except Exception:
        return {}
    finally:
        writer.remove_marks()
    return writer.met


def load(
    stream: bytes | memoryview,
    buffers: Sequence[Buffer] = (),
    *,
    nodes: Sequence[object] = (),
    namespace: dict[str, Any],
    moved: Mapping[int, Any] | None = None,
) -> Any:
    """Read what `dump` wrote; authenticate the bytes before.

    Arrays of up to 1 GiB own their memory; larger ones lie over the given
    buffer where that is writable (a private copy-on-write map). With `moved`, as given to
    `dump`, it can also be read where the run was.

    Raises
    ------
    UncacheableError
        If a reference can't be resolved or an object can't be rebuilt.
    """
    own_count = PREFIX.unpack_from(stream)[0]
    file = io.BytesIO(memoryview(stream)[PREFIX.size :])
    reader = Reader(file, buffers[:own_count], buffers[own_count:], nodes, namespace, moved or {})
    try:
        return reader.load()
    except UncacheableError:
        raise
    except Exception as error:  # any object's own reconstruction may raise anything
        message = f"the stored result can't be rebuilt here ({type(error).__name__}: {error})"
        raise UncacheableError(message) from error
