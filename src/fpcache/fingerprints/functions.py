"""How functions and what wraps them enter a fingerprint."""

from __future__ import annotations

import functools
import gc
import hashlib
import os
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.annotations import feed_annotations
from fpcache.fingerprints.builtin_values import feed_sequence
from fpcache.fingerprints.code_objects import CodeFacts, code_facts
from fpcache.fingerprints.global_reads import global_reads, namespace_name
from fpcache.fingerprints.installed import feed_installed, installed_path
from fpcache.fingerprints.locality import is_local_code, is_local_module
from fpcache.fingerprints.records import GlobalRead
from fpcache.fingerprints.weak_closures import holder_of

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = [
    "encode_builtin",
    "encode_cell",
    "encode_code",
    "encode_function",
    "encode_lru_cache",
    "encode_method",
    "encode_partial",
    "encode_ufunc",
    "encode_vectorize",
    "remembered",
]

Children = Iterator[tuple[str, Any]]
_LEAST_S = 2e-7  # what a remembered call takes at least


def encode_code(enc: Encoder, code: CodeType) -> None:
    """Feed a code object: all but file name, lines and columns."""
    enc.feed("code", code_facts(code).digest)


def encode_function(enc: Encoder, function: FunctionType) -> Children | None:
    """Feed a function; report the globals that it reads.

    Installed functions stand for their name. A wrapper that installed code
    made has its closure and attributes taken in.
    """
    path = installed_path(function)
    if path is not None:
        feed_installed(enc, function, path)
        return None
    if _is_single_dispatch(function):
        return _single_dispatch(enc, function)
    return _function_parts(enc, function)


def _function_parts(enc: Encoder, function: FunctionType) -> Children:
    facts = code_facts(function.__code__)
    enc.feed("function", str(function.__name__), str(function.__qualname__), facts.digest)
    _report(enc, function, facts)
    yield ".__module__", function.__module__
    yield ".__doc__", function.__doc__
    yield ".__defaults__", function.__defaults__
    yield ".__kwdefaults__", function.__kwdefaults__
    yield ".__annotations__", function.__annotations__
    if function.__annotations__ and is_local_code(function):
        feed_annotations(enc, function.__annotations__, function.__globals__)
    yield ".__type_params__", getattr(function, "__type_params__", ())
    yield ".__dict__", function.__dict__
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f".<closure>.{name}", _followed(enc, function, cell)


def _followed(enc: Encoder, function: FunctionType, cell: CellType) -> object:
    """Return what counts of a closure's cell: it, or what was met before and a weak reference leads to."""
    holder = holder_of(function, cell)
    return cell if holder is None or id(holder) not in enc.ranks else holder


def _report(enc: Encoder, function: FunctionType, facts: CodeFacts) -> None:
    namespace = function.__globals__
    module = namespace_name(namespace)
    if not is_local_code(function):
        enc.packages.add(module.partition(".")[0])
        return
    enc.reach(GlobalRead(module, function.__qualname__, function, (), namespace, "follow"))
    for read in global_reads(facts.uses, namespace):
        enc.reach(read)


def _is_single_dispatch(function: FunctionType) -> bool:
    return function.__code__.co_qualname == "singledispatch.<locals>.wrapper" and "registry" in vars(function)


def _single_dispatch(enc: Encoder, function: FunctionType) -> Children:
    """Take in the registered functions; the dispatch cache doesn't count."""
    registry = vars(function)["registry"]
    enc.feed("singledispatch", str(function.__qualname__), len(registry))
    for cls, implementation in registry.items():
        yield ".registry", cls
        yield ".registry", implementation


def encode_method(enc: Encoder, method: MethodType) -> Children | None:
    """Feed a bound method: its function and the object it is bound to."""
    path = installed_path(method)
    if path is not None:
        feed_installed(enc, method, path)
        return None
    enc.feed("method")
    return iter(((".__func__", method.__func__), (".__self__", method.__self__)))


def encode_cell(enc: Encoder, cell: CellType) -> Children | None:
    """Feed a closure's cell and what it holds."""
    try:
        content = cell.cell_contents
    except ValueError:
        enc.feed("empty cell")
        return None
    enc.feed("cell")
    return iter((("", content),))


def encode_partial(enc: Encoder, bound: functools.partial[Any]) -> Children:
    """Feed a partial: function, arguments, attributes.

    To look at its ``__dict__`` would make one, and a partial of a partial with one isn't joined with it.
    """
    enc.feed("partial")
    yield ".func", bound.func
    yield ".args", bound.args
    yield ".keywords", bound.keywords
    state: Any = functools.partial.__reduce__(bound)
    yield ".__dict__", state[2][3]


def encode_lru_cache(enc: Encoder, cached: Any) -> Children | None:
    """Feed a memoised function; of one that isn't installed, with the results that it remembers."""
    path = installed_path(cached)
    if path is not None:
        feed_installed(enc, cached, path)
        return None
    return _lru_cache_parts(enc, cached)


