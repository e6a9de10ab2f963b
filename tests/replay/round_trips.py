"""Write and read a payload as a store would, in one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fpcache.replay.codec import Dumped, dump, load
from fpcache.replay.live_frames import LiveFrame
from fpcache.replay.recording import Payload, apply, capture, restore


def stored(dumped: Dumped) -> list[bytearray]:
    """Return the buffers as bytes of their own, writable like a private map."""
    return [bytearray(buffer) for buffer in dumped.buffers]


def round_trip(value: Any, nodes: Sequence[object] = (), namespace: dict[str, Any] | None = None) -> Any:
    """Return what a replay would restore for `value`."""
    namespace = {} if namespace is None else namespace
    dumped = dump(value, nodes=nodes, namespace=namespace)
    return load(dumped.stream, stored(dumped), nodes=nodes, namespace=namespace)


def replay(
    payload: Payload,
    recorded: Sequence[object],
    live: Sequence[object],
    namespace: dict[str, Any],
    frames: Sequence[LiveFrame] | None = None,
) -> Payload:
    """Capture a payload against `recorded` nodes and apply it to `live` ones."""
    dumped = capture(payload, recorded, dict(namespace), frames=frames)
    buffers = stored(dumped)
    restored = restore(dumped.stream, buffers, live, namespace)
    apply(restored, live, namespace)
    return restored


def notebook(source: str, **names: Any) -> dict[str, Any]:
    """Run `source` as a notebook would and return its namespace."""
    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    exec(compile(source, "<cell>", "exec"), namespace)
    return namespace


def without(namespace: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return `namespace` as it was before `names` were bound."""
    return {name: value for name, value in namespace.items() if name not in names}
