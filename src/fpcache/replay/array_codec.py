"""NumPy arrays: the owner of memory once, everything else as a window onto it."""

from __future__ import annotations

import sys
from array import array as stdlib_array
from math import prod
from mmap import mmap
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from fpcache.errors import UncacheableError
from fpcache.fingerprints.numpy_values import warns_when_written
from fpcache.replay.locate import UnstorableError, describe
from fpcache.replay.memory import Bounds, byte_bounds, innermost

if TYPE_CHECKING:
    from fpcache.replay.writer import Writer

__all__ = ["OWNED_BYTES", "PRIVATE_MAPS", "Fresh", "build_array", "memory_of", "reduce_array", "reduce_fresh"]

OWNED_BYTES = 2**30
"""Up to this size a restored array owns its memory. Copying that takes a third of a second."""

PRIVATE_MAPS: WeakSet[mmap] = WeakSet()
"""The copy-on-write maps that restored arrays lie on: nobody else's memory."""

_OWN_REDUCTION = ("MaskedArray", "mvoid", "matrix", "recarray", "chararray", "memmap")


class Fresh:
    """Has its array written by value, whatever shares memory with it."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


def reduce_fresh(writer: Writer, fresh: Fresh) -> Any:
    """Write the content of an array as a new one."""
    return _by_value(writer, fresh.array)


def reduce_array(writer: Writer, array: Any) -> Any:
    """Write an array: as a window if its memory is another's, else by value."""
    numpy: Any = sys.modules["numpy"]
    if getattr(array, "_mmap", None) is not None:
        raise UnstorableError(
            "is an array mapped onto a file (`numpy.memmap`); use np.array(...) of it", array
        )
    if warns_when_written(array):
        raise UnstorableError("is made by `numpy.broadcast_arrays`; use np.broadcast_to(...)", array)
    kind = type(array)
    if not _has_plain_memory(array.dtype, numpy) or (
        kind is not numpy.ndarray and _reduces_itself(kind, numpy)
    ):
        return NotImplemented
    node = None if array.base is None else _node_below(writer, array)
    if node is not None:
        return _window(array, node, (node.shape, node.strides, node.dtype))
    container, foundation = innermost(array)
    if container is array:
        return _whole(writer, array, foundation)
    if not _is_dense(writer, container):
        raise UnstorableError("is a view of an array with gaps in its memory; use .copy()", array)
    reached = byte_bounds(array)
    if writer.ledger.view(id(container), container.nbytes, id(array), reached[1] - reached[0]):
        _note_stored(writer, container, reached, array)
        return _by_value(writer, array)
    return _window(array, container, None)


def _note_stored(writer: Writer, container: Any, bounds: Bounds, array: Any) -> None:
    """Note memory that is stored: for a pandas object, if blocks that share it lie on it."""
    is_of_frame = id(container) in writer.lookups.get("frame owners", ())
    note = writer.ledger.store_frame if is_of_frame else writer.ledger.store
    note(bounds, array)


def _is_dense(writer: Writer, container: Any) -> bool:
    """Whether an array that others are views of has no gaps; it is asked for each of them."""
    known = writer.lookups.setdefault("owners", {})
    found = known.get(id(container))
    if found is None:
        found = known[id(container)] = (container, dense_axes(container) is not None)
    return bool(found[1])


def _has_plain_memory(dtype: Any, numpy: Any) -> bool:
    """Structures with objects and variable-length strings keep NumPy's own reduction."""
    is_plain = not dtype.hasobject or dtype == numpy.dtype(object)
    return bool(is_plain and dtype.kind != "T" and dtype.isbuiltin != 2)


def _reduces_itself(kind: Any, numpy: Any) -> bool:
    if kind.__module__.partition(".")[0] == "numpy" and kind.__name__ in _OWN_REDUCTION:
        return False
    plain = numpy.ndarray
    return kind.__reduce__ is not plain.__reduce__ or kind.__setstate__ is not plain.__setstate__


