"""Values as plain data, with what is the same object as what: written apart from fpcache, to judge it.

``describe`` returns nested lists of texts and numbers. Objects that can be told
apart by identity are described where they are met first; later meetings say
``["again", path]``. Nothing here pickles or hashes through fpcache. Values of
libraries are in ``library_values``.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import logging
import pathlib
import random
import re
import sys
import threading
import types
import uuid
import weakref
from collections.abc import Callable, Iterable
from json import dumps  # as it is before a notebook patches it
from typing import Any

from . import library_values, under_way
from .texts import ADDRESS, digest, name_of, shortened

_BY_REPR = (
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, decimal.Decimal, fractions.Fraction,
    pathlib.PurePath, uuid.UUID, re.Pattern, range, slice, type(...), type(NotImplemented),
)  # fmt: skip


def describe(roots: dict[str, object]) -> dict[str, object]:
    """Describe named values, in the order of the names."""
    return Describer(roots).described()


def _theirs_first(name: str) -> tuple[bool, str]:
    """Order names so that a value is described at the user's name for it, and not in ``Out``."""
    return name == "Out" or name.startswith("_"), name


def _in_any_order(name: str, value: object) -> object:
    """Sort what warnings were shown: only whether one is there counts."""
    if name == "__warningregistry__" and type(value) is dict:
        return dict(sorted(value.items(), key=repr))
    return value


