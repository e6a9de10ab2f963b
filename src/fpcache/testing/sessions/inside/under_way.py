"""Descriptions of values that remember how far they have come: iterators, memo tables, files in memory."""

from __future__ import annotations

import gc
import io
import types
from collections.abc import Callable
from typing import Any

from .texts import ADDRESS, name_of, shortened

_ITERATORS: tuple[Any, ...] = (
    iter([]), iter(()), iter({}), iter({}.values()), iter({}.items()), iter(range(0)), iter(range(2**70)),
    iter(""), iter(b""), reversed([]), enumerate(()), zip(), map(str, ()), filter(None, ()),
)  # fmt: skip
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_BY_REFERENTS = ("builtins", "itertools", "operator", "_collections", "collections", "functools")


def iterator(describer: Any, value: Any, path: str) -> object:
    """Describe an iterator of Python's by what is left of it; that moves nothing."""
    _, arguments, *state = value.__reduce__()
    parts = [describer.value(part, f"{path}.{n}") for n, part in enumerate(arguments)]
    return [name_of(type(value)), *parts, *state]


def generator(describer: Any, value: Any, path: str) -> object:
    """Describe a generator by where it stands and its variables."""
    frame = value.gi_frame
    if frame is None:
        return ["generator", value.__qualname__, "ended"]
    names = [[name, describer.value(item, f"{path}.{name}")] for name, item in sorted(frame.f_locals.items())]
    return ["generator", value.__qualname__, frame.f_lasti, *names]


def memo_table(describer: Any, value: Any, path: str) -> object:
    """Describe a function under ``lru_cache`` with those of its results that are objects of their own.

    Which plain values it remembers, and how often it was asked, only saves time.
    """
    attributes = {name: item for name, item in vars(value).items() if name != "cache_parameters"}
    kept = [item for item in _remembered(value) if not _is_plain(item)]
    results = [describer.value(item, f"{path}(call {n})") for n, item in enumerate(kept)]
    limits = list(value.cache_parameters().values())
    return ["lru_cache", limits, results, *describer.pairs(attributes, f"{path}.__dict__")]


def _is_plain(item: object) -> bool:
    """Whether nobody can tell a value from an equal one; the marks in a memo table's own keys are such."""
    if type(item) is tuple:
        return all(map(_is_plain, item))
    return isinstance(item, _PLAIN) or type(item) is object


def _remembered(table: Any) -> list[object]:
    """Return what calls gave, oldest first; of a bounded table with the arguments among it."""
    held = gc.get_referents(table)
    kept = next((item for item in held if isinstance(item, dict) and item is not vars(table)), {})
    if any(type(item).__name__ == "_lru_list_elem" for item in kept.values()):
        skipped = (type, dict, types.FunctionType)
        return [item for item in held if not isinstance(item, skipped) and type(item) is not object]
    return list(kept.values())


def memory_file(describer: Any, value: Any, path: str) -> object:
    """Describe a file in memory: content and position, or that it is closed."""
    if value.closed:
        return [name_of(type(value)), "closed"]
    return [name_of(type(value)), describer.value(value.getvalue(), path), value.tell()]


def error(describer: Any, value: Any, path: str) -> object:
    """Describe an exception by its class, arguments, attributes and cause; its traceback doesn't count."""
    parts = [
        describer.value(type(value), f"type({path})"),
        describer.value(value.args, f"{path}.args"),
        describer.value(value.__cause__, f"{path}.__cause__"),
    ]
    return ["error", *parts, *describer.pairs(vars(value), path)]


def opaque(describer: Any, value: Any, path: str) -> object:
    """Describe an object of Python's without attributes by how it shows itself and what it holds."""
    held = [item for item in gc.get_referents(value) if not isinstance(item, type)]
    parts = [describer.value(item, f"{path}.({n})") for n, item in enumerate(held)]
    shows_itself = type(value).__module__ in ("itertools", "operator") or not held
    text = shortened(ADDRESS.sub("", repr(value))) if shows_itself else ""
    return [name_of(type(value)), text, *parts]


def _is_opaque(value: Any) -> bool:
    kind = type(value)
    return (
        kind.__module__ in _BY_REFERENTS
        and not hasattr(value, "__dict__")
        and not isinstance(value, (list, tuple, dict, set, frozenset, int, float, str, bytes, bytearray))
        and kind.__name__ not in ("deque", "object", "super", "staticmethod", "classmethod")
    )


def _exactly(*kinds: type) -> Callable[[object], bool]:
    return lambda value: type(value) in kinds


def _of(*kinds: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds)


def _is_memo_table(value: Any) -> bool:
    return type(value).__name__ == "_lru_cache_wrapper"


def dispatcher(describer: Any, value: Any, path: str) -> object:
    """Describe a function under ``singledispatch`` by its registry; what it has looked up only saves time."""
    functions = sorted((name_of(kind), function) for kind, function in value.registry.items())
    parts = [[kind, describer.value(function, f"{path}.registry[{kind}]")] for kind, function in functions]
    return ["singledispatch", *parts]


def _is_dispatcher(value: Any) -> bool:
    names = {"dispatch", "registry", "_clear_cache"}
    return type(value) is types.FunctionType and names <= vars(value).keys()


NODES: list[tuple[Callable[[Any], bool], Callable[[Any, Any, str], object]]] = [
    (_exactly(*map(type, _ITERATORS)), iterator),
    (_exactly(types.GeneratorType), generator),
    (_is_memo_table, memo_table),
    (_is_dispatcher, dispatcher),
    (_exactly(io.StringIO, io.BytesIO), memory_file),
    (_of(BaseException), error),
    (_exactly(memoryview),
     lambda d, v, p: ["memoryview", d.value(v.obj, f"{p}.obj"), v.format, list(v.shape)]),
    (_exactly(types.CoroutineType), lambda d, v, p: ["coroutine", v.__qualname__]),
]  # fmt: skip
LAST_NODES: list[tuple[Callable[[Any], bool], Callable[[Any, Any, str], object]]] = [(_is_opaque, opaque)]
