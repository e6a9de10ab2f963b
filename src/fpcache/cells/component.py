"""What a cell's source turns into: components, and the names they touch."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Cell", "Component", "Dynamic", "Kind", "Names", "TransparentMagic"]


class Kind(StrEnum):
    """What a component is made of; decides whether it can be cached at all."""

    CODE = "code"
    DEFINITION = "definition"
    IMPORT = "import"
    MAGIC = "magic"
    SHELL = "shell"
    DYNAMIC = "dynamic"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Names:
    """The notebook's global names that a component touches.

    Attributes
    ----------
    reads : frozenset of str
        Names whose present value the code may see, in nested functions too.
        Every name of `maybe_binds` and `deletes` is one of them.
    binds : frozenset of str
        Surely bound when the component ends without an exception.
    maybe_binds : frozenset of str
        Perhaps bound; the earlier binding may also stay.
    deletes : frozenset of str
        Perhaps deleted, by ``del`` or at the end of ``except ... as name``.
    mutates : frozenset of str
        Changed in place: ``x[i] = ``, ``x.a = ``, ``x += ``, ``del x[i]``.
    kept : frozenset of str
        The part of `reads` whose value the code never looks at: the names
        are there only because an earlier binding may stay in place.
    """

    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    maybe_binds: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    mutates: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Code that no static analysis can see through.

    Attributes
    ----------
    name : str
        What it uses, such as ``"exec"`` or ``"get_ipython"``.
    line : int
        The line of the cell, counted from 1.
    """

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class TransparentMagic:
    """A magic whose body is ordinary code: ``%time``, ``%%time``, ``%%capture``.

    Attributes
    ----------
    name : str
        ``"time"`` or ``"capture"``.
    line : str
        The rest of the magic's line; the statement itself for ``%time``.
    body : str
        The code to analyse, as written: magics in it are not rewritten yet.
    is_cell : bool
        Whether it is a cell magic (``%%``).
    """

    name: str
    line: str
    body: str
    is_cell: bool = True


@dataclass(frozen=True, slots=True)
class Component:
    """Consecutive top-level statements of a cell that hit or run together.

    Attributes
    ----------
    index : int
        The place among the cell's components, from 0.
    label : str
        At most 40 characters for people.
    kind : Kind
        What it is made of.
    start, stop : int
        The slice of the cell's body.
    first_line, last_line : int
        Lines of the cell, from 1, both inclusive.
    source : str
        The statements as written, without surrounding comments.
    names : Names
        The global names it touches.
    code_digest : str
        Hex digest of the normalised syntax tree and Python's minor version.
    dynamic : tuple of Dynamic
        Uses of code that can't be analysed, by line.
    strings : tuple of str
        All string constants, each once.
    is_async : bool
        Whether it awaits at the top level.
    magic : TransparentMagic or None
        Set where the whole component is one such magic.
    method_calls : tuple of str
        Global names on which a method is called; hints only.
    texts : tuple of str
        Global names given as text to calls that look up variables named in
        it, such as ``df.query(text)``; see `names_in_text`.
    annotations : tuple of str
        Declarations (``"x: int"``) that add to ``__annotations__``.
    """

    index: int
    label: str
    kind: Kind
    start: int
    stop: int
    first_line: int
    last_line: int
    source: str
    names: Names
    code_digest: str
    dynamic: tuple[Dynamic, ...] = ()
    strings: tuple[str, ...] = ()
    is_async: bool = False
    magic: TransparentMagic | None = None
    method_calls: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's top-level statements and the components they form."""

    body: tuple[ast.stmt, ...]
    source: str
    components: tuple[Component, ...]