def _whole(writer: Writer, array: Any, foundation: Any) -> Any:
    """Write an array that is no window onto another array."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(foundation, torch.Tensor):
        _check_below(array, foundation)
        offset = array.__array_interface__["data"][0] - foundation.data_ptr()
        return _over_tensor, (foundation, array.dtype, array.shape, array.strides, offset)
    if isinstance(foundation, memoryview):
        foundation = foundation.obj
    if isinstance(foundation, bytearray | stdlib_array):
        origin = sys.modules["numpy"].frombuffer(foundation, "u1").__array_interface__["data"][0]
        start = array.__array_interface__["data"][0] - origin
        return _over_buffer, (foundation, array.dtype, array.shape, array.strides, start)
    if writer.is_reference(foundation) or not _may_be_copied(foundation):
        raise UnstorableError(f"lies on the memory of {describe(foundation)}; use .copy()", array)
    writer.ledger.whole(id(array))
    if not isinstance(foundation, bytes):
        _note_stored(writer, array, byte_bounds(array), array)
    return _by_value(writer, array)


def _check_below(array: Any, tensor: Any) -> None:
    """Refuse an array of a tensor that was given other memory since."""
    low, high = byte_bounds(array)
    start = tensor.untyped_storage().data_ptr()
    if low < high and not start <= low <= high <= start + tensor.untyped_storage().nbytes():
        raise UnstorableError("lies on memory that its tensor no longer has; use .copy()", array)


def _may_be_copied(foundation: Any) -> bool:
    """Tell whether memory of this kind is the process's own.

    Extension objects (capsules, Cython's, a model's) hand out arrays on their
    memory in order to be stored; that two of those overlap, the ledger sees.
    """
    if isinstance(foundation, mmap):
        return foundation in PRIVATE_MAPS
    return not any(base.__module__ == "_ctypes" for base in type(foundation).__mro__)


def _over_tensor(tensor: Any, dtype: Any, shape: Any, strides: Any, offset: int) -> Any:
    base = tensor.detach().numpy()
    return build_window(type(base), base, None, dtype, shape, strides, offset, True)


def _over_buffer(foundation: Any, dtype: Any, shape: Any, strides: Any, offset: int) -> Any:
    import numpy

    return numpy.ndarray(shape, dtype, foundation, offset, strides)


def _node_below(writer: Writer, array: Any) -> Any:
    """Return the input array whose memory `array` lies in, if there is one."""
    numpy: Any = sys.modules["numpy"]
    container = innermost(array)[0]
    if container is array:
        return None
    table = writer.lookups.get("arrays")
    if table is None:
        table = writer.lookups["arrays"] = {}
        for node in writer.nodes:
            if isinstance(node, numpy.ndarray):
                table.setdefault(id(innermost(node)[0]), []).append(node)
    if id(container) not in table:
        return None
    low, high = byte_bounds(array)
    for node in table[id(container)]:
        node_low, node_high = byte_bounds(node)
        if node_low <= low and high <= node_high:
            return node
    return None


def _window(array: Any, base: Any, expected: Any) -> Any:
    offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    place = (array.dtype, array.shape, array.strides, offset, array.flags.writeable)
    if array.dtype.hasobject and not _is_alike(build_window(type(array), base, None, *place), array):
        raise UnstorableError("is a view of objects that can't be made again as it is; use .copy()", array)
    return build_window, (type(array), base, expected, *place), *_attributes(array)


def _is_alike(made: Any, array: Any) -> bool:
    """Whether a view lies on its owner's memory in the same way, and has an array as its base if that had."""
    numpy: Any = sys.modules["numpy"]
    has_array = isinstance(made.base, numpy.ndarray), isinstance(array.base, numpy.ndarray)
    return made.strides == array.strides and has_array[0] == has_array[1]


def _attributes(array: Any) -> tuple[Any, ...]:
    """Return what to append to a reduce value for the attributes of a subclass."""
    attributes = getattr(array, "__dict__", None)
    return (dict(attributes), None, None, _set_attributes) if attributes else ()


def _set_attributes(array: Any, attributes: dict[str, Any]) -> None:
    array.__dict__.update(attributes)


def _by_value(writer: Writer, array: Any) -> Any:
    """Write the content, keeping the order in memory."""
    numpy: Any = sys.modules["numpy"]
    plain = array if type(array) is numpy.ndarray else array.view(numpy.ndarray)
    axes = dense_axes(plain)
    if axes is None:
        plain = plain.copy(order="K")
        axes = dense_axes(plain) or tuple(range(plain.ndim))
    in_order = tuple(range(plain.ndim))
    dense = plain if axes == in_order else plain.transpose(axes)
    layout = (type(array), array.dtype, dense.shape, tuple(map(axes.index, in_order)))
    if plain.dtype.hasobject:
        state = (dense.reshape(-1).tolist(), array.flags.writeable, dict(getattr(array, "__dict__", {})))
        return _new_object_array, layout, state, None, None, _fill_object_array
    data = writer.outsource(memory_of(dense)) if array.nbytes else b""
    return build_array, (*layout, data, array.flags.writeable), *_attributes(array)


def memory_of(dense: Any) -> memoryview:
    """Return the bytes of a C-contiguous array without a copy."""
    numpy: Any = sys.modules["numpy"]
    return memoryview(dense.reshape(-1).view(numpy.uint8))


