"""The standard library's data types: what a program can see of each, and no more.

Dates, numbers, paths and the like are immutable: they are no nodes. Objects
that C keeps closed are read as their own pickling reads them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from fpcache.fingerprints.builtin_values import feed_items, feed_sequence
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.instances import reduced

__all__: list[str] = []


def encode_date(enc: Encoder, obj: Any) -> None:
    """Encode year, month and day."""
    enc.feed("date", obj.year, obj.month, obj.day)


def encode_datetime(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the fields with fold and time zone: equal instants may differ in these."""
    enc.feed("datetime", obj.year, obj.month, obj.day)
    enc.feed(obj.hour, obj.minute, obj.second, obj.microsecond, obj.fold)
    yield ".tzinfo", obj.tzinfo


def encode_time(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the fields with fold and time zone."""
    enc.feed("time", obj.hour, obj.minute, obj.second, obj.microsecond, obj.fold)
    yield ".tzinfo", obj.tzinfo


def encode_timedelta(enc: Encoder, obj: Any) -> None:
    """Encode days, seconds and microseconds."""
    enc.feed("timedelta", obj.days, obj.seconds, obj.microseconds)


def encode_timezone(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the offset, and the name where one was given."""
    arguments = obj.__getinitargs__()
    enc.feed("timezone", len(arguments), *arguments[1:])
    yield ".utcoffset()", arguments[0]


def encode_zone(enc: Encoder, obj: Any) -> None:
    """Encode the key; a zone read from a file without one is refused."""
    if obj.key is None:
        enc.refuse("a zone read from a file without a key can't be fingerprinted; give from_file a key")
    enc.feed("zone", obj.key)


def encode_decimal(enc: Encoder, obj: Any) -> None:
    """Encode sign, digits and exponent: ``1.0`` and ``1.00`` are two values."""
    sign, digits, exponent = obj.as_tuple()
    enc.feed("decimal", sign, "".join(map(str, digits)), exponent)


def encode_fraction(enc: Encoder, obj: Any) -> None:
    """Encode numerator and denominator."""
    enc.feed("fraction", obj.numerator, obj.denominator)


def encode_uuid(enc: Encoder, obj: Any) -> None:
    """Encode the number, and whether it was made in a way that is safe among processes."""
    enc.feed("uuid", obj.int, obj.is_safe.name)


def encode_path(enc: Encoder, obj: Any) -> None:
    """Encode the path as it is written; what lies there is a dependency of what reads it."""
    enc.feed("path", type(obj).__name__, str(obj))


def encode_address(enc: Encoder, obj: Any) -> None:
    """Encode an IP address, network or interface by its class and text."""
    enc.feed("address", type(obj).__name__, str(obj))


_ENUM_NAMES = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})


def encode_enum(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode a member by name, value and attributes of its own."""
    own = {key: value for key, value in vars(obj).items() if key not in _ENUM_NAMES}
    enc.feed("enum", obj._name_, len(own))
    yield ".value", obj._value_
    for key, value in own.items():
        enc.feed(key)
        yield f".{key}", value


def encode_deque(enc: Encoder, obj: Any) -> Iterator[Any] | None:
    """Encode the items and the maximal length."""
    enc.feed("deque", obj.maxlen, len(obj))
    return feed_sequence(enc, list(obj))


def encode_defaultdict(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the items in their order, and the factory."""
    items = dict(dict.items(obj))
    enc.feed("defaultdict", len(items))
    yield ".default_factory", obj.default_factory
    yield from feed_items(enc, items) or ()


def encode_array(enc: Encoder, obj: Any) -> None:
    """Encode type code and elements; their memory may be shared with views."""
    enc.feed("array", obj.typecode, obj.itemsize, len(obj))
    start, length = obj.buffer_info()
    enc.memory(obj, start, length * obj.itemsize)
    enc.feed_buffer(memoryview(obj) if length else b"")


def encode_pattern(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the pattern and its flags."""
    enc.feed("pattern", obj.flags)
    yield ".pattern", obj.pattern


def encode_match(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode pattern, text, bounds and all groups."""
    enc.feed("match", obj.pos, obj.endpos, obj.lastindex, obj.lastgroup, len(obj.regs))
    for start, stop in obj.regs:
        enc.feed(start, stop)
    yield ".re", obj.re
    yield ".string", obj.string


def encode_memory_file(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode content, position and attributes of a ``StringIO`` or ``BytesIO``."""
    if obj.closed:
        enc.feed("closed memory file")
        return
    *content, attributes = obj.__getstate__()
    # Looking at `__dict__` is enough to make an empty one.
    state = (*content, attributes or None)
    enc.keep(state)
    enc.feed("memory file", type(obj).__name__, len(state))
    for part in state:
        yield ".getvalue()", part


def encode_random(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the whole state of a ``random.Random``, with the Gaussian it may hold."""
    own = {key: value for key, value in vars(obj).items() if key != "gauss_next"}
    enc.feed("random", len(own))
    yield ".getstate()", obj.getstate()
    for key, value in own.items():
        enc.feed(key)
        yield f".{key}", value


def encode_struct(enc: Encoder, obj: Any) -> None:
    """Encode the format."""
    enc.feed("struct", obj.format)


def encode_type_variable(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode name, variance, bound and constraints."""
    enc.feed("type variable", obj.__name__, obj.__covariant__, obj.__contravariant__)
    yield ".__bound__", obj.__bound__
    yield ".__constraints__", obj.__constraints__


def encode_logger(enc: Encoder, obj: Any) -> None:
    """Encode a logger by name and level: handlers belong to the process."""
    enc.feed("logger", obj.name, obj.level, obj.disabled, obj.propagate)


def encode_mapping_proxy(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode the mapping behind it, which may change."""
    enc.feed("mapping proxy")
    (mapping,) = gc.get_referents(obj)
    yield ".mapping", mapping


def encode_exception(enc: Encoder, obj: Any) -> Iterator[Any]:
    """Encode arguments, cause, context and attributes; one with a traceback is refused."""
    if obj.__traceback__ is not None:
        enc.refuse("an exception with a traceback holds running code; use e.with_traceback(None)")
    enc.feed("exception", obj.__suppress_context__)
    yield ".args", obj.args
    yield ".__cause__", obj.__cause__
    yield ".__context__", obj.__context__
    yield ".__dict__", vars(obj)
    yield from reduced(enc, obj)
