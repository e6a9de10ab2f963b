"""Named sample values, each made anew by a function, for the value tests."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import io
import ipaddress
import pathlib
import random
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

Sample = Callable[[], Any]


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y


class MyList(list):  # type: ignore[type-arg]
    pass


class MyDict(dict):  # type: ignore[type-arg]
    pass


class MyInt(int):
    pass


class MyStr(str):
    __slots__ = ()


class MyFloat(float):
    pass


class MySet(set):  # type: ignore[type-arg]
    pass


class Colour(enum.Enum):
    RED = 1
    BLUE = [2]


class Bits(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Record:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: int


Point = collections.namedtuple("Point", "x y")


def _aliased() -> list[Any]:
    one = [1]
    return [one, one]


def _cyclic() -> list[Any]:
    ring: list[Any] = [1]
    ring.append(ring)
    return ring


BUILTIN: dict[str, Sample] = {
    "none": lambda: None,
    "ellipsis": lambda: ...,
    "not implemented": lambda: NotImplemented,
    "true": lambda: True,
    "int": lambda: 1,
    "big int": lambda: 2**70,
    "big int + 1": lambda: 2**70 + 1,
    "float": lambda: 1.0,
    "zero": lambda: 0.0,
    "minus zero": lambda: -0.0,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "complex": lambda: 1 + 0j,
    "str": lambda: "a",
    "lone surrogate": lambda: "\ud800",
    "bytes": lambda: b"a",
    "bytearray": lambda: bytearray(b"a"),
    "long bytes": lambda: bytes(100_000),
    "tuple": lambda: (1, 2),
    "list": lambda: [1, 2],
    "list of str": lambda: ["a", "b"],
    "joined": lambda: ["ab"],
    "empty list": list,
    "empty tuple": tuple,
    "empty dict": dict,
    "empty set": set,
    "empty frozenset": frozenset,
    "empty str": str,
    "nested tuple": lambda: (1, (2, (3,))),
    "tuple with list": lambda: (1, [2]),
    "dict": lambda: {"a": 1, "b": 2},
    "dict reordered": lambda: {"b": 2, "a": 1},
    "dict int keys": lambda: {1: "a", True + 1: "b"},
    "dict tuple keys": lambda: {(1, 2): [3], (2, 1): [4]},
    "set": lambda: {"a", "b", "c"},
    "set of int": lambda: {3, 1, 2},
    "frozenset": lambda: frozenset({"a", "b", "c"}),
    "mixed set": lambda: {1, "a", None, 2.5, (1, "b"), frozenset({1})},
    "set of tuples": lambda: {("a", 1), ("b", 2)},
    "set of instances": lambda: {Frozen(1), Frozen(2), Frozen(3)},
    "range": lambda: range(1, 10, 2),
    "aliased": _aliased,
    "not aliased": lambda: [[1], [1]],
    "cyclic": _cyclic,
    "rows": lambda: [(1, "a"), (2, "b"), (3, "c")],
    "list rows": lambda: [[1, "a"], [2, "b"], [3]],
    "mappings": lambda: [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "ragged mappings": lambda: [{"a": 1}, {"b": 2, "a": 1}],
    "deep mappings": lambda: [{"a": [1], "b": {"c": 1}}, {"a": [2, 3], "b": {"c": 2}}],
}

STDLIB: dict[str, Sample] = {
    "date": lambda: datetime.date(2020, 1, 2),
    "datetime": lambda: datetime.datetime(2020, 1, 2),
    "datetime utc": lambda: datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
    "datetime zone": lambda: datetime.datetime(2020, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    "datetime fold": lambda: datetime.datetime(2020, 1, 2, fold=1),
    "time": lambda: datetime.time(1, 2),
    "timedelta": lambda: datetime.timedelta(1, 2),
    "timezone": lambda: datetime.timezone(datetime.timedelta(hours=1)),
    "named timezone": lambda: datetime.timezone(datetime.timedelta(hours=1), "CET"),
    "zone": lambda: zoneinfo.ZoneInfo("Europe/Berlin"),
    "decimal": lambda: decimal.Decimal("1.0"),
    "decimal 1.00": lambda: decimal.Decimal("1.00"),
    "decimal nan": lambda: decimal.Decimal("nan"),
    "fraction": lambda: fractions.Fraction(1, 2),
    "uuid": lambda: uuid.UUID(int=5),
    "path": lambda: pathlib.Path("a/b"),
    "pure path": lambda: pathlib.PurePosixPath("a/b"),
    "windows path": lambda: pathlib.PureWindowsPath("a/b"),
    "ipv4": lambda: ipaddress.ip_address("1.2.3.4"),
    "ipv4 network": lambda: ipaddress.ip_network("1.2.3.0/24"),
    "ipv6": lambda: ipaddress.ip_address("::1"),
    "deque": lambda: collections.deque([1, 2]),
    "bounded deque": lambda: collections.deque([1, 2], maxlen=5),
    "ordered dict": lambda: collections.OrderedDict(a=1),
    "counter": lambda: collections.Counter("ab"),
    "default dict": lambda: collections.defaultdict(list, a=[1]),
    "default dict of int": lambda: collections.defaultdict(int, a=[1]),
    "chain map": lambda: collections.ChainMap({"a": 1}, {"b": 2}),
    "user list": lambda: collections.UserList([1]),
    "array": lambda: array.array("i", [1, 2]),
    "array of long": lambda: array.array("q", [1, 2]),
    "pattern": lambda: re.compile("a+"),
    "pattern with flag": lambda: re.compile("a+", re.I),
    "namespace": lambda: types.SimpleNamespace(a=1),
    "string file": lambda: io.StringIO("abc"),
    "bytes file": lambda: io.BytesIO(b"abc"),
    "random": lambda: random.Random(1),
    "random 2": lambda: random.Random(2),
    "exception": lambda: ValueError("a"),
    "key error": lambda: KeyError("a"),
    "generic alias": lambda: list[int],
    "union": lambda: int | str,
}

INSTANCES: dict[str, Sample] = {
    "plain": lambda: Plain(a=1),
    "plain list": lambda: Plain(a=[1]),
    "slotted": lambda: Slotted(1, 2),
    "my list": lambda: MyList([1, 2]),
    "my dict": lambda: MyDict(a=1),
    "my int": lambda: MyInt(1),
    "my str": lambda: MyStr("a"),
    "my float": lambda: MyFloat(-0.0),
    "my set": lambda: MySet({1, 2}),
    "enum": lambda: Colour.RED,
    "other enum member": lambda: Colour.BLUE,
    "flag": lambda: Bits.A,
    "flags": lambda: Bits.A | Bits.B,
    "dataclass": lambda: Record(1),
    "frozen dataclass": lambda: Frozen(1),
    "named tuple": lambda: Point(1, 2),
    "instances": lambda: [Record(n, [n]) for n in range(5)],
    "slotted instances": lambda: [Slotted(n, str(n)) for n in range(5)],
    "object": object,
}

ALL: dict[str, Sample] = {**BUILTIN, **STDLIB, **INSTANCES}
