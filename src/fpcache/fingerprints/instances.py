"""Objects of classes that have no handler of their own: dict, slots, content, reduce.

Python-level state is always read directly, so a ``__reduce__`` that leaves
something out hides nothing. Reduce is asked only for state that C keeps, and
where an installed class says by it which of its attributes are caches.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from typing import Any

from fpcache.fingerprints.attrs_classes import CACHED_HASH
from fpcache.fingerprints.builtin_values import feed_items, feed_sequence
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.layout import UNSET, Layout, Slot, registered_reducer
from fpcache.fingerprints.registry import Handler, dotted_name
from fpcache.fingerprints.set_values import feed_set

__all__ = ["attributes", "encode_instance", "encode_plain", "reduced", "subclass_handler"]

_NO_STATE = frozenset({CACHED_HASH})
_SCALAR_OF: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: bytes.__bytes__,
}


def encode_instance(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode any object by class and state; refuse where C hides the state."""
    layout = enc.layout(type(obj))
    if layout.is_plain or layout.solid in _CONTENT:
        return encode_plain(enc, obj)
    return _encode_reduced(enc, obj, layout)


def encode_plain(enc: Encoder, obj: Any, without: Collection[str] = _NO_STATE) -> Iterator[Any]:
    """Encode class, content, slots and dict, whatever pickling would keep, but for some attributes."""
    layout = enc.layout(type(obj))
    enc.feed("instance")
    yield ".__class__", type(obj)
    if layout.solid in _CONTENT:
        enc.feed("content", layout.solid.__name__)
        yield from _CONTENT[layout.solid](enc, obj) or ()
        enc.feed("end of content")
    yield from attributes(enc, obj, layout.slots, layout, without)


def attributes(
    enc: Encoder, obj: Any, slots: tuple[Slot, ...], layout: Layout, without: Collection[str] = _NO_STATE
) -> Iterator[Any]:
    """Return the attributes of an instance: the given slots, then its dict."""
    for slot in enc.slots_of(obj, slots):
        if slot.name in without:
            continue
        value = slot.read(obj)
        enc.feed("slot" if value is not UNSET else "empty slot", slot.name)
        if value is not UNSET:
            yield f".{slot.name}", value
    if layout.dict_of is None:
        return
    held = layout.dict_of(obj)
    if held is obj:
        enc.feed("own dict")
    elif enc.enter_dict(obj, held):
        counting = enc.attributes_of(held)
        if any(name in held for name in without):  # as good as never
            counting = [item for item in counting if item[0] not in without]
        enc.feed("attributes", len(counting))
        for key, value in counting:
            yield ".__dict__ key", key
            yield f".{key}", value


def _encode_reduced(enc: Encoder, obj: Any, layout: Layout) -> Iterator[Any]:
    enc.feed("reduced")
    yield ".__class__", type(obj)
    yield from reduced(enc, obj)
    if layout.is_local:
        local = tuple(slot for slot in layout.slots if enc.layout(slot.owner).is_local)
        yield from attributes(enc, obj, local, layout)


def reduced(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Return what ``__reduce_ex__`` says of an object, part by part."""
    value = _reduce(enc, obj)
    enc.keep(value)
    if isinstance(value, str):
        enc.feed("global", value, str(getattr(obj, "__module__", "")))
        return
    parts: list[Any] = [*value, *[None] * (6 - len(value))]
    function, args, state, listed, mapped, setter = parts
    enc.feed("reduce", len(args))
    yield ".__reduce__()[0]", function
    for index, arg in enumerate(args):
        yield f".__reduce__()[1][{index}]", arg
    yield ".__reduce__()[2]", state
    for part in (listed, mapped):
        items = None if part is None else list(part)
        enc.keep(items)
        yield ".__reduce__() items", items
    yield ".__reduce__()[5]", setter


def _reduce(enc: Encoder, obj: Any) -> Any:
    try:
        registered = registered_reducer(type(obj))
        return registered(obj) if registered is not None else _reduced_unmarked(obj)
    except Exception as error:  # the type's own code decides what it raises; the reason is passed on
        enc.refuse(
            f"a {dotted_name(type(obj))} can't be fingerprinted ({error}); "
            "register its type with fpcache.register, or keep it out of the cell's inputs"
        )


def _reduced_unmarked(obj: Any) -> Any:
    """Reduce without leaving the ``__slotnames__`` that doing so puts on the class."""
    kind = type(obj)
    was_marked = "__slotnames__" in kind.__dict__
    try:
        return obj.__reduce_ex__(4)
    finally:
        if not was_marked and "__slotnames__" in kind.__dict__:
            type.__delattr__(kind, "__slotnames__")


def subclass_handler(handler: Handler, base: type) -> Handler:
    """Return the handler for subclasses of `base`: class, its content, what was added."""

    def encode_subclass(enc: Encoder, obj: Any) -> Iterator[Any]:
        layout = enc.layout(type(obj))
        enc.feed("subclass", dotted_name(base))
        yield ".__class__", type(obj)
        yield from handler(enc, obj) or ()
        enc.feed("end of base")
        added = tuple(slot for slot in layout.slots if not issubclass(base, slot.owner))
        if base.__dictoffset__ == 0:
            yield from attributes(enc, obj, added, layout)
        else:
            yield from _slots_only(enc, obj, added)

    return encode_subclass


def _slots_only(enc: Encoder, obj: Any, slots: tuple[Slot, ...]) -> Iterator[Any]:
    for slot in enc.slots_of(obj, slots):
        value = slot.read(obj)
        enc.feed("slot" if value is not UNSET else "empty slot", slot.name)
        if value is not UNSET:
            yield f".{slot.name}", value


def _list_content(enc: Encoder, obj: Any) -> Iterator[Any] | None:
    items = list(list.__iter__(obj))
    enc.feed(len(items))
    return feed_sequence(enc, items)


def _tuple_content(enc: Encoder, obj: Any) -> Iterator[Any] | None:
    items = list(tuple.__iter__(obj))
    enc.feed(len(items))
    return feed_sequence(enc, items)


def _dict_content(enc: Encoder, obj: Any) -> Iterator[Any] | None:
    source = OrderedDict if isinstance(obj, OrderedDict) else dict
    items = dict(source.items(obj))
    enc.feed(len(items))
    return feed_items(enc, items)


def _set_content(enc: Encoder, obj: Any) -> Iterator[Any] | None:
    items = frozenset(obj)
    enc.feed(len(items))
    enc.keep(items)
    return feed_set(enc, items)


def _bytearray_content(enc: Encoder, obj: Any) -> None:
    enc.feed_buffer(bytes(memoryview(obj)))


def _scalar_content(enc: Encoder, obj: Any) -> Iterator[Any]:
    solid = enc.layout(type(obj)).solid
    yield "", _SCALAR_OF[solid](obj)


_CONTENT: dict[type, Handler] = {
    list: _list_content,
    tuple: _tuple_content,
    dict: _dict_content,
    OrderedDict: _dict_content,
    set: _set_content,
    frozenset: _set_content,
    bytearray: _bytearray_content,
    **dict.fromkeys(_SCALAR_OF, _scalar_content),
}
