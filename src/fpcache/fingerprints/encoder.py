"""One pass over a value: a canonical stream of tokens, and its digest.

Every token is prefix-free (``marshal`` version 2 of exact built-ins, which
knows neither interning nor references), and every frame ends with a mark that
no token starts with, so two different sequences never give the same bytes.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import ne
from typing import Any, NoReturn

import xxhash

from fpcache.errors import FpcacheError, UnfingerprintableValueError
from fpcache.fingerprints.counting import CountsAll
from fpcache.fingerprints.layout import Layout, layout_of
from fpcache.fingerprints.locality import packages_of_class
from fpcache.fingerprints.patches import patches_read
from fpcache.fingerprints.records import Allowance, Buffer, GlobalRead, unlimited
from fpcache.fingerprints.registry import Entry, look_up
from fpcache.fingerprints.tokens import MARSHALLED, Step, one_nan, step_text

__all__ = ["Apart", "Encoder", "Part"]

_END = b")"
_INLINE_BYTES = 1 << 12
_LEAST_BYTE_S = 3e-11
_STRETCH_BYTES = 1 << 24
_MARSHAL_VERSION = 2
_NOTHING_OPEN = 1 << 62


@dataclass(frozen=True, slots=True)
class Apart:
    """A handler's wish for a child's own digest, as if it were a root.

    ``part = yield Apart(step, child)`` answers with a `Part`. Nothing of the
    child enters the stream; feed ``part.digest`` to have it counted.
    """

    step: Step
    child: object
    handler: Callable[[Encoder, Any], Iterator[Any] | None] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What an `Apart` child came to: its digest, and whether it held no nodes."""

    digest: bytes
    is_pure: bool


@dataclass(slots=True)
class _State:
    """What is private to one context: the root's, or that of one `Apart`."""

    hash: Any = field(default_factory=xxhash.xxh3_128)
    nodes: list[object] = field(default_factory=list)
    ranks: dict[int, int] = field(default_factory=dict)
    buffers: list[Buffer] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    children: Iterator[Any]
    step: Step = ""
    reply: Part | None = None
    resume: _State | None = None
    apart: Apart | None = None


