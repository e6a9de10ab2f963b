"""Arrow: columns by their logical content, whatever slices and buffers hold it.

Null slots are normalised and offsets rebased. Chunks count for `ChunkedArray`
and `Table`, which show them, and not where pandas or polars hold Arrow data.
"""

from __future__ import annotations

from typing import Any

from fpcache.fingerprints.encoder import Encoder

__all__ = ["feed_array", "feed_logical"]


def encode_array(enc: Encoder, obj: Any) -> None:
    """Encode an array by its type and its valid elements, not by where they lie in a buffer."""
    enc.feed("arrow array")
    feed_array(enc, obj)


def encode_chunked(enc: Encoder, obj: Any) -> None:
    """Encode a chunked array chunk by chunk: how it is divided can be seen."""
    enc.feed("arrow chunks", obj.num_chunks)
    _feed_type(enc, obj.type)
    for chunk in obj.chunks:
        feed_array(enc, chunk)


def encode_table(enc: Encoder, obj: Any) -> None:
    """Encode a table or record batch: the schema, then its columns."""
    enc.feed("arrow table", type(obj).__name__, obj.num_columns, obj.num_rows)
    encode_schema(enc, obj.schema)
    for column in obj.columns:
        if type(obj).__name__ == "Table":
            encode_chunked(enc, column)
        else:
            feed_array(enc, column)


def encode_schema(enc: Encoder, obj: Any) -> None:
    """Encode the fields in their order, and the metadata."""
    enc.feed("arrow schema", len(obj))
    for field in obj:
        encode_field(enc, field)
    _feed_metadata(enc, obj.metadata)


def encode_field(enc: Encoder, obj: Any) -> None:
    """Encode name, type, whether it may be null, and the metadata."""
    enc.feed("arrow field", obj.name, obj.nullable)
    _feed_type(enc, obj.type)
    _feed_metadata(enc, obj.metadata)


def _feed_metadata(enc: Encoder, metadata: Any) -> None:
    items = list((metadata or {}).items())
    enc.feed("metadata", metadata is not None, *(part for item in items for part in item))


def encode_type(enc: Encoder, obj: Any) -> None:
    """Encode a type with all types and fields below it."""
    _feed_type(enc, obj)


def _feed_type(enc: Encoder, kind: Any) -> None:
    """Feed a type with all below it: ``str`` leaves field metadata out."""
    enc.feed("arrow type", str(kind), kind.id, kind.num_fields, type(kind).__name__)
    for index in range(kind.num_fields):
        encode_field(enc, kind.field(index))
    if hasattr(kind, "storage_type"):
        serialized = getattr(kind, "__arrow_ext_serialize__", None)
        enc.feed(kind.extension_name, bytes(serialized()) if serialized else b"")
        _feed_type(enc, kind.storage_type)


def encode_scalar(enc: Encoder, obj: Any) -> None:
    """Encode a scalar as an array of one element."""
    import pyarrow

    enc.feed("arrow scalar")
    feed_array(enc, pyarrow.array([obj.as_py()], type=obj.type))


def encode_buffer(enc: Encoder, obj: Any) -> None:
    """Encode the bytes of a buffer, and whether they may be changed; its memory may be shared."""
    enc.feed("arrow buffer", obj.is_mutable)
    enc.feed_buffer(memoryview(obj))
    enc.memory(obj, obj.address, obj.size)


def feed_logical(enc: Encoder, chunked: Any) -> None:
    """Feed a chunked array as if it were one array."""
    combined = chunked.combine_chunks() if hasattr(chunked, "chunks") else chunked
    for chunk in getattr(combined, "chunks", [combined]):
        feed_array(enc, chunk)


def feed_array(enc: Encoder, array: Any) -> None:
    """Feed the type, the validity, and the valid elements of an array."""
    import pyarrow.types as kinds

    enc.feed("arrow", len(array), array.null_count)
    _feed_type(enc, array.type)
    if hasattr(array, "storage"):
        feed_array(enc, array.storage)
        return
    if array.null_count:
        enc.feed_buffer(array.is_valid().to_numpy(zero_copy_only=False).tobytes())
    for is_kind, feed in _FEEDERS:
        if getattr(kinds, is_kind, _never)(array.type):
            feed(enc, array)
            return
    _feed_serialized(enc, array)


