"""The pickler that writes what a run left, with references to what was there before."""

from __future__ import annotations

import io
import pickle
import struct
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fpcache.fingerprints.set_layouts import recipe
from fpcache.fingerprints.set_values import is_hashed_by_python
from fpcache.replay.flat import FLAT, LEAST, flat_bytes
from fpcache.replay.memory import Ledger
from fpcache.replay.reducers import Reducer, reducer_for
from fpcache.replay.references import Token, live_tokens

__all__ = ["OUT_OF_BAND_BYTES", "PREFIX", "Buffer", "Dumped", "Finder", "Writer"]

OUT_OF_BAND_BYTES = 64 * 1024
"""Memory of at least this size travels beside the stream, uncopied."""

Buffer = bytes | bytearray | memoryview
PREFIX = struct.Struct("<I")
"""Begins a stream: how many buffers this room's reducers wrote."""


@dataclass(frozen=True, slots=True)
class Dumped:
    """Objects as bytes.

    Attributes
    ----------
    stream : bytes
        The small part.
    buffers : tuple of bytes-like
        Large memory blocks in the order in which `load` wants them. They are
        views of *live* memory: write them before user code runs again.
    names : tuple of str
        Names of the notebook's namespace that the stream refers to. Where one
        is no input of the component, a replay would depend on it unseen.
    """

    stream: bytes
    buffers: tuple[Buffer, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Bytes of the stream and all buffers."""
        return len(self.stream) + sum(memoryview(buffer).nbytes for buffer in self.buffers)


AnyWriter = TypeVar("AnyWriter", bound="Writer")


class StandIn:
    """Stands in the object graph for what is written as a token."""

    __slots__ = ()


class Writer(pickle.Pickler):
    """Writes one payload; the reducers of this room ask it for references."""

    def __init__(
        self,
        file: io.BytesIO,
        nodes: Sequence[object],
        namespace: dict[str, Any],
        names: Mapping[str, object],
        ledger: Ledger,
        is_bulky: bool = True,
    ) -> None:
        self.native_buffers: list[Buffer] = []
        self.nodes = nodes
        self.namespace = namespace
        self.names = names
        self.ledger = ledger
        self.is_bulky = is_bulky
        self.changed: Collection[int] = ()
        self.moved: Mapping[int, Any] = {}
        self.current: object = None
        self.used_names: set[str] = set()
        self.own_buffers: list[Buffer] = []
        self.lookups: dict[str, Any] = {}
        self._tokens = live_tokens(nodes, namespace, names)
        self._stand_ins: list[StandIn] = []
        self._kept: list[object] = []  # so that none of their ids is given away
        self._reducers: dict[type, Reducer] = {}
        self._unmarked: list[type] = []
        self.persistent_id = self._reference_finder()  # type: ignore[method-assign]
        # Not a method of its own: in a cycle, the writer would keep the user's objects alive.
        super().__init__(file, protocol=5, buffer_callback=partial(_take, self.native_buffers))

    def _reference_finder(self) -> Callable[[object], Token | None]:
        """Return what gives the reference that stands for an object, if it was there before the run.

        It is called for every single value, most of which are plain.
        """
        find, specials, reach = self._tokens.get, _SPECIAL.get, weakref.ref(self)

        def reference(obj: Any) -> Token | None:
            kind = type(obj)
            if kind in _PLAIN or (kind is float and obj == obj):
                return None
            token = find(id(obj))
            if token is None:  # as for nearly all
                special = specials(kind)
                if special is None or (kind in FLAT and len(obj) < LEAST):
                    return None
                return special(_alive(reach), obj)
            if isinstance(obj, type):  # every instance refers to its class: that is memoised
                return None
            _alive(reach)._note(token)
            return token

        return reference

    def _float(self, number: float) -> Token | None:
        """Return what stands for one NaN wherever it occurs: `in` tells it from others."""
        return self._made(number, "nan") if number != number else None

    def _set(self, obj: Any) -> Token | None:
        """Return how to build a set that would get another layout if its elements were just added."""
        made = recipe(obj) if is_hashed_by_python(obj) else None
        if made is None or made.is_plain or not made.is_exact:
            return None
        return self._made(obj, "set", isinstance(obj, frozenset), *made)

    def _flat(self, obj: Any) -> Token | None:
        """Return the bytes of a container that need not be written item by item."""
        data = flat_bytes(obj) if self.is_bulky and len(obj) >= LEAST else None
        return None if data is None else self._made(obj, "flat", data)

    def _made(self, obj: Any, kind: str, *how: Any) -> Token:
        """Return what says how to make an object, once."""
        self._kept.append(obj)
        token = self._tokens[id(obj)] = (kind, len(self._kept), *how)
        return token

    def class_reference(self, cls: type) -> StandIn | None:
        """Return what is written for a class that was there before the run."""
        token = self._tokens.get(id(cls))
        if token is None:
            return None
        self._note(token)
        return self._stand_in(token)

    def reducer_override(self, obj: Any) -> Any:
        """Reduce by this room's rules, or by the object's own."""
        self.current = obj
        kind = type(obj)
        reducer = self._reducers.get(kind)
        if reducer is None:
            reducer = self._reducers[kind] = reducer_for(kind)
            if "__slotnames__" not in kind.__dict__:
                self._unmarked.append(kind)
        return reducer(self, obj)

    def tensor_before(self, index: int) -> StandIn:
        """Return what is written for a tensor among the nodes, lying where it lay before the run."""
        return self._stand_in(("tensor before", index))

    def remove_marks(self) -> None:
        """Take off classes the attribute that reducing an instance leaves there."""
        for kind in self._unmarked:
            if "__slotnames__" in kind.__dict__:
                type.__delattr__(kind, "__slotnames__")

    def is_reference(self, obj: object) -> bool:
        """Tell whether `obj` is written as a reference."""
        return id(obj) in self._tokens

    def outsource(self, view: memoryview) -> bytes | StandIn:
        """Return what stands for the bytes of `view`: a copy if small, else a buffer."""
        if view.nbytes < OUT_OF_BAND_BYTES:
            return view.tobytes()
        self.own_buffers.append(view)
        return self._stand_in(("buffer", len(self.own_buffers) - 1))

    def dumped(self, stream: bytes) -> Dumped:
        """Put together what was written."""
        own = tuple(self.own_buffers)
        prefix = PREFIX.pack(len(own))
        return Dumped(prefix + stream, own + tuple(self.native_buffers), tuple(sorted(self.used_names)))

    def _stand_in(self, token: Token) -> StandIn:
        stand_in = StandIn()
        self._stand_ins.append(stand_in)
        self._tokens[id(stand_in)] = token
        return stand_in

    def _note(self, token: Token) -> None:
        if isinstance(token, tuple) and token[0] == "name":
            self.used_names.add(token[1])


def _alive(writer: weakref.ref[AnyWriter]) -> AnyWriter:
    found = writer()
    assert found is not None  # only it asks
    return found


# Values without an identity that a program should ask for.
_PLAIN = frozenset({str, int, bool, bytes, type(None)})

# What is written in another way than the pickler's, although it was not there before the run.
_SPECIAL: dict[type, Callable[[Writer, Any], Token | None]] = {
    float: Writer._float,
    set: Writer._set,
    frozenset: Writer._set,
    **dict.fromkeys(FLAT, Writer._flat),
}


class Finder(Writer):
    """Meets all objects that would be written, and notes those whose ids are wanted."""

    wanted: Collection[int] = ()
    met: dict[int, object]

    def _reference_finder(self) -> Callable[[object], Token | None]:
        """Note each object, and go on as `Writer` does."""
        find, reach = super()._reference_finder(), weakref.ref(self)

        def reference(obj: object) -> Token | None:
            finder = _alive(reach)
            if id(obj) in finder.wanted:
                finder.met[id(obj)] = obj
            return find(obj)

        return reference


def _take(taken: list[Buffer], buffer: pickle.PickleBuffer) -> bool:
    """Take large memory out of the stream; True leaves it there."""
    view = buffer.raw()
    if view.nbytes < OUT_OF_BAND_BYTES:
        return True
    taken.append(view)
    return False
