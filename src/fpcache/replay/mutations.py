"""Change an existing object into what a run made of it, keeping its identity.

`state_of` takes an object's own content, not its children's: those are nodes
themselves. `transplant` puts such a content into the object that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from types import MemberDescriptorType
from typing import Any
from weakref import WeakKeyDictionary

from fpcache.errors import UncacheableError
from fpcache.replay.locate import UnstorableError, describe

__all__ = [
    "Kind",
    "State",
    "can_transplant",
    "is_set",
    "obstacle",
    "prepare",
    "put",
    "state_of",
    "transplant",
]


@dataclass(frozen=True, slots=True)
class State:
    """What one object holds, its children as they are.

    It may share memory with the object: write it before user code runs again.

    Attributes
    ----------
    kind : str
        Which `Kind` understands `content`.
    type_name : str
        The object's class, to notice an object of another one.
    content : object
        What the kind's built-in base holds.
    attributes : dict or None
        The instance's ``__dict__``.
    slots : tuple of (int, str, object)
        Position of the class in the MRO, slot and value.
    became : type or None
        The class that the run gave to the object, where it gave it another one.
    """

    kind: str
    type_name: str
    content: Any = None
    attributes: dict[str, Any] | None = None
    slots: tuple[tuple[int, str, Any], ...] = ()
    became: type | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How objects with one built-in base are read and changed.

    Attributes
    ----------
    content : callable
        ``content(node)`` returns what `put` needs.
    put : callable
        ``put(node, content)`` changes the object; it must not fail where
        `obstacle` saw nothing.
    obstacle : callable
        ``obstacle(node, content)`` returns why `put` would fail, or None.
    has_dict : bool
        Whether the instance's ``__dict__`` is to be replaced as well.
    moved : callable or None
        ``moved(node, before, is_written)`` returns what `put` needs where a run gave the
        object other memory: `before` lies on that of before, which the run wrote to or not.
    prepare : callable
        ``prepare(node, content)`` comes before any object's `put`.
    fixed : callable or None
        ``fixed(node)`` returns why this very object can't be changed, or None.
    """

    content: Callable[[Any], Any]
    put: Callable[[Any, Any], None]
    obstacle: Callable[[Any, Any], str | None] = lambda node, content: None
    has_dict: bool = True
    moved: Callable[[Any, Any, bool], Any] | None = None
    prepare: Callable[[Any, Any], None] = lambda node, content: None
    fixed: Callable[[Any], str | None] | None = None


_KINDS = {
    "builtins.list": "container_states:LIST",
    "builtins.dict": "container_states:DICT",
    "builtins.set": "container_states:SET",
    "builtins.tuple": "instance_states:INSTANCE",
    "builtins.frozenset": "instance_states:INSTANCE",
    "builtins.bytearray": "container_states:BYTEARRAY",
    "collections.deque": "container_states:DEQUE",
    "collections.OrderedDict": "container_states:ORDERED_DICT",
    "collections.defaultdict": "container_states:DEFAULT_DICT",
    "array.array": "container_states:ARRAY",
    "_io.StringIO": "container_states:STRING_IO",
    "_io.BytesIO": "container_states:BYTES_IO",
    "builtins.function": "instance_states:FUNCTION",
    "builtins.cell": "instance_states:CELL",
    "builtins.method": "instance_states:FIXED",
    "builtins.builtin_function_or_method": "instance_states:FIXED",
    "builtins.module": "instance_states:FIXED",
    "functools.partial": "instance_states:PARTIAL",
    "_random.Random": "instance_states:RANDOM",
    "numpy.ndarray": "array_states:ARRAY",
    "numpy.random._generator.Generator": "array_states:GENERATOR",
    "numpy.random._mt19937.MT19937": "array_states:BIT_GENERATOR",
    "numpy.random._pcg64.PCG64": "array_states:BIT_GENERATOR",
    "numpy.random._pcg64.PCG64DXSM": "array_states:BIT_GENERATOR",
    "numpy.random._philox.Philox": "array_states:BIT_GENERATOR",
    "numpy.random._sfc64.SFC64": "array_states:BIT_GENERATOR",
    "numpy.random.mtrand.RandomState": "array_states:RANDOM_STATE",
    "pandas.core.generic.NDFrame": "frame_states:FRAME",
    "pandas.Index": "frame_states:INDEX",
    "pandas.core.indexes.base.Index": "frame_states:INDEX",
    "pandas.api.extensions.ExtensionArray": "frame_states:EXTENSION",
    "pandas.core.arrays.base.ExtensionArray": "frame_states:EXTENSION",
    "torch.Tensor": "tensor_states:TENSOR",
    "torch._C.Generator": "tensor_states:GENERATOR",
    "torch.nn.modules.rnn.RNNBase": "module_states:RECURRENT",
}
_KNOWN: WeakKeyDictionary[type, tuple[str, Kind] | None] = WeakKeyDictionary()
_INSTANCE = "instance_states:INSTANCE"
_SET_CLASS = vars(object)["__class__"].__set__  # a class may have a `__class__` of its own


def state_of(node: object, was: type | None = None, moved: tuple[Any, bool] | None = None) -> State:
    """Return what `node` holds now.

    Parameters
    ----------
    node : object
        What a run changed.
    was : type, optional
        The class that it had before; where it has another one now, that is a part of its state.
    moved : tuple of (object, bool), optional
        Where it has other memory now: what lies on that of before, and whether that was written to.

    Raises
    ------
    UncacheableError
        If an object of its type can't be changed in place.
    """
    found = _kind_of(type(node))
    if found is None:
        raise UnstorableError(f"is {describe(node)}, which can't be changed in place", node)
    name, kind = found
    content = kind.content(node) if moved is None or kind.moved is None else kind.moved(node, *moved)
    attributes = _dict_of(node) if kind.has_dict else None
    return State(
        kind=name,
        type_name=_type_name(node),
        content=content,
        attributes=None if attributes is None else dict(attributes),
        slots=tuple(_slot_values(node)),
        became=None if was in (None, type(node)) else type(node),
    )