class Encoder(CountsAll):
    """Feeds one value, part by part, into a digest.

    Attributes
    ----------
    nodes, buffers : list
        Every object with visible identity, and all memory, in canonical order.
    packages : set of str
        Top-level names of installed modules whose code or classes were met.
    reached : dict
        Globals that functions read, by role, module, name and spelling.
    met_set : bool
        Whether a set was met.
    seeded_set : bool
        Whether a set was met whose order depends on the hash seed.
    counts_set_order : bool
        Whether the layout of sets counts, where neither the hash seed nor chance decides it.
    seeded_orders : list of bytes
        The orders of sets whose hash seed orders them, where those are asked for.
    """

    def __init__(self, name: str = "", allowance: Allowance = unlimited) -> None:
        self.name = name
        self._allowance = allowance
        self._ended: Exception | None = None
        self.packages: set[str] = set()
        self.reached: dict[tuple[object, ...], GlobalRead] = {}
        self.ambiguous: set[int] = set()
        self.met_set = self.seeded_set = self.counts_set_order = False
        self.seeded_orders: list[bytes] = []
        self.kept: list[object] = []
        self.contents: dict[int, bytes] = {}  # of tensors, as `feed_buffer` returns it, by id
        self.pure: dict[int, bool] = {}
        self.descriptions: dict[int, bytes] = {}
        self._entries: dict[type, Entry] = {}
        self._layouts: dict[type, Layout] = {}
        self._frames: list[_Frame] = []
        self._parts: dict[tuple[int, object], Part] = {}
        self._open: dict[int, int] = {}
        self._lowest_open = _NOTHING_OPEN
        self._state = _State()

    @property
    def nodes(self) -> list[object]:
        return self._state.nodes

    @property
    def ranks(self) -> dict[int, int]:
        """Rank by id; ``-1 - rank`` for the ``__dict__`` of that node."""
        return self._state.ranks

    @property
    def buffers(self) -> list[Buffer]:
        return self._state.buffers

    def digest(self) -> bytes:
        """Return the digest of all that was fed so far, 16 bytes."""
        return bytes(self._state.hash.digest())

    # -- for handlers ------------------------------------------------------

    def feed(self, *tokens: bytes | str | int | float | None) -> None:
        """Add tokens of exact built-in types; begin with a tag of your own."""
        if not MARSHALLED.issuperset(map(type, tokens)):
            raise TypeError(f"tokens must be exact built-ins, not {[type(t).__name__ for t in tokens]}")
        self._state.hash.update(marshal.dumps(tokens, _MARSHAL_VERSION))

    def feed_plain(self, items: list[Any] | tuple[Any, ...], kinds: set[type]) -> None:
        """Add a flat sequence whose types, `kinds`, are all in ``MARSHALLED``."""
        if (float in kinds or complex in kinds) and any(map(ne, items, items)):
            items = [one_nan(item) for item in items]
        # Always as a list: its code differs from the one that tokens begin with.
        items = items if type(items) is list else list(items)
        self._state.hash.update(marshal.dumps(items, _MARSHAL_VERSION))

    def feed_buffer(self, view: Any) -> bytes:
        """Add contiguous raw bytes with their length; return what entered: of large ones, a digest."""
        data = memoryview(view).cast("B")
        self.feed("bytes", data.nbytes)
        content = bytes(data) if data.nbytes <= _INLINE_BYTES else self._buffer_digest(data)
        self._state.hash.update(content)
        return content

    def _buffer_digest(self, data: memoryview) -> bytes:
        content = xxhash.xxh3_128()
        for start in range(0, data.nbytes, _STRETCH_BYTES):
            content.update(data[start : start + _STRETCH_BYTES])
            self.allow((data.nbytes - start) * _LEAST_BYTE_S)
        return bytes(content.digest())

    def enter_node(self, obj: object) -> bool:
        """Give `obj` the next rank, or note that it was met; True when it is new."""
        key = id(obj)
        rank = self._state.ranks.get(key)
        if rank is not None:
            self.feed("again", rank)
            return False
        if key in self._open:
            self.feed_open(key)
            return False
        self._state.ranks[key] = len(self._state.nodes)
        self._state.nodes.append(obj)
        return True

    def enter_nodes(self, objects: Iterable[object]) -> None:
        """Give ranks to objects that are all new (ask `are_new` first)."""
        nodes, ranks = self._state.nodes, self._state.ranks
        first = len(nodes)
        nodes.extend(objects)
        ranks.update(zip(map(id, nodes[first:]), range(first, len(nodes)), strict=True))

    def are_new(self, objects: Sequence[Any]) -> bool:
        """Return whether all are distinct and none was met before, without going through all that was."""
        keys = set(map(id, objects))
        known, open_ = self._state.ranks.keys(), self._open.keys()
        return len(keys) == len(objects) and known.isdisjoint(keys) and open_.isdisjoint(keys)

    def enter_dict(self, owner: object, attributes: dict[str, Any]) -> bool:
        """Note the ``__dict__`` of a node; False (and a mark) where it was met before."""
        rank = self._state.ranks.setdefault(id(attributes), -1 - self._state.ranks[id(owner)])
        if rank == -1 - self._state.ranks[id(owner)]:
            return True
        self.feed("dict again", rank)
        return False

    def enter_dicts(self, owners: Iterable[object], dicts: list[Any]) -> None:
        """Note the ``__dict__`` of many nodes; all must be new."""
        ranks = self._state.ranks
        for owner, attributes in zip(owners, dicts, strict=False):
            ranks[id(attributes)] = -1 - ranks[id(owner)]

    def entry(self, cls: type) -> Entry:
        """Return how values of `cls` are encoded."""
        found = self._entries.get(cls)
        if found is None:
            found = self._entries[cls] = look_up(cls)
            self.packages |= packages_of_class(cls)
            for read in patches_read(cls):
                self.reach(read)
        return found

    def layout(self, cls: type) -> Layout:
        """Return where instances of `cls` keep their state."""
        found = self._layouts.get(cls)
        if found is None:
            found = self._layouts[cls] = layout_of(cls)
        return found

    def rank(self, obj: object) -> int:
        """Return the rank that `obj` has as a node."""
        return self._state.ranks[id(obj)]

    def is_open(self, obj: object) -> bool:
        """Feed a mark and return True when `obj` is being taken apart further up."""
        if id(obj) not in self._open:
            return False
        self.feed_open(id(obj))
        return True

    def feed_open(self, key: int) -> None:
        """Feed how many levels up an object is that is being encoded: a cycle."""
        level = self._open[key]
        self._lowest_open = min(self._lowest_open, level)
        self.feed("open", level)

    def keep(self, obj: object) -> None:
        """Keep a temporary alive until the digest ends, so that its id stays its own."""
        self.kept.append(obj)

    def memory(self, owner: object, start: int, size_bytes: int, *, copy_on_write: bool = False) -> None:
        """Note the memory that the node `owner` shows to the program."""
        if size_bytes:
            rank = self._state.ranks.get(id(owner), -1)
            self._state.buffers.append(Buffer(rank, start, size_bytes, copy_on_write))

    def reach(self, read: GlobalRead) -> None:
        """Note a global that a function reads; it becomes a root of its own."""
        place = (read.role, read.module, read.name, read.path, read.rest)
        self.reached.setdefault((*place, id(read.namespace), id(read.value)), read)

    def refuse(self, message: str) -> NoReturn:
        """Raise `UnfingerprintableValueError` with the path of the present place."""
        path = self.path()
        where = f"{path}: " if path else ""
        raise UnfingerprintableValueError(f"{where}{message}", path)

    def path(self) -> str:
        """Return the way from the root to the present place, for people."""
        return self.name + "".join(step_text(frame.step) for frame in self._frames)

    # -- the walk ----------------------------------------------------------

    def encode(self, root: object) -> None:
        """Walk `root` and all below it; what others' code raises becomes a refusal."""
        try:
            self._walk(root)
        except (FpcacheError, MemoryError):
            raise
        except Exception as error:  # reduce methods, stand-ins and properties may raise anything
            if error is self._ended:
                raise
            self.refuse_because(error)
        finally:
            self._frames.clear()  # of a walk that was ended; it would keep what it met, in a cycle with this
            self._ended = None

    def allow(self, ahead_s: float = 0.0) -> None:
        """Go on only where the allowance lasts for what comes next, which takes so many seconds at least."""
        try:
            self._allowance(ahead_s)
        except Exception as error:  # whatever the caller ends a walk with; it is passed on as it is
            self._ended = error
            raise

    def refuse_because(self, error: Exception) -> NoReturn:
        """Refuse the present place because of what its own code raised."""
        path = self.path()
        where = f"{path}: " if path else ""
        told = f"{type(error).__name__}: {error}"
        message = f"{where}can't be fingerprinted: {told}; register its type with fpcache.register"
        raise UnfingerprintableValueError(message, path) from error

    def _walk(self, root: object) -> None:
        frames = self._frames
        self.allow()
        self._enter(root)
        while frames:
            self.allow()
            frame = frames[-1]
            if frame.reply is not None:
                item = _answer(frame)
                if item is not _FINISHED:
                    self._take(frame, item)
                    continue
            elif self._advance(frame):
                continue
            self._leave(frames.pop())

    def _advance(self, frame: _Frame) -> bool:
        """Take children until one needs a frame of its own; False when none is left."""
        depth = len(self._frames)
        frame.step = ""
        for count, item in enumerate(frame.children):
            if type(item) is not tuple:
                self._take(frame, item)
                return True
            if not count & 511:
                self.allow()
            frame.step, child = item
            self._enter(child)
            if len(self._frames) > depth:
                return True
            # What a handler's own code raises from here on isn't the child's fault.
            frame.step = ""
        return False

    def _take(self, frame: _Frame, item: Any) -> None:
        if type(item) is tuple:
            frame.step, child = item
            self._enter(child)
        else:
            frame.step = item.step
            self._enter_apart(item)

    def _enter(self, child: Any) -> None:
        cls = type(child)
        if cls in MARSHALLED:
            if child != child:
                child = one_nan(child)
            self._state.hash.update(marshal.dumps(child, _MARSHAL_VERSION))
            return
        entry = self._entries.get(cls) or self.entry(cls)
        if entry.is_node and not self.enter_node(child):
            return
        children = entry.handler(self, child)
        if children is not None:
            self._frames.append(_Frame(iter(children)))

    def _enter_apart(self, apart: Apart) -> None:
        frame = self._frames[-1]
        frame.reply = self._parts.get((id(apart.child), apart.handler))
        if frame.reply is not None:
            return
        bracket = _Frame(iter(()), resume=self._state, apart=apart)
        self._frames.append(bracket)
        self._state = _State()
        if apart.handler is None:
            self._enter(apart.child)
        elif (children := apart.handler(self, apart.child)) is not None:
            self._frames.append(_Frame(iter(children)))

    def _leave(self, frame: _Frame) -> None:
        if frame.resume is None or frame.apart is None:
            self._state.hash.update(_END)
            return
        part = Part(self.digest(), not self._state.nodes)
        self._state = frame.resume
        self._frames[-1].reply = part
        if self._lowest_open == _NOTHING_OPEN:
            self.keep(frame.apart.child)
            self._parts[(id(frame.apart.child), frame.apart.handler)] = part

    def opened(self, obj: object) -> None:
        """Mark `obj` as being taken apart, until `closed`."""
        self.keep(obj)
        self._open[id(obj)] = len(self._open)

    def closed(self, obj: object) -> None:
        """End what `opened` began."""
        level = self._open.pop(id(obj))
        if self._lowest_open >= level:
            self._lowest_open = _NOTHING_OPEN


_FINISHED: Any = object()


def _answer(frame: _Frame) -> Any:
    """Give a handler the `Part` it asked for; return what it yields next."""
    reply, frame.reply, frame.step = frame.reply, None, ""
    try:
        return frame.children.send(reply)  # type: ignore[attr-defined]
    except StopIteration:
        return _FINISHED