def _lru_cache_parts(enc: Encoder, cached: Any) -> Children:
    enc.feed("lru_cache")
    attributes = dict(vars(cached))
    parameters = attributes.pop("cache_parameters", None)
    if parameters is not None:
        enc.feed(*(str(item) for item in parameters().items()))
    for name, value in attributes.items():
        enc.feed(str(name))
        yield f".{name}", value
    if not is_local_code(attributes.get("__wrapped__")):
        return
    enc.allow(cached.cache_info().currsize * _LEAST_S)
    memory = remembered(cached)
    if memory is None:
        enc.refuse(
            "remembers results (lru_cache) in a way that can't be seen; use functools.lru_cache itself"
        )
    keys, results = _arguments(*memory[:2]), memory[2]
    enc.keep(keys)
    for part in (keys, results):
        enc.feed("memory", len(part))
        for _, child in feed_sequence(enc, part) or ():
            yield ".<memory>", child


def remembered(cached: Any) -> tuple[list[object], object, list[object]] | None:
    """Return a memoised function's keys, the mark in them, and its results; None where they can't be seen.

    Only the garbage collector can see them. The mark stands before keyword
    arguments.
    """
    size, largest = cached.cache_info().currsize, cached.cache_info().maxsize
    held = gc.get_referents(cached)[1:]  # after its type
    if not size:
        return [], None, []
    mark = next((item for item in reversed(held) if type(item) is object), None)
    if largest is None and type(held[0]) is dict and len(held[0]) == size:
        return list(held[0]), mark, list(held[0].values())
    if largest is not None and len(held) > 3 * size and type(held[3 * size]) is dict:
        found = {id(key): (key, held[3 * n + 1]) for n, key in enumerate(held[: 3 * size : 3])}
        keys, results = zip(*(found[id(key)] for key in held[3 * size]), strict=True)
        return list(keys), mark, list(results)
    return None


def _arguments(keys: list[object], mark: object) -> list[object]:
    """Return keys with a text for the mark that stands before keyword arguments."""
    if tuple not in set(map(type, keys)):
        return keys
    return [_without_mark(key, mark) if type(key) is tuple else key for key in keys]


def _without_mark(key: tuple[object, ...], mark: object) -> tuple[object, ...]:
    return tuple("keywords" if part is mark else part for part in key)


# ---------------------------------------------------------------- functions of C code


def encode_builtin(enc: Encoder, obj: Any) -> Children | None:
    """Feed a function, method or descriptor that is written in C."""
    path = installed_path(obj)
    if path is not None:
        feed_installed(enc, obj, path)
        return None
    owner = getattr(obj, "__objclass__", None)
    if isinstance(owner, type):
        home = f"{owner.__module__}.{owner.__qualname__}"
        enc.feed("descriptor", type(obj).__name__, home, str(obj.__name__))
        return None
    if isinstance(obj, BuiltinFunctionType) and isinstance(obj.__self__, ModuleType | None):
        _module_function(enc, obj)
        return None
    if not hasattr(obj, "__self__"):
        enc.refuse(
            f"{type(obj).__qualname__} {_name(obj)!r} is compiled code that can't be found by name; "
            "call it through its module"
        )
    enc.feed("bound builtin", type(obj).__name__, _name(obj))
    return iter(((".__self__", obj.__self__),))


def _name(obj: Any) -> str:
    return str(getattr(obj, "__qualname__", None) or getattr(obj, "__name__", "?"))


def _module_function(enc: Encoder, function: BuiltinFunctionType) -> None:
    """Feed a compiled function of a local extension module, with its file's content."""
    module = sys.modules.get(str(function.__module__))
    enc.feed("compiled", str(function.__module__), _name(function))
    if module is None:
        return
    file = vars(module).get("__file__")
    if is_local_module(module) and isinstance(file, str):
        enc.feed(_file_digest(file, os.stat(file).st_mtime_ns))
    else:
        enc.packages.add(str(function.__module__).partition(".")[0])


@functools.lru_cache(maxsize=256)
def _file_digest(path: str, modified_ns: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def encode_ufunc(enc: Encoder, ufunc: Any) -> None:
    """Feed a NumPy ufunc by name; refuse one made of a Python function."""
    path = installed_path(ufunc)
    if path is None:
        enc.refuse(
            f"the ufunc {ufunc.__name__!r} was made by np.frompyfunc, whose function can't be seen; "
            "use np.vectorize instead"
        )
    feed_installed(enc, ufunc, path)


def encode_vectorize(enc: Encoder, vectorized: Any) -> Children:
    """Feed an ``np.vectorize`` object; the ufuncs that it keeps don't count."""
    enc.feed("vectorize")
    enc.packages.add("numpy")
    for name, value in sorted(vars(vectorized).items()):
        if name != "_ufunc":
            enc.feed(name)
            yield f".{name}", value
