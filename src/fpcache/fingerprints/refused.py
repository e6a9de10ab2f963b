"""What has no fingerprint, because its state is hidden, outside, or moving."""

from __future__ import annotations

from typing import Any, NoReturn

from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.registry import Handler, dotted_name

__all__: list[str] = []


def _refusal(what: str, remedy: str) -> Handler:
    def refuse(enc: Encoder, obj: Any) -> NoReturn:
        enc.refuse(f"a {dotted_name(type(obj))} can't be fingerprinted: {what}; {remedy}")

    return refuse


refuse_generator = _refusal("its remaining items can't be seen", "make it a list")
refuse_coroutine = _refusal("its state can't be seen", "await it first")
refuse_iterator = _refusal("its position can't be seen", "make it a list, or make it anew where it is used")
refuse_file = _refusal("an open file can change outside", "pass its path or its content")
refuse_lock = _refusal("a lock belongs to this process", "make it where it is used")
refuse_thread = _refusal("a thread belongs to this process", "make it where it is used")
refuse_process = _refusal("a process runs on its own", "pass its result")
refuse_connection = _refusal("what is behind it can change outside", "pass what was read from it")
refuse_weakref = _refusal("whether its referent lives can't be foreseen", "pass the object itself")
refuse_live = _refusal("it holds running code", "pass the values it holds")
refuse_entropy = _refusal("it draws from the system's entropy", "use random.Random(seed)")
refuse_figure = _refusal(
    "figures and what is drawn on them change with every draw",
    "draw in the cell that makes the figure, or pass the data",
)
