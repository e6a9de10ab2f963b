"""Groups a cell's statements into components and analyses each of them."""

from __future__ import annotations
import __future__

import ast
import threading
import types
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace

from fpcache.syntax import compiled

from .component import Cell, Component, Dynamic, Kind, Names, TransparentMagic
from .digests import code_digest
from .findings import Findings, Place
from .kinds import kind_of
from .magics import body_tree, output_name, transparent_magic
from .sources import label_of, line_span, source_of
from .statements import statements

__all__ = ["compile_component", "parse_cell"]

_MEMO_SIZE = 512
_EMPTY = frozenset({"empty", "empty_like", "empty_strided", "new_empty"})
_memo: OrderedDict[tuple[object, ...], tuple[Component, ...]] = OrderedDict()
_memo_lock = threading.Lock()


def parse_cell(
    body: Sequence[ast.stmt], source: str, *, whole: bool = False, join_from: Collection[int] = ()
) -> Cell:
    """Turn a parsed cell into components.

    Parameters
    ----------
    body : sequence of ast.stmt
        The top-level statements, with positions in `source`.
    source : str
        The cell's text that was parsed.
    whole : bool
        Make one component of all statements.
    join_from : collection of int
        Indices of statements that are joined with all later ones.

    Returns
    -------
    Cell
        Components in source order; together they cover the body.

    Examples
    --------
    >>> text = "import math\\nroot = math.sqrt(x)"
    >>> cell = parse_cell(ast.parse(text).body, text)
    >>> [str(component.kind) for component in cell.components]
    ['import', 'code']
    >>> sorted(cell.components[1].names.reads)
    ['math', 'x']
    """
    nodes = tuple(body)
    # the digest is part of the key because an AST transformer may change the
    # body of an unchanged source
    key = (source, whole, frozenset(join_from), code_digest(nodes))
    with _memo_lock:
        components = _memo.get(key)
    if components is None:
        lines = source.split("\n")
        slices = _slices(nodes, whole, join_from)
        components = tuple(
            _component(index, nodes[start:stop], start, lines) for index, (start, stop) in enumerate(slices)
        )
        _remember(key, components)
    return Cell(nodes, source, components)


def compile_component(cell: Cell, component: Component, filename: str, *, flags: int = 0) -> types.CodeType:
    """Compile a component so that its names can be followed; positions are kept.

    Parameters
    ----------
    cell : Cell
        The cell that holds it.
    component : Component
        The component; of a transparent magic, the body is compiled.
    filename : str
        The file name that the code object gets.
    flags : int
        Compiler flags of ``from __future__`` imports in earlier cells.

    Raises
    ------
    SyntaxError
        If the code is wrong in a way that only the compiler notices.
    """
    nodes = list(cell.body[component.start : component.stop])
    if component.magic is not None:
        tree = body_tree(component.magic)
        nodes = [] if tree is None else tree.body
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | _future_flags(cell.body[: component.start])
    module = ast.Module(nodes, [])
    return compiled(module, filename, flags)


def _slices(nodes: Sequence[ast.stmt], whole: bool, join_from: Collection[int]) -> list[tuple[int, int]]:
    count = len(nodes)
    joined = 0 if whole else min((index for index in join_from if 0 <= index < count), default=count)
    found, start = [], 0
    while start < joined:
        stop = _end_of_filling(nodes, start, joined)
        found.append((start, stop))
        start = stop
    return [*found, (joined, count)] if joined < count else found


def _end_of_filling(nodes: Sequence[ast.stmt], start: int, last: int) -> int:
    """Return where a component ends that begins here: memory with chance content belongs to what fills it."""
    names: set[str] = set()
    for stop in range(start, last):
        name = _made_empty(nodes[stop])
        if name:
            names.add(name)
        elif any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(nodes[stop])):
            return stop + 1
        elif not names or not _sets_a_start(nodes[stop]):
            break
    return start + 1


