"""What a walk over values and a reading of code hand back, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Final, Literal

__all__ = [
    "MISSING",
    "Allowance",
    "Buffer",
    "GlobalRead",
    "MetSets",
    "Missing",
    "Reading",
    "Resolved",
    "Root",
    "Walk",
    "unlimited",
]

Allowance = Callable[[float], None]
"""Called often, with the seconds that the next piece takes at least; what it raises ends the walk."""


def unlimited(ahead_s: float) -> None:
    """Allow everything."""


class Missing:
    """The type of `MISSING`, the value of a name that nothing is bound to."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()

Role = Literal["read", "store", "mention", "named", "follow"]


@dataclass(frozen=True, slots=True)
class GlobalRead:
    """A name of a namespace that a piece of code may read.

    Attributes
    ----------
    module : str
        The module whose namespace holds the name, ``"__main__"`` for the
        notebook's.
    name : str
        The name there, such as ``"norm"``.
    value : object
        What the name is bound to at present, or `MISSING`.
    chain : tuple of str
        For people: the functions through which it is reached, then itself.
    namespace : dict
        The namespace itself.
    role : {"read", "store", "mention", "named", "follow"}
        Whether the code reads the name, assigns it by ``global``, or only
        holds the (installed) object; ``"named"`` is what only an annotation
        names, which the digest tells; ``"follow"`` tells of a function whose
        own code was taken in.
    path : str
        The name as the code spells it, such as ``"np.random.rand"``.
    line : int or None
        The line of the code that names it.
    rest : tuple of str
        Attributes that the code then takes of the value.
    """

    module: str
    name: str
    value: object
    chain: tuple[str, ...]
    namespace: dict[str, object]
    role: Role = "read"
    path: str = ""
    line: int | None = None
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Buffer:
    """A stretch of memory that a node shows.

    Attributes
    ----------
    rank : int
        Index of the node in its walk's ``nodes``.
    start : int
        Address of the first byte.
    size_bytes : int
        How many bytes from there on may belong to the node.
    copy_on_write : bool
        True where the library copies before it writes (pandas), so that an
        overlap with another such buffer can't be seen.
    """

    rank: int
    start: int
    size_bytes: int
    copy_on_write: bool = False


@dataclass(slots=True)
class MetSets:
    """What sets a value holds.

    Attributes
    ----------
    any : bool
        Whether there are any.
    seeded_orders : tuple of bytes
        The layouts of those whose elements' hashes depend on the hash seed.
    """

    any: bool = False
    seeded_orders: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """One value, walked once.

    Attributes
    ----------
    digest : bytes
        Of the value and of the sharing inside it.
    nodes : tuple of object
        Every object with visible identity, in canonical order.
    buffers : tuple of Buffer
        Memory that arrays and tensors show.
    packages : frozenset of str
        Top-level names of the installed modules whose code the value needs.
    reached : tuple of GlobalRead
        Globals that the functions in the value read.
    has_set : bool
        Whether there is a set.
    has_seeded_set : bool
        Whether a set's iteration order may differ between processes.
    ranks : mapping of int to int
        Index in `nodes` by id; ``-1 - index`` for the ``__dict__`` of a node.
    ambiguous : frozenset of int
        Indexes of nodes that stand in a set beside others of equal digest, so
        that an index doesn't say which of them it is.
    contents : mapping of int to bytes
        The content of dense tensors, or a digest of it, by id.
    """

    digest: bytes
    nodes: tuple[object, ...] = ()
    buffers: tuple[Buffer, ...] = ()
    packages: frozenset[str] = frozenset()
    reached: tuple[GlobalRead, ...] = ()
    has_set: bool = False
    has_seeded_set: bool = False
    ranks: Mapping[int, int] = field(default_factory=dict, repr=False)
    ambiguous: frozenset[int] = frozenset()
    contents: Mapping[int, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Root:
    """One name that a component's outcome may depend on.

    Attributes
    ----------
    key : str
        ``"x"`` for the notebook's names, ``"helpers:norm"`` for others.
    label : str
        For people, such as ``"function `norm`"``.
    chain : tuple of str
        The functions through which it is reached, then itself.
    kind : str
        ``"value"``, ``"function"``, ``"class"``, ``"module"``,
        ``"builtin"`` or ``"missing"``.
    value : object
        What the name is bound to, or `MISSING`.
    walk : Walk or None
        None for what stands for its name alone.
    digest : bytes
        Of the value by itself.
    summary : str
        At most 60 characters, such as ``"DataFrame 1000×5"``.
    """

    key: str
    label: str
    chain: tuple[str, ...]
    kind: str
    value: object
    walk: Walk | None
    digest: bytes
    summary: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A builtin or installed object that followed code names.

    Attributes
    ----------
    path : str
        Its dotted path, such as ``"time.time"``.
    value : object
        The object, or `MISSING` where its module is not loaded.
    chain : tuple of str
        The functions through which it is reached.
    line : int or None
        The line, where the component's own code names it.
    """

    path: str
    value: object
    chain: tuple[str, ...]
    line: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a piece of code reads: its names and what they lead to.

    Attributes
    ----------
    digest : str
        Of all roots, the identity structure across them, and the packages.
    roots : tuple of Root
        Sorted by key.
    nodes : tuple of object
        Objects with visible identity over all roots, in canonical order.
    packages : mapping of str to str
        Versions of the distributions that the code reaches.
    resolved : tuple of Resolved
        The builtins and installed objects that followed code names.
    stored_globals : tuple of (str, str)
        Module and name of what reached functions assign by ``global``.
    strings : tuple of str
        String constants of followed code.
    functions : tuple of FunctionType
        The functions whose code was followed.
    has_seeded_set : bool
        Whether a set's iteration order may differ between processes.
    changed_on_disk : tuple of str
        Local modules whose file is not what was loaded.
    code : CodeType or None
        The code object that was read.
    """

    digest: str
    roots: tuple[Root, ...]
    nodes: tuple[object, ...]
    packages: Mapping[str, str]
    resolved: tuple[Resolved, ...]
    stored_globals: tuple[tuple[str, str], ...]
    strings: tuple[str, ...]
    functions: tuple[FunctionType, ...]
    has_seeded_set: bool
    changed_on_disk: tuple[str, ...]
    code: CodeType | None = None
