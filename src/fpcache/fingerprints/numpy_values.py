"""NumPy: arrays, scalars, dtypes, masked arrays, random generators.

What counts for an array: its class, shape, dtype, byte order, memory layout
(strides: sums round by it, and views of another dtype need it), whether it is
writeable, and every byte of its content, NaN payloads included. What doesn't:
the address, who owns the memory (overlaps with other nodes do, see
`Encoder.memory`), and bytes that no element uses (padding).
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.builtin_values import feed_sequence
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.refused import refuse_iterator
from fpcache.fingerprints.registry import dotted_name

if TYPE_CHECKING:
    import numpy as np

__all__ = ["feed_content", "feed_dtype", "note_memory", "refuse_iterator", "warns_when_written"]


_WRITEABLE = 0x400  # NPY_ARRAY_WRITEABLE


def warns_when_written(array: Any) -> bool:
    """Whether an array was made by ``numpy.broadcast_arrays``: to ask for its flag by name warns."""
    return bool(array.flags.num < 0)  # the sign is NPY_ARRAY_WARN_ON_WRITE


def encode_array(enc: Encoder, obj: np.ndarray[Any, Any]) -> Iterator[Any]:
    """Encode an array: class, flags, shape, strides where they can be seen, dtype, elements."""
    may_write = "with a warning" if warns_when_written(obj) else bool(obj.flags.num & _WRITEABLE)
    enc.feed("ndarray", _family_name(obj), may_write, obj.ndim, *obj.shape, *_seen_strides(obj))
    note_memory(enc, obj, obj)
    yield from feed_dtype(enc, obj.dtype)
    yield from feed_content(enc, _plain(obj))
    if type(obj).__module__.partition(".")[0] == "numpy":
        yield from _own_attributes(enc, obj)


_FAMILY_ATTRIBUTES = frozenset(
    {
        "_mask", "_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_optinfo", "_basedict",
        "_mmap", "filename", "offset", "mode",
    }
)  # fmt: skip


def _own_attributes(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Feed what was set on an array of one of NumPy's own subclasses; others' are fed around us."""
    for name, value in getattr(obj, "__dict__", {}).items():
        if name not in _FAMILY_ATTRIBUTES:
            enc.feed("attribute", name)
            yield f".{name}", value


def _family_name(obj: Any) -> str:
    name = dotted_name(type(obj))
    return name if name.startswith("numpy.") else "numpy.ndarray"