class Describer:
    """One pass over a namespace."""

    def __init__(self, roots: dict[str, object]) -> None:
        self.roots = {name: roots[name] for name in sorted(roots, key=_theirs_first)}
        self.globals_ids = {id(value) for value in (roots.get("__globals__"),)}
        self.met: dict[int, tuple[str, object]] = {}
        self.spans: list[tuple[int, int, str]] = []

    def described(self) -> dict[str, object]:
        """Describe all roots, and which of their buffers share memory."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, 5000))
        try:
            described = {
                name: self.value(_in_any_order(name, value), name) for name, value in self.roots.items()
            }
        finally:
            sys.setrecursionlimit(limit)
        described["(shared memory)"] = self.overlaps()
        return described

    def value(self, value: Any, path: str) -> object:
        """Describe one value at one path."""
        kind = type(value)
        if value is None or kind in (bool, int):
            return shortened(value)
        if kind is str:
            return shortened(ADDRESS.sub(" at 0x…", value))
        if kind is float or kind is complex:
            return [kind.__name__, repr(value)]
        if kind is bytes:
            return ["bytes", shortened(repr(value))]
        if kind is tuple:
            return ["tuple", *self.items(value, path)]
        if kind is frozenset:
            return ["frozenset", *self.unordered(value)]
        if isinstance(value, enum.Enum):
            return ["enum", name_of(kind), value.name]
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, _BY_REPR):
            return [name_of(kind), repr(value)]
        if isinstance(value, type) and value.__module__ != "__main__":
            return ["class", name_of(value)]
        if isinstance(
            value, (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
        ):
            return ["builtin", getattr(value, "__qualname__", repr(kind))]
        if id(value) in self.met and not library_values.is_scalar(value):
            return ["again", self.met[id(value)][0]]
        self.met[id(value)] = (path, value)  # the reference keeps the id taken
        return self.node(value, path)

    def items(self, values: Iterable[object], path: str) -> list[object]:
        return [self.value(item, f"{path}[{index}]") for index, item in enumerate(values)]

    def unordered(self, values: Iterable[object]) -> list[object]:
        """Describe set elements by themselves, in an order of their descriptions."""
        described: list[object] = []
        for item in values:
            if id(item) in self.met:
                described.append(["again", self.met[id(item)][0]])
            else:
                described.append(Describer({"element": item}).described()["element"])
        return sorted(described, key=dumps)

    def node(self, value: Any, path: str) -> object:
        """Describe an object that has an identity to be seen."""
        for test, describer in (*under_way.NODES, *_NODES, *library_values.NODES, *under_way.LAST_NODES):
            if test(value):
                return describer(self, value, path)
        return self.instance(value, path)

    def instance(self, value: object, path: str) -> object:
        """Describe an instance by its class, its built-in content and its attributes."""
        kind = type(value)
        parts: list[object] = ["instance", self.value(kind, f"type({path})")]
        parts += [*self.content(value, path)]
        attributes = own_attributes(value)
        if attributes is None and len(parts) == 2:
            text = ADDRESS.sub("", safe_repr(value))
            return [*parts, shortened(text)]
        for name, item in sorted((attributes or {}).items(), key=lambda pair: str(pair[0])):
            parts.append([str(name), self.value(item, f"{path}.{name}")])
        return parts

    def content(self, value: object, path: str) -> list[object]:
        """Describe what an instance of a subclass of a built-in container holds."""
        if isinstance(value, dict):
            return [["items", *self.pairs(value, path)]]
        if isinstance(value, (list, tuple, collections.deque)):
            extra = [value.maxlen] if isinstance(value, collections.deque) else []
            return [["items", *extra, *self.items(value, path)]]
        if isinstance(value, (set, frozenset)):
            return [["items", *self.unordered(value)]]
        if isinstance(value, (int, float, str, bytes, bytearray)):
            base = next(b for b in (int, float, str, bytes, bytearray) if isinstance(value, b))
            return [["value", shortened(base.__repr__(value))]]
        return []

    def pairs(self, value: Any, path: str) -> list[object]:
        kind: Any = collections.OrderedDict if isinstance(value, collections.OrderedDict) else dict
        return [
            [self.value(key, f"key {text} of {path}"), self.value(item, f"{path}[{text}]")]
            for key, item in kind.items(value)
            for text in [ADDRESS.sub("", safe_repr(key))[:60]]
        ]

    def function(self, value: types.FunctionType, path: str) -> object:
        cells = [
            self.value(cell, f"{path}.__closure__[{n}]") for n, cell in enumerate(value.__closure__ or ())
        ]
        return [
            "function",
            value.__qualname__,
            value.__module__,
            code_digest(value.__code__),
            ["globals are the notebook's", id(value.__globals__) in self.globals_ids],
            ["defaults", self.value(value.__defaults__, f"{path}.__defaults__")],
            ["keyword defaults", self.value(value.__kwdefaults__, f"{path}.__kwdefaults__")],
            ["closure", *cells],
            ["attributes", *self.pairs(vars(value), path)],
        ]

    def cell(self, value: types.CellType, path: str) -> object:
        try:
            return ["cell", self.value(value.cell_contents, f"{path}.cell_contents")]
        except ValueError:
            return ["cell", "(empty)"]

    def notebook_class(self, value: type, path: str) -> object:
        bases = [self.value(base, f"{path}.__bases__") for base in value.__bases__]
        skipped = {
            "__dict__",
            "__weakref__",
            "__doc__",
            "__module__",
            "__firstlineno__",
            "__static_attributes__",
            "__slotnames__",  # what `copy` looked up, kept
        }
        attributes = {
            name: item for name, item in vars(value).items() if name not in skipped and name[:4] != "_abc"
        }
        if issubclass(value, enum.Flag):  # which combinations were asked for, it only remembers
            own = set(map(id, value.__members__.values()))
            known = attributes["_value2member_map_"].items()
            attributes["_value2member_map_"] = {key: one for key, one in known if id(one) in own}
        described = [[name, self.value(attributes[name], f"{path}.{name}")] for name in sorted(attributes)]
        return ["class", value.__qualname__, bases, *described]

    def overlaps(self) -> list[list[list[Any]]]:
        """Say which of the buffers met share memory, and how they lie to each other."""
        groups: list[list[list[Any]]] = []
        end, group = -1, list[tuple[int, int, str]]()
        for start, stop, path in [*sorted(self.spans), (sys.maxsize, sys.maxsize, "")]:
            if start >= end:
                if len(group) > 1:
                    groups.append(
                        sorted([path, start - group[0][0], stop - group[0][0]] for start, stop, path in group)
                    )
                group = []
            group.append((start, stop, path))
            end = max(end, stop)
        return sorted(groups)


def own_attributes(value: object) -> dict[str, object] | None:
    """Return the attributes of an instance's dict and slots; None where it has neither."""
    found: dict[str, object] = {}
    has_any = False
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            has_any = True
            stored = f"_{kind.__name__.lstrip('_')}{name}" if name[:2] == "__" != name[-2:] else name
            if name not in ("__dict__", "__weakref__") and hasattr(value, stored):
                found[stored] = getattr(value, stored)
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return found if has_any else None
    return {**found, **own} if isinstance(own, dict) else found