def dense_axes(array: Any) -> tuple[int, ...] | None:
    """Return the axes, slowest first, in which memory has no gaps; else None."""
    if array.flags.c_contiguous:
        return tuple(range(array.ndim))
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    return tuple(order) if array.transpose(order).flags.c_contiguous else None


def build_array(cls: type, dtype: Any, shape: Any, axes: Any, data: Any, writeable: bool) -> Any:
    """Make an array from the bytes of its dense form."""
    import numpy

    if dtype.itemsize == 0 or prod(shape) == 0:
        array = numpy.zeros(shape, dtype).transpose(axes).copy(order="K")
    else:
        memory = numpy.frombuffer(data, numpy.uint8)
        array = numpy.ndarray(shape, dtype, memory).transpose(axes)
        if memory.nbytes <= OWNED_BYTES or not memory.flags.writeable:
            array = array.copy(order="K")
        elif isinstance(data, memoryview) and isinstance(data.obj, mmap):
            PRIVATE_MAPS.add(data.obj)
    array.flags.writeable = writeable
    return array if cls is numpy.ndarray else array.view(cls)


def _new_object_array(cls: type, dtype: Any, shape: Any, axes: Any) -> Any:
    import numpy

    array = numpy.empty(shape, dtype).transpose(axes).copy(order="K")
    return array if cls is numpy.ndarray else array.view(cls)


def _fill_object_array(array: Any, state: tuple[list[Any], bool, dict[str, Any]]) -> None:
    import numpy

    items, writeable, attributes = state
    plain = array.view(numpy.ndarray)
    dense = plain.transpose(dense_axes(plain))
    flat = dense.reshape(-1)
    for index, item in enumerate(items):
        flat[index] = item
    array.flags.writeable = writeable
    if attributes:
        array.__dict__.update(attributes)


def build_window(
    cls: type, base: Any, expected: Any, dtype: Any, shape: Any, strides: Any, offset: int, writeable: bool
) -> Any:
    """Make a view onto the memory below `base`, `offset` bytes from its first item.

    Raises
    ------
    UncacheableError
        If `base` is an input whose memory is laid out in another way than
        when the view was stored.
    """
    import numpy

    if expected is not None and expected != (base.shape, base.strides, base.dtype):
        raise UncacheableError("an input array lies in memory in another way than when this was stored")
    container = innermost(base)[0]
    start = offset + base.__array_interface__["data"][0] - container.__array_interface__["data"][0]
    locked = writeable and not container.flags.writeable
    if locked:  # the view was made before its owner was made read-only
        container.flags.writeable = True
    window = _laid_over(container.view(numpy.ndarray), dtype, shape, strides, start)
    if locked:
        container.flags.writeable = False
    if window.flags.writeable and not writeable:
        window.flags.writeable = False
    return window if cls is numpy.ndarray else window.view(cls)


def _laid_over(container: Any, dtype: Any, shape: Any, strides: Any, start: int) -> Any:
    import numpy

    axes = dense_axes(container)
    if axes is None:
        raise UncacheableError("an array's owner has gaps in its memory; use .copy()")
    flat = container.transpose(axes).reshape(-1)
    if not container.dtype.hasobject:
        return numpy.ndarray(shape, dtype, flat.view(numpy.uint8), start, strides)
    size = container.itemsize
    return _object_window(flat, shape, [step // size for step in strides], start // size)


def _object_window(flat: Any, shape: Any, steps: list[int], first: int) -> Any:
    """Return a view of objects: by slicing where that can be, since its base is the owner then."""
    import numpy

    repeated = [axis for axis, step in enumerate(steps) if step == 0 and shape[axis] > 1]
    if repeated and 0 not in shape:
        own = [axis for axis in range(len(shape)) if axis not in repeated]
        core = _object_window(flat, [shape[axis] for axis in own], [steps[axis] for axis in own], first)
        found = numpy.broadcast_to(numpy.expand_dims(core, repeated), shape)
        found.flags.writeable = True
        return found
    if len(shape) == 1 and steps[0] and shape[0]:
        end = first + steps[0] * shape[0]
        return flat[first : end if end >= 0 else None : steps[0]]
    dense = flat[first : first + prod(shape)]
    if dense.size == prod(shape):
        axes = sorted(range(len(shape)), key=lambda axis: -steps[axis])
        window = dense.reshape([shape[axis] for axis in axes])
        window = window.transpose([axes.index(axis) for axis in range(len(shape))])
        if [step // flat.itemsize for step in window.strides] == steps:
            return window
    bytes_per_step = [step * flat.itemsize for step in steps]
    return numpy.lib.stride_tricks.as_strided(flat[first:], shape, bytes_per_step)