def _sets_a_start(node: ast.stmt) -> bool:
    """Whether names are given constants, as counters are before a loop."""
    match node:
        case ast.Assign(targets=[ast.Name() | ast.Tuple()], value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name() | ast.Tuple()], value=ast.Tuple(elts=items)):
            return all(isinstance(item, ast.Constant) for item in items)
    return False


def _made_empty(node: ast.stmt) -> str:
    """Return the name that ``np.empty(n)`` or the like is given here; ``""`` if none is."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(attr=called), args=[_, *_])
        ) if called in _EMPTY:
            return name
    return ""


def _remember(key: tuple[object, ...], components: tuple[Component, ...]) -> None:
    with _memo_lock:
        _memo[key] = components
        while len(_memo) > _MEMO_SIZE:
            _memo.popitem(last=False)


def _component(index: int, nodes: Sequence[ast.stmt], start: int, lines: Sequence[str]) -> Component:
    magic = transparent_magic(nodes[0]) if len(nodes) == 1 else None
    if magic is not None:
        kind, found, names, digest = _of_magic(magic)
    else:
        found, names = _analysed(nodes)
        kind, digest = kind_of(nodes, found.dynamic), code_digest(nodes)
    first_line, last_line = line_span(nodes)
    source = source_of(nodes, lines)
    return Component(
        index=index,
        label=label_of(nodes, source),
        kind=kind,
        start=start,
        stop=start + len(nodes),
        first_line=first_line,
        last_line=last_line,
        source=source,
        names=names,
        code_digest=digest,
        dynamic=_dynamic(found, kind),
        strings=tuple(found.strings),
        is_async=found.is_async,
        magic=magic,
        method_calls=tuple(found.method_calls),
        texts=tuple(found.texts),
        annotations=tuple(found.annotations),
    )


def _analysed(nodes: Sequence[ast.stmt]) -> tuple[Findings, Names]:
    place = Place.top(nodes)
    try:
        end = statements(nodes, place, frozenset())
    except RecursionError:
        return _too_deep(nodes)
    return place.found, place.found.names(end)


def _too_deep(nodes: Sequence[ast.stmt]) -> tuple[Findings, Names]:
    """Take every name for everything: the component will not be cached anyway."""
    named = [node for root in nodes for node in ast.walk(root) if isinstance(node, ast.Name)]
    found = Findings(frozenset())
    found.loads = {node.id for node in named}
    found.bound = {node.id for node in named if not isinstance(node.ctx, ast.Load)}
    found.dynamic = [Dynamic("deeply nested code", line_span(nodes)[0])]
    return found, found.names(None)


def _of_magic(magic: TransparentMagic) -> tuple[Kind, Findings, Names, str]:
    """Analyse the body of a transparent magic like any other code."""
    tree = body_tree(magic)
    if tree is None:
        found = Findings(frozenset(), dynamic=[Dynamic("magics inside a magic", 1)])
        return Kind.MAGIC, found, Names(), code_digest((), magic.name, magic.line, magic.body)
    found, names = _analysed(tree.body)
    output = output_name(magic)
    if output is not None:
        names = replace(names, binds=names.binds | {output}, maybe_binds=names.maybe_binds - {output})
    line = "" if magic.line == magic.body else magic.line
    return Kind.MAGIC, found, names, code_digest(tree.body, magic.name, line)


def _dynamic(found: Findings, kind: Kind) -> tuple[Dynamic, ...]:
    unique = dict.fromkeys(found.dynamic)
    if kind is Kind.IMPORT:
        unique = {use: None for use in unique if use.name != "import *"}
    return tuple(sorted(unique, key=lambda use: (use.line, use.name)))


def _future_flags(nodes: Sequence[ast.stmt]) -> int:
    flags = 0
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                feature = getattr(__future__, alias.name, None)
                flags |= getattr(feature, "compiler_flag", 0)
    return flags