def _plain(obj: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy

    return obj if type(obj) is numpy.ndarray else obj.view(numpy.ndarray)


def _seen_strides(obj: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Return the strides that matter: not those of axes with one element."""
    if obj.size == 0:
        return (0,) * obj.ndim
    return tuple(step if length > 1 else 0 for step, length in zip(obj.strides, obj.shape, strict=True))


def note_memory(enc: Encoder, owner: object, obj: Any, *, copy_on_write: bool = False) -> None:
    """Note the byte bounds of an array that `owner` shows."""
    if obj.size == 0:
        return
    low = high = obj.__array_interface__["data"][0]
    for step, length in zip(obj.strides, obj.shape, strict=True):
        low, high = (low + step * (length - 1), high) if step < 0 else (low, high + step * (length - 1))
    enc.memory(owner, low, high + obj.itemsize - low, copy_on_write=copy_on_write)


def encode_dtype(enc: Encoder, obj: np.dtype[Any]) -> Iterator[Any]:
    """Encode a dtype that is a value itself."""
    return feed_dtype(enc, obj)


def feed_dtype(enc: Encoder, dtype: np.dtype[Any]) -> Iterator[Any]:
    """Feed a dtype: byte order, unit, field names, offsets, titles, metadata."""
    known = enc.descriptions.get(id(dtype))
    if known is None:
        described = _describe(dtype)
        if described is None:
            yield from _feed_dtype_parts(enc, dtype)
            return
        enc.keep(dtype)
        known = enc.descriptions[id(dtype)] = marshal.dumps(described, 2)
    enc.feed("dtype", known)


def _describe(dtype: np.dtype[Any]) -> tuple[Any, ...] | None:
    """Return a dtype as nested tuples, or None where it holds other objects."""
    if dtype.kind == "T" or dtype.metadata is not None:
        return None
    fields = []
    for name in dtype.names or ():
        field = _field(dtype, name)
        inner = _describe(field[0])
        if len(field) > 2 or inner is None:
            return None
        fields.append((name, field[1], inner))
    shape = dtype.subdtype[1] if dtype.subdtype is not None else None
    base = _describe(dtype.subdtype[0]) if dtype.subdtype is not None else ()
    return None if base is None else (*_dtype_head(dtype), shape, base, tuple(fields))


def _field(dtype: np.dtype[Any], name: str) -> Any:
    fields: Any = dtype.fields
    return fields[name]


def _dtype_head(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    name = dtype.name if dtype.kind == "V" else ""
    return dtype.str, dtype.itemsize, dtype.isalignedstruct, name


def _feed_dtype_parts(enc: Encoder, dtype: np.dtype[Any]) -> Iterator[Any]:
    """Feed a dtype that holds other objects: titles, metadata, a missing value."""
    if dtype.kind == "T":
        enc.feed("string dtype", getattr(dtype, "coerce", True), hasattr(dtype, "na_object"))
        yield ".na_object", getattr(dtype, "na_object", None)
        return
    enc.feed("dtype parts", *_dtype_head(dtype), len(dtype.names or ()))
    if dtype.subdtype is not None:
        enc.feed("subarray", *dtype.subdtype[1])
        yield from feed_dtype(enc, dtype.subdtype[0])
    for name in dtype.names or ():
        field = _field(dtype, name)
        enc.feed("field", name, field[1])
        yield f".fields[{name!r}].title", field[2] if len(field) > 2 else None
        yield from feed_dtype(enc, field[0])
    metadata = dict(dtype.metadata) if dtype.metadata else None
    enc.keep(metadata)
    yield ".metadata", metadata


def feed_content(enc: Encoder, obj: np.ndarray[Any, Any]) -> Iterator[Any]:
    """Feed every element, in C order; padding is left out. The shape is fed before."""
    obj = _once_per_byte(obj)
    if obj.dtype.names is not None:
        for name in obj.dtype.names:
            yield from feed_content(enc, obj[name])
    elif obj.dtype.hasobject or obj.dtype.kind == "T":
        items = obj.ravel().tolist()
        enc.feed("objects", len(items))
        enc.keep(items)
        yield from feed_sequence(enc, items) or ()
    elif obj.dtype.kind == "V" and obj.dtype.subdtype is None and obj.dtype.itemsize == 0:
        enc.feed("void", obj.size)
    else:
        enc.feed_buffer(_bytes_of(obj))


def _once_per_byte(obj: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array without repeats that zero strides make; strides are fed already."""
    if obj.size == 0 or 0 not in obj.strides:
        return obj
    return obj[tuple(slice(0, 1) if step == 0 else slice(None) for step in obj.strides)]


def _bytes_of(obj: np.ndarray[Any, Any]) -> Any:
    """Return the elements as bytes, in memory order where that is dense, else in C order."""
    import numpy

    if obj.flags.f_contiguous and not obj.flags.c_contiguous:
        obj = obj.T
    flat = numpy.ascontiguousarray(obj).reshape(-1)
    if obj.size == 0:
        return b""
    raw = flat.view(numpy.uint8)
    if obj.dtype.char in "gG":
        raw = _without_padding(raw)
    return raw


def _without_padding(raw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Leave out the unused bytes of x87 long doubles, which hold garbage."""
    import numpy

    width = numpy.dtype(numpy.longdouble).itemsize
    if numpy.finfo(numpy.longdouble).nmant != 63:
        return raw
    return numpy.ascontiguousarray(raw.reshape(-1, width)[:, :10]).reshape(-1)


def encode_scalar(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a NumPy scalar by dtype and bytes."""
    import numpy

    array = numpy.asarray(obj)
    enc.feed("numpy scalar")
    enc.keep(array)
    yield from feed_dtype(enc, array.dtype)
    yield from feed_content(enc, array)


def encode_record(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a void scalar, which may be a writeable view of an array's row."""
    import numpy

    array = numpy.asarray(obj)
    enc.feed("numpy record", _family_name(obj), obj.flags.writeable)
    note_memory(enc, obj, obj)
    yield from feed_dtype(enc, obj.dtype)
    enc.keep(array)
    yield from feed_content(enc, array)


def encode_masked(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a masked array: also the data under the mask, which ``.data`` shows."""
    import numpy

    yield from encode_array(enc, obj)
    fill = obj._fill_value
    if fill is None:
        fill = numpy.ma.default_fill_value(obj.dtype)
    enc.feed("masked", bool(obj.hardmask))
    mask = numpy.ma.getmask(obj)
    yield "._mask", None if mask is numpy.ma.nomask else mask
    fill = numpy.array(fill, dtype=obj.dtype)
    enc.keep(fill)
    yield from feed_content(enc, fill)
    yield "._optinfo", obj._optinfo or None


def encode_masked_constant(enc: Encoder, obj: Any) -> None:
    """Encode the one object ``numpy.ma.masked``."""
    enc.feed("masked constant", type(obj).__name__)


def encode_generator(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a generator by its class and its bit generator."""
    enc.feed("generator", dotted_name(type(obj)))
    yield ".bit_generator", obj.bit_generator


def encode_random_state(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a legacy generator: its whole state, with the second Gaussian it may hold."""
    enc.feed("random state", dotted_name(type(obj)))
    if enc.enter_node(obj._bit_generator):
        state = obj.get_state(legacy=False)
        enc.keep(state)
        yield ".get_state()", state


def encode_bit_generator(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the whole state, and the seed sequence that `spawn` goes on from."""
    enc.feed("bit generator", dotted_name(type(obj)))
    state = obj.state
    enc.keep(state)
    yield ".state", state
    yield ".seed_seq", getattr(obj, "seed_seq", None)


def encode_seed_sequence(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the entropy, the place among those spawned, and how many it has spawned."""
    enc.feed("seed sequence", dotted_name(type(obj)), obj.pool_size, obj.n_children_spawned)
    yield ".entropy", obj.entropy
    yield ".spawn_key", obj.spawn_key