def can_transplant(node: object) -> str | None:
    """Return why `node` can't be changed in place, or None if it can.

    The text goes on after the object's name: ``"is a `socket`, which …"``.
    """
    found = _kind_of(type(node))
    if found is None:
        return f"is {describe(node)}, which can't be changed in place"
    return None if found[1].fixed is None else found[1].fixed(node)


def is_set(state: State) -> bool:
    """Whether it is a set whose state this is."""
    return state.kind == _KINDS["builtins.set"]


def obstacle(node: object, state: State) -> str | None:
    """Return why `state` can't be put into `node` as it is now, or None if it can."""
    reason = can_transplant(node)
    if reason is not None:
        return reason
    if state.became is not None:
        if _layout(type(node)) != _layout(state.became):
            return f"is {describe(node)}, which can't become a `{state.type_name}`"
    elif _type_name(node) != state.type_name:
        return f"is {describe(node)}, and was a `{state.type_name}`"
    return _kind(state.kind).obstacle(node, state.content)


def transplant(node: object, state: State) -> None:
    """Change `node` in place into what `state` says.

    Raises
    ------
    UncacheableError
        If that is not possible; `node` is as it was then.
    """
    reason = obstacle(node, state)
    if reason is not None:
        raise UncacheableError(f"the object to be changed {reason}")
    prepare(node, state)
    put(node, state)


def prepare(node: object, state: State) -> None:
    """Do what has to be done to all objects before `put` is to any."""
    _kind(state.kind).prepare(node, state.content)


def put(node: object, state: State) -> None:
    """Change `node` in place, `obstacle` having seen nothing in the way."""
    if state.became is not None:
        _SET_CLASS(node, state.became)
    _kind(state.kind).put(node, state.content)
    if state.attributes is not None:
        attributes = _dict_of(node)
        if attributes is not None:
            attributes.clear()
            attributes.update(state.attributes)
    _set_slots(node, state.slots)


def _kind(target: str) -> Kind:
    module, name = target.split(":")
    kind: Kind = getattr(import_module(f"fpcache.replay.{module}"), name)
    return kind


def _kind_of(cls: type) -> tuple[str, Kind] | None:
    """Return the kind that accounts for all that instances of `cls` hold, and its name."""
    if cls not in _KNOWN:
        _KNOWN[cls] = _find_kind(cls)
    return _KNOWN[cls]


def _find_kind(cls: type) -> tuple[str, Kind] | None:
    for base in cls.__mro__:
        target = _KINDS.get(f"{base.__module__}.{base.__qualname__}")
        if target is not None:
            hidden = [other for other in cls.__mro__ if _hides_state(other) and not issubclass(base, other)]
            return None if hidden else (target, _kind(target))
    if any(_hides_state(base) for base in cls.__mro__) or issubclass(cls, type):
        return None
    return _INSTANCE, _kind(_INSTANCE)


def _hides_state(cls: type) -> bool:
    """Tell whether `cls` adds storage that neither ``__dict__`` nor slots show."""
    base = cls.__base__
    if base is None or "__slots__" in vars(cls):
        return False
    size = cls.__basicsize__
    for offset in ("__dictoffset__", "__weakrefoffset__"):
        if getattr(cls, offset) > 0 and not getattr(base, offset):
            size -= 8
    return size > base.__basicsize__ or cls.__itemsize__ != base.__itemsize__


def _layout(cls: type) -> tuple[object, ...]:
    """Return what two classes have to have in common for an object of one to become one of the other."""
    found = _kind_of(cls)
    sizes = (cls.__basicsize__, cls.__itemsize__, cls.__dictoffset__, cls.__weakrefoffset__)
    return (*sizes, found and found[0], *(name for _, name, _ in _slots_of(cls)))


def _type_name(node: object) -> str:
    return f"{type(node).__module__}.{type(node).__qualname__}"


def _dict_of(node: object) -> dict[str, Any] | None:
    try:
        attributes = object.__getattribute__(node, "__dict__")
    except AttributeError:
        return None
    return attributes if isinstance(attributes, dict) else None


def _slots_of(cls: type) -> Iterator[tuple[int, str, MemberDescriptorType]]:
    for position, base in enumerate(cls.__mro__):
        if "__slots__" in vars(base):
            for name, member in vars(base).items():
                if isinstance(member, MemberDescriptorType):
                    yield position, name, member


def _slot_values(node: object) -> Iterator[tuple[int, str, Any]]:
    for position, name, member in _slots_of(type(node)):
        try:
            value = member.__get__(node, type(node))
        except AttributeError:
            continue
        yield position, name, value


def _set_slots(node: object, slots: tuple[tuple[int, str, Any], ...]) -> None:
    values = {(position, name): value for position, name, value in slots}
    for position, name, member in _slots_of(type(node)):
        if (position, name) in values:
            member.__set__(node, values[position, name])
        elif _has(node, member):
            member.__delete__(node)


def _has(node: object, member: MemberDescriptorType) -> bool:
    try:
        member.__get__(node, type(node))
    except AttributeError:
        return False
    return True
