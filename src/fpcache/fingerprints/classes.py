"""How classes, modules and the descriptors in classes enter a fingerprint."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Iterator
from operator import itemgetter
from types import GetSetDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any

from fpcache.fingerprints.abstract_classes import registrations
from fpcache.fingerprints.annotations import feed_annotated_class
from fpcache.fingerprints.attrs_classes import is_attrs_hash
from fpcache.fingerprints.global_reads import module_reads
from fpcache.fingerprints.installed import feed_installed, installed_path
from fpcache.fingerprints.patches import patches

if TYPE_CHECKING:
    from fpcache.fingerprints.encoder import Encoder

__all__ = [
    "encode_class",
    "encode_classmethod",
    "encode_module",
    "encode_property",
    "encode_staticmethod",
]

Children = Iterator[tuple[str, Any]]

_BOOKKEEPING = frozenset(
    {
        "__dict__", "__weakref__", "_abc_impl", "__abstractmethods__", "__slotnames__",
        "__firstlineno__", "__static_attributes__",
        "__annotate__", "__annotate_func__", "__annotations_cache__",
        "__dataclass_fields__", "__protocol_attrs__", "__non_callable_proto_members__", "__signature__",
        "__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__",
        "__pydantic_complete__", "__pydantic_parent_namespace__", "__pydantic_setattr_handlers__",
        "_sklearn_auto_wrap_output_keys",  # a set of texts, and the methods that it names are wrapped
    }
)  # fmt: skip
_ENUM_BOOKKEEPING = frozenset(
    {
        "_member_names_", "_member_map_", "_value2member_map_", "_hashable_values_", "_unhashable_values_",
        "_unhashable_values_map_", "_new_member_", "_use_args_", "_member_type_",
    }
)  # fmt: skip
_MEMBER_BOOKKEEPING = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_"})
_FIELD_PARTS = ("name", "type", "default", "default_factory", "metadata")
_FIELD_FLAGS = ("init", "repr", "hash", "compare", "kw_only")


def encode_class(enc: Encoder, cls: type) -> Children | None:
    """Feed a class: an installed one by name, a local one by all it holds."""
    path = installed_path(cls)
    if path is not None:
        feed_installed(enc, cls, path)
        return _patches(enc, cls)
    if not cls.__flags__ & 1 << 9:  # Py_TPFLAGS_HEAPTYPE: made by C code, under no name
        enc.feed("static class", f"{cls.__module__}.{cls.__qualname__}")
        return None
    return _class_parts(enc, cls)


def _patches(enc: Encoder, cls: type) -> Children | None:
    """Take in what other code put into an installed class."""
    found = sorted(patches(cls), key=itemgetter(0))
    return _patched_parts(enc, found) if found else None


def _patched_parts(enc: Encoder, found: list[tuple[str, Any]]) -> Children:
    for name, value in found:
        enc.feed("patched", name)
        yield f".{name}", value


def _class_parts(enc: Encoder, cls: type) -> Children:
    enc.feed("class", cls.__name__, cls.__qualname__, len(cls.__bases__))
    yield ".__class__", type(cls)
    for base in cls.__bases__:
        yield ".__bases__", base
    is_enum = isinstance(cls, enum.EnumMeta)
    for name, value in list(vars(cls).items()):
        if is_attrs_hash(cls, name, value):
            enc.feed("__hash__", "of attrs")
        elif not _is_bookkeeping(cls, name, value, is_enum):
            enc.feed(str(name))
            yield f".{name}", value
    if is_enum:
        yield from _members(enc, cls)
    if "__dataclass_fields__" in vars(cls):
        yield from _fields(enc, cls)
    feed_annotated_class(enc, cls)
    yield from registrations(enc, cls)


def _is_bookkeeping(cls: type, name: str, value: object, is_enum: bool) -> bool:
    """Tell what the interpreter or a base class keeps for itself, and derives from the rest."""
    if name == "__annotations__" and type(value) is dict and not value:
        return True  # Python 3.11 to 3.13 put that there when they are asked for
    if name in _BOOKKEEPING:
        return name not in ("__dict__", "__weakref__") or isinstance(value, GetSetDescriptorType)
    return is_enum and (name in _ENUM_BOOKKEEPING or name in vars(cls).get("_member_map_", {}))


def _members(enc: Encoder, cls: Any) -> Children:
    """Take in an enumeration's members by name, value and further attributes."""
    for name, member in cls.__members__.items():
        enc.feed("member", str(name), str(member._name_))
        yield f".{name}.value", member._value_
        for key, value in vars(member).items():
            if key not in _MEMBER_BOOKKEEPING:
                enc.feed(str(key))
                yield f".{name}.{key}", value


def _fields(enc: Encoder, cls: type) -> Children:
    """Take in what ``@dataclass`` knows of each field."""
    for name, field in vars(cls)["__dataclass_fields__"].items():
        flags = (getattr(field, flag, None) for flag in _FIELD_FLAGS)
        enc.feed("field", str(name), str(field._field_type), *(str(flag) for flag in flags))
        for part in _FIELD_PARTS:
            value = getattr(field, part, None)
            yield f".{name}.{part}", "MISSING" if value is dataclasses.MISSING else value


def encode_property(enc: Encoder, obj: property) -> Children:
    """Feed a property: its functions and docstring."""
    enc.feed("property")
    for part in ("fget", "fset", "fdel", "__doc__"):
        yield f".{part}", getattr(obj, part)


def encode_staticmethod(enc: Encoder, obj: staticmethod[..., Any]) -> Children:
    """Feed a static method: its function."""
    enc.feed("staticmethod")
    yield "", obj.__func__


def encode_classmethod(enc: Encoder, obj: classmethod[Any, ..., Any]) -> Children:
    """Feed a class method: its function."""
    enc.feed("classmethod")
    yield "", obj.__func__


def encode_module(enc: Encoder, module: ModuleType) -> None:
    """Feed a module by name; report all that a local one holds as read."""
    name = str(vars(module).get("__name__"))
    path = installed_path(module)
    if path is not None:
        feed_installed(enc, module, path)
        return
    if module is sys.modules.get("__main__"):
        enc.refuse("the notebook's own module stands for all of its names; use the names themselves")
    enc.feed("module", name)
    for read in module_reads(module):
        enc.reach(read)
