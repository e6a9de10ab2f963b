"""Handlers for types that code is made of beyond functions and classes: annotations, wrappers."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.registry import register_handler

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = ["encode_alias", "encode_cached_property", "encode_special_form", "encode_wrapper"]

Children = Iterator[tuple[str, Any]]

_ALIASES = (
    "_GenericAlias",
    "_UnionGenericAlias",
    "_CallableGenericAlias",
    "_AnnotatedAlias",
    "_LiteralGenericAlias",
)
_SPECIAL_FORMS = (
    "_CallableType",
    "_SpecialForm",
    "_SpecialGenericAlias",
    "_TupleType",
    "_TypedCacheSpecialForm",
)
_WRAPPERS = (
    "numba.core.registry.CPUDispatcher",
    "numba.core.dispatcher.Dispatcher",
    "jaxlib.xla_extension.PjitFunction",
)


def encode_alias(enc: Encoder, alias: Any) -> Children:
    """Feed a parametrised type such as ``list[int]`` or ``int | None``: origin and arguments."""
    arguments = typing.get_args(alias)
    enc.feed("alias", len(arguments))
    yield ".__origin__", typing.get_origin(alias)
    metadata = getattr(alias, "__metadata__", ())
    for argument in (*arguments[: len(arguments) - len(metadata)], *metadata):
        if isinstance(argument, list):  # the argument types of a Callable: a list made just now
            enc.keep(argument)
        yield ".__args__", argument


def encode_special_form(enc: Encoder, form: Any) -> None:
    """Feed ``typing.Optional`` and its like by name."""
    enc.feed("special form", str(getattr(form, "_name", None) or repr(form)))


def encode_cached_property(enc: Encoder, prop: Any) -> Children:
    """Feed a ``cached_property``: its function and name, not its lock."""
    enc.feed("cached_property", str(prop.attrname))
    yield ".func", prop.func


def encode_wrapper(enc: Encoder, wrapper: Any) -> Children:
    """Feed a compiled function by the Python function that it was made of."""
    function = getattr(wrapper, "__wrapped__", None) or getattr(wrapper, "py_func", None)
    if function is None:
        enc.refuse(
            f"a {type(wrapper).__qualname__} doesn't tell which function it was made of; pass the function"
        )
    enc.feed("wrapper")
    yield ".__class__", type(wrapper)
    yield ".targetoptions", getattr(wrapper, "targetoptions", None)
    yield ".__wrapped__", function


def _register_all() -> None:
    room = "fpcache.fingerprints.code_types"
    for name in _ALIASES:
        register_handler(f"typing.{name}", f"{room}:encode_alias", is_node=False)
    for cls in (types.GenericAlias, types.UnionType):
        register_handler(cls, f"{room}:encode_alias", is_node=False)
    for name in _SPECIAL_FORMS:
        register_handler(f"typing.{name}", f"{room}:encode_special_form", is_node=False)
    register_handler(functools.cached_property, f"{room}:encode_cached_property", is_node=False)
    register_handler("numpy.vectorize", "fpcache.fingerprints.code:encode_vectorize")
    register_handler("numpy.lib._function_base_impl.vectorize", "fpcache.fingerprints.code:encode_vectorize")
    register_handler("numpy.lib.function_base.vectorize", "fpcache.fingerprints.code:encode_vectorize")
    for name in _WRAPPERS:
        register_handler(name, f"{room}:encode_wrapper")


_register_all()
