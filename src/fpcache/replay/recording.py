"""What a component's run left, as one value that can be stored and applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from json import dumps, loads
from typing import Any

from fpcache.errors import CorruptEntryError, UncacheableError
from fpcache.replay.codec import Buffer, Dumped, dump, find, load
from fpcache.replay.live_frames import LiveFrame, live_frames
from fpcache.replay.mutations import State, obstacle, prepare, put

__all__ = ["Manifest", "Payload", "apply", "capture", "met", "obstacles", "restore"]


@dataclass(frozen=True, slots=True)
class Payload:
    """The objects that a component's run left.

    Attributes
    ----------
    bound : dict
        Names that the component bound, with their values.
    deleted : tuple of str
        Names that it deleted.
    states : tuple of (int, State)
        Nodes of its inputs that it changed in place: index, content after.
    results : tuple of object
        The values of the results shown, in order.
    addressed : tuple of object
        Objects whose addresses the outputs show.
    frames : tuple of (LiveFrame, tuple)
        Frames of its inputs that it changed in place, with what they have to be like.
    """

    bound: dict[str, Any] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    states: tuple[tuple[int, State], ...] = ()
    results: tuple[Any, ...] = ()
    addressed: tuple[Any, ...] = ()
    frames: tuple[tuple[LiveFrame, Any], ...] = ()

    def path_roots(self) -> list[tuple[str, object]]:
        """Return its parts with expressions for them, for messages."""
        states = [("input", state.content) for _, state in self.states]
        attributes = [(f"input.{name}", value) for _, state in self.states for name, value in _own(state)]
        results = [("the value shown", value) for value in self.results]
        return [*self.bound.items(), *states, *attributes, *results]


def _own(state: State) -> list[tuple[str, Any]]:
    return list((state.attributes or {}).items()) + [(name, value) for _, name, value in state.slots]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a stored payload contains, readable without loading it.

    Attributes
    ----------
    bound, deleted : tuple of str
        Names.
    changed : tuple of int
        Indexes of the nodes that are changed in place.
    node_count : int
        How many nodes the inputs had.
    result_count : int
        How many results are shown.
    names : tuple of str
        Names of the notebook that the payload refers to.
    buffer_count : int
        How many buffers belong to it.
    size_bytes : int
        Of stream and buffers.
    """

    bound: tuple[str, ...]
    deleted: tuple[str, ...]
    changed: tuple[int, ...]
    node_count: int
    result_count: int
    names: tuple[str, ...]
    buffer_count: int
    size_bytes: int

    @classmethod
    def of(cls, payload: Payload, dumped: Dumped, nodes: Sequence[object]) -> Manifest:
        """Describe `dumped`, which `capture` made of `payload`."""
        return cls(
            bound=tuple(payload.bound),
            deleted=payload.deleted,
            changed=tuple(index for index, _ in payload.states),
            node_count=len(nodes),
            result_count=len(payload.results),
            names=dumped.names,
            buffer_count=len(dumped.buffers),
            size_bytes=dumped.size_bytes,
        )

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        return dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Manifest:
        """Read what `to_bytes` wrote.

        Raises
        ------
        CorruptEntryError
            If it is something else.
        """
        try:
            fields: dict[str, Any] = loads(bytes(data))
            lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
            return cls(**(fields | lists))
        except (ValueError, TypeError, AttributeError) as error:
            raise CorruptEntryError(f"a stored manifest can't be read ({error})") from error


def capture(
    payload: Payload,
    nodes: Sequence[object],
    namespace: dict[str, Any],
    *,
    frames: Sequence[LiveFrame] | None = None,
    is_bulky: bool = True,
    moved: Mapping[int, Any] | None = None,
) -> Dumped:
    """Write what a run left.

    Parameters
    ----------
    payload : Payload
        Captured at once, before user code runs again: it holds live objects.
    nodes : sequence of object
        The nodes of the component's inputs, found before the run.
    namespace : dict
        The notebook's namespace, before or after the run: what the component
        bound or deleted isn't referred to.
    frames : sequence of LiveFrame, optional
        What `live_frames` gave of `nodes` before the run. Default: as they are now, for those unchanged.
    is_bulky, moved : optional
        See `dump`.

    Raises
    ------
    UncacheableError
        If a part can't be stored, with its path.
    """
    names = _untouched(payload, namespace)
    changed = {index for index, _ in payload.states}
    known = live_frames(nodes) if frames is None else frames
    kept = tuple((frame, frame.expected()) for frame in frames or () if frame.rank in changed)
    present = (None if frames is None and frame.rank in changed else frame for frame in known)
    payload, nodes = replace(payload, frames=kept), (*nodes, *present)
    return dump(
        payload,
        nodes=nodes,
        namespace=namespace,
        names=names,
        is_bulky=is_bulky,
        changed=changed,
        moved=moved,
    )


def met(
    payload: Payload,
    nodes: Sequence[object],
    namespace: dict[str, Any],
    wanted: Collection[int],
    moved: Mapping[int, Any] | None = None,
) -> dict[int, object]:
    """Return the objects in `payload` whose ids are wanted, by id."""
    names = _untouched(payload, namespace)
    return find(payload, wanted, nodes=nodes, namespace=namespace, names=names, moved=moved)


def _untouched(payload: Payload, namespace: dict[str, Any]) -> dict[str, Any]:
    touched = {*payload.bound, *payload.deleted}
    return {name: value for name, value in namespace.items() if name not in touched}


def restore(
    stream: bytes | memoryview,
    buffers: Sequence[Buffer],
    nodes: Sequence[object],
    namespace: dict[str, Any],
    *,
    frames: Sequence[LiveFrame] | None = None,
    moved: Mapping[int, Any] | None = None,
) -> Payload:
    """Read what `capture` wrote, changing nothing that is live; with `moved`, where the run was.

    `frames` is as for `capture`.

    Raises
    ------
    UncacheableError
        If it can't be rebuilt here.
    CorruptEntryError
        If it is no payload.
    """
    frames = live_frames(nodes, is_eager=False) if frames is None else frames
    payload = load(stream, buffers, nodes=(*nodes, *frames), namespace=namespace, moved=moved)
    if not isinstance(payload, Payload):
        raise CorruptEntryError("a stored result is no payload")
    return payload


def obstacles(payload: Payload, nodes: Sequence[object]) -> tuple[tuple[int, str], ...]:
    """Return why `payload` can't be applied to `nodes`: (index of the node, reason)."""
    found = [(index, obstacle(nodes[index], state)) for index, state in payload.states]
    found += [(frame.rank, frame.obstacle(expected)) for frame, expected in payload.frames]
    return tuple((index, reason) for index, reason in found if reason is not None)


def apply(payload: Payload, nodes: Sequence[object], namespace: dict[str, Any]) -> None:
    """Bind, delete and change in place what the run bound, deleted and changed.

    All that can be in the way is looked for first, so that either everything
    is applied or nothing. The result is the caller's to show.

    Raises
    ------
    UncacheableError
        If an input can't be changed in place; nothing was applied.
    """
    in_the_way = obstacles(payload, nodes)
    if in_the_way:
        raise UncacheableError(f"an input {in_the_way[0][1]}")
    for frame, _ in payload.frames:
        frame.write()
    for index, state in payload.states:
        prepare(nodes[index], state)
    for index, state in payload.states:
        put(nodes[index], state)
    namespace.update(payload.bound)
    for name in payload.deleted:
        namespace.pop(name, None)