def code_digest(code: types.CodeType) -> str:
    """Digest what a code object does; where it was written doesn't count."""
    return digest(repr(_code_parts(code)).encode())


def _code_parts(code: types.CodeType) -> list[object]:
    constants = [
        _code_parts(item) if isinstance(item, types.CodeType) else stable(item) for item in code.co_consts
    ]
    return [
        code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
        code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_qualname,
    ]  # fmt: skip


def stable(constant: object) -> object:
    """Return a constant in a form that reads the same under every hash seed."""
    if isinstance(constant, frozenset):
        return ["frozenset", *sorted(map(repr, constant))]
    return repr(constant)


def safe_repr(value: object) -> str:
    """Return the repr, or the error that it raised."""
    try:
        return repr(value)
    except Exception as error:
        return f"({type(error).__name__} in repr)"


def is_importable(value: object) -> bool:
    """Say whether a function of a library can be found by its name."""
    if not isinstance(value, types.FunctionType) or value.__module__ in (None, "__main__"):
        return False
    found: object = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is value


def of(*kinds: type) -> Callable[[object], bool]:
    """Return a test for instances of these classes, or of classes made of them."""
    return lambda value: isinstance(value, kinds)


def exactly(*kinds: type) -> Callable[[object], bool]:
    """Return a test for instances of these very classes."""
    return lambda value: type(value) in kinds


_NODES: list[tuple[Callable[[Any], bool], Callable[[Describer, Any, str], object]]] = [
    (exactly(list), lambda d, v, p: ["list", *d.items(v, p)]),
    (exactly(dict), lambda d, v, p: ["dict", *d.pairs(v, p)]),
    (exactly(set), lambda d, v, p: ["set", *d.unordered(v)]),
    (exactly(bytearray), lambda d, v, p: ["bytearray", shortened(repr(bytes(v)))]),
    (exactly(array.array), lambda d, v, p: ["array", v.typecode, digest(v.tobytes()), len(v)]),
    (exactly(collections.defaultdict),
     lambda d, v, p: ["defaultdict", d.value(v.default_factory, f"{p}.default_factory"), *d.pairs(v, p)]),
    (exactly(types.CellType), Describer.cell),
    (is_importable, lambda d, v, p: ["by name", v.__module__, v.__qualname__]),
    (of(logging.Logger), lambda d, v, p: ["logger", v.name]),
    (of(threading.Thread), lambda d, v, p: ["thread"]),
    (of(types.FunctionType), Describer.function),
    (of(types.MethodType),
     lambda d, v, p: ["method", d.value(v.__self__, f"{p}.__self__"), d.value(v.__func__, f"{p}.__func__")]),
    (of(functools.partial),
     lambda d, v, p: ["partial", d.value(v.func, f"{p}.func"), d.value(v.args, f"{p}.args"),
                      *d.pairs(v.keywords, f"{p}.keywords")]),
    (of(staticmethod, classmethod), lambda d, v, p: [type(v).__name__, d.value(v.__func__, f"{p}.__func__")]),
    (of(property),
     lambda d, v, p: ["property", *[d.value(f, f"{p}.{n}") for n, f in
                                    (("fget", v.fget), ("fset", v.fset), ("fdel", v.fdel))]]),
    (of(type), Describer.notebook_class),
    (of(types.MappingProxyType), lambda d, v, p: ["mappingproxy", *d.pairs(dict(v), p)]),
    (of(weakref.ref), lambda d, v, p: ["weakref", d.value(v(), f"{p}()")]),
    (exactly(random.Random), lambda d, v, p: ["random.Random", digest(repr(v.getstate()).encode())]),
]  # fmt: skip
