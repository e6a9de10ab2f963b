"""Which handler serves which type: one table per source of types.

The names of optional libraries' types are those that ``cls.__module__`` and
``cls.__qualname__`` give in the supported releases, old and new.
"""

from __future__ import annotations

import functools
import io
import itertools
import re
import struct
import threading
import types
import weakref

from fpcache.fingerprints.library_tables import LIBRARIES
from fpcache.fingerprints.registry import register_handler

__all__: list[str] = []

_ROOM = "fpcache.fingerprints"

_BUILTINS: dict[type, tuple[str, bool]] = {
    list: ("encode_list", True),
    dict: ("encode_dict", True),
    bytearray: ("encode_bytearray", True),
    tuple: ("encode_tuple", False),
    type(NotImplemented): ("encode_not_implemented", False),
    range: ("encode_range", False),
    slice: ("encode_slice", False),
    memoryview: ("encode_memoryview", True),
    type({}.keys()): ("encode_view", True),
    type({}.values()): ("encode_view", True),
    type({}.items()): ("encode_view", True),
}

_SETS: dict[type, tuple[str, bool]] = {set: ("encode_set", True), frozenset: ("encode_frozenset", False)}

_CODE: dict[type | str, tuple[str, bool]] = {
    types.FunctionType: ("encode_function", True),
    types.MethodType: ("encode_method", True),
    types.ModuleType: ("encode_module", False),
    types.CodeType: ("encode_code", False),
    types.CellType: ("encode_cell", True),
    types.BuiltinFunctionType: ("encode_builtin", False),
    types.MethodWrapperType: ("encode_builtin", False),
    types.WrapperDescriptorType: ("encode_builtin", False),
    types.MethodDescriptorType: ("encode_builtin", False),
    types.ClassMethodDescriptorType: ("encode_builtin", False),
    types.GetSetDescriptorType: ("encode_builtin", False),
    types.MemberDescriptorType: ("encode_builtin", False),
    functools.partial: ("encode_partial", True),
    property: ("encode_property", False),
    staticmethod: ("encode_staticmethod", False),
    classmethod: ("encode_classmethod", False),
    type(functools.lru_cache(len)): ("encode_lru_cache", True),
    "numpy.ufunc": ("encode_ufunc", False),
    "numpy._ArrayFunctionDispatcher": ("encode_builtin", False),
}


_STDLIB: dict[str, tuple[str, bool]] = {
    "datetime.date": ("encode_date", False),
    "datetime.datetime": ("encode_datetime", False),
    "datetime.time": ("encode_time", False),
    "datetime.timedelta": ("encode_timedelta", False),
    "datetime.timezone": ("encode_timezone", False),
    "zoneinfo.ZoneInfo": ("encode_zone", False),
    "decimal.Decimal": ("encode_decimal", False),
    "fractions.Fraction": ("encode_fraction", False),
    "uuid.UUID": ("encode_uuid", False),
    "pathlib.PurePath": ("encode_path", False),
    "pathlib.PurePosixPath": ("encode_path", False),
    "pathlib.PureWindowsPath": ("encode_path", False),
    "pathlib.PosixPath": ("encode_path", False),
    "pathlib.WindowsPath": ("encode_path", False),
    "pathlib._local.PurePath": ("encode_path", False),
    "pathlib._local.PurePosixPath": ("encode_path", False),
    "pathlib._local.PureWindowsPath": ("encode_path", False),
    "pathlib._local.PosixPath": ("encode_path", False),
    "pathlib._local.WindowsPath": ("encode_path", False),
    "ipaddress.IPv4Address": ("encode_address", False),
    "ipaddress.IPv6Address": ("encode_address", False),
    "ipaddress.IPv4Network": ("encode_address", False),
    "ipaddress.IPv6Network": ("encode_address", False),
    "ipaddress.IPv4Interface": ("encode_address", False),
    "ipaddress.IPv6Interface": ("encode_address", False),
    "enum.Enum": ("encode_enum", True),
    "collections.deque": ("encode_deque", True),
    "collections.defaultdict": ("encode_defaultdict", True),
    "array.array": ("encode_array", True),
    "re.Pattern": ("encode_pattern", False),
    "re.Match": ("encode_match", True),
    "_io.StringIO": ("encode_memory_file", True),
    "_io.BytesIO": ("encode_memory_file", True),
    "random.Random": ("encode_random", True),
    "_struct.Struct": ("encode_struct", False),
    "typing.TypeVar": ("encode_type_variable", True),
    "logging.Logger": ("encode_logger", True),
    "logging.RootLogger": ("encode_logger", True),
}