def _never(_: Any) -> bool:
    return False


def _feed_nothing(_: Encoder, __: Any) -> None:
    """All nulls: the length says everything."""


def _feed_flags(enc: Encoder, array: Any) -> None:
    flags = array.fill_null(False) if array.null_count else array
    enc.feed_buffer(flags.to_numpy(zero_copy_only=False).tobytes())


def _feed_fixed(enc: Encoder, array: Any) -> None:
    import numpy

    width = array.type.bit_width // 8
    if width == 0 or len(array) == 0:
        enc.feed("no bytes")
        return
    raw = numpy.frombuffer(array.buffers()[1], dtype=numpy.uint8)
    data = raw[array.offset * width : (array.offset + len(array)) * width]
    if array.null_count:
        data = data.reshape(len(array), width).copy()
        data[~array.is_valid().to_numpy(zero_copy_only=False)] = 0
        data = data.reshape(-1)
    enc.feed_buffer(data)


def _feed_binary(enc: Encoder, array: Any) -> None:
    import numpy
    import pyarrow.types as kinds

    valid = array.drop_null() if array.null_count else array
    large = kinds.is_large_string(array.type) or kinds.is_large_binary(array.type)
    if len(valid) == 0:
        enc.feed("no bytes")
        return
    _, ends, content = valid.buffers()
    width = numpy.int64 if large else numpy.int32
    offsets = numpy.frombuffer(ends, dtype=width)[valid.offset : valid.offset + len(valid) + 1]
    enc.feed_buffer((offsets - offsets[0]).astype(numpy.int64))
    first, last = int(offsets[0]), int(offsets[-1])
    enc.feed_buffer(memoryview(content)[first:last] if content is not None else b"")


def _feed_string_view(enc: Encoder, array: Any) -> None:
    import pyarrow

    _feed_binary(enc, array.cast(pyarrow.large_string()))


def _feed_binary_view(enc: Encoder, array: Any) -> None:
    import pyarrow

    _feed_binary(enc, array.cast(pyarrow.large_binary()))


def _feed_dictionary(enc: Encoder, array: Any) -> None:
    feed_array(enc, array.dictionary)
    feed_array(enc, array.indices)


def _feed_lists(enc: Encoder, array: Any) -> None:
    valid = array.drop_null() if array.null_count else array
    feed_array(enc, valid.value_lengths())
    feed_logical(enc, valid.flatten())


def _feed_fixed_lists(enc: Encoder, array: Any) -> None:
    valid = array.drop_null() if array.null_count else array
    feed_logical(enc, valid.flatten())


def _feed_struct(enc: Encoder, array: Any) -> None:
    for part in array.flatten():
        feed_array(enc, part)


def _feed_serialized(enc: Encoder, array: Any) -> None:
    """Feed Arrow's own serialisation of a rare type: exact, though it tells slices apart."""
    import pyarrow

    batch = pyarrow.record_batch([array], names=["values"])
    enc.feed_buffer(batch.serialize())


_FEEDERS: tuple[tuple[str, Any], ...] = (
    ("is_null", _feed_nothing),
    ("is_boolean", _feed_flags),
    ("is_dictionary", _feed_dictionary),
    ("is_string", _feed_binary),
    ("is_large_string", _feed_binary),
    ("is_binary", _feed_binary),
    ("is_large_binary", _feed_binary),
    ("is_string_view", _feed_string_view),
    ("is_binary_view", _feed_binary_view),
    ("is_fixed_size_list", _feed_fixed_lists),
    ("is_map", _feed_serialized),
    ("is_list", _feed_lists),
    ("is_large_list", _feed_lists),
    ("is_struct", _feed_struct),
    ("is_union", _feed_serialized),
    ("is_primitive", _feed_fixed),
    ("is_decimal", _feed_fixed),
    ("is_fixed_size_binary", _feed_fixed),
)