_STDLIB_TYPES: dict[type, tuple[str, bool]] = {
    types.MappingProxyType: ("encode_mapping_proxy", False),
    BaseException: ("encode_exception", True),
    re.Pattern: ("encode_pattern", False),
    re.Match: ("encode_match", True),
    struct.Struct: ("encode_struct", False),
    io.StringIO: ("encode_memory_file", True),
    io.BytesIO: ("encode_memory_file", True),
}

_REFUSED: dict[type | str, str] = {
    types.GeneratorType: "generator",
    types.CoroutineType: "coroutine",
    types.AsyncGeneratorType: "generator",
    types.FrameType: "live",
    types.TracebackType: "live",
    type(iter(set())): "iterator",
    type(iter({})): "iterator",
    type(iter({}.values())): "iterator",
    type(iter({}.items())): "iterator",
    io.IOBase: "file",
    io.FileIO.__mro__[-2]: "file",
    weakref.ref: "weakref",
    weakref.ProxyType: "weakref",
    weakref.finalize: "weakref",
    type(threading.Lock()): "lock",
    type(threading.RLock()): "lock",
    "threading.Thread": "thread",
    "socket.socket": "connection",
    "_socket.socket": "connection",
    "ssl.SSLContext": "connection",
    "sqlite3.Connection": "connection",
    "sqlite3.Cursor": "connection",
    "subprocess.Popen": "process",
    "contextvars.Context": "live",
    "random.SystemRandom": "entropy",
    "matplotlib.artist.Artist": "figure",
    "matplotlib.backend_bases.FigureManagerBase": "figure",
    "matplotlib.backend_bases.FigureCanvasBase": "figure",
    **{
        cls: "iterator"
        for cls in vars(itertools).values()
        if isinstance(cls, type) and cls not in (itertools.repeat,)
    },
}


def _register_all() -> None:
    register_handler(object, f"{_ROOM}.instances:encode_instance")
    register_handler(type, f"{_ROOM}.code:encode_class")
    for cls, (function, is_node) in _BUILTINS.items():
        register_handler(cls, f"{_ROOM}.builtin_values:{function}", exact=True, is_node=is_node)
    for cls, (function, is_node) in _SETS.items():
        register_handler(cls, f"{_ROOM}.set_values:{function}", exact=True, is_node=is_node)
    for key, (function, is_node) in _CODE.items():
        register_handler(key, f"{_ROOM}.code:{function}", is_node=is_node)
    for name, (function, is_node) in _STDLIB.items():
        register_handler(name, f"{_ROOM}.stdlib_values:{function}", is_node=is_node)
    for cls, (function, is_node) in _STDLIB_TYPES.items():
        register_handler(cls, f"{_ROOM}.stdlib_values:{function}", is_node=is_node)
    for key, reason in _REFUSED.items():
        register_handler(key, f"{_ROOM}.refused:refuse_{reason}", is_node=False)
    for cls in (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO):
        register_handler(cls, f"{_ROOM}.closed_files:encode_file", exact=True, is_node=True)
    for key, (target, is_node) in LIBRARIES.items():
        register_handler(key, f"{_ROOM}.{target}", is_node=is_node)


_register_all()
