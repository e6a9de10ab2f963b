"""Edits as a user makes them between runs: some change nothing, some must be seen by what depends on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .notebooks import NotebookCell
from .sources import ParsedCell, Splice, constants, function_changes, parsed

__all__ = ["Edit", "harmful_edits", "harmless_edit"]

_NOTE = "# checked by fpcache"
_TRANSPARENT = ("%%time", "%%capture")
_MOST_DEAR = 6


@dataclass(frozen=True, slots=True)
class Edit:
    """A notebook's cells after an edit, and what was edited in words."""

    name: str
    cells: tuple[NotebookCell, ...]


def harmless_edit(cells: Sequence[NotebookCell]) -> Edit:
    """Add comments and blank lines to all cells; nothing has to run again."""
    edited = tuple(replace(cell, source=_remarked(cell.source)) for cell in cells)
    return Edit("comments and blank lines added", edited)


def _remarked(source: str) -> str:
    first = source.lstrip("\n").split("\n", 1)[0]
    if not first.startswith("%%"):
        return f"{_NOTE}\n\n{source}\n\n{_NOTE}"
    if first.split(" ")[0] in _TRANSPARENT:
        return f"{source}\n\n{_NOTE}"
    return source  # the body may be of any language


def harmful_edits(
    cells: Sequence[NotebookCell], dear: Sequence[tuple[int, int]]
) -> Iterator[tuple[Edit, ...]]:
    """Yield kinds of edits that what is dear depends on, each with alternatives, best first.

    Parameters
    ----------
    cells : sequence of NotebookCell
        The notebook's.
    dear : sequence of tuple of int
        Cell number and line of the dear statements, dearest first.
    """
    trees = [parsed(cell.source) for cell in cells]
    dear = dear[:_MOST_DEAR]
    seen: set[str] = set()
    for edits in (
        _constants_in(cells, trees, dear),
        _constants_in(cells, trees, dear[1:]),
        _functions(cells, trees, dear),
        _values_before(cells, trees, dear),
        _repeated(cells, dear),
    ):
        fresh = tuple(edit for edit in edits if edit.name not in seen)
        seen.update(edit.name for edit in fresh[:1])
        if fresh:
            yield fresh


def _constants_in(
    cells: Sequence[NotebookCell], trees: Sequence[ParsedCell | None], dear: Sequence[tuple[int, int]]
) -> list[Edit]:
    """Change a constant in a dear statement."""
    found = []
    for number, line in dear:
        tree = trees[number - 1]
        for splice in constants(tree.at(line)) if tree is not None else ():
            found.append(_spliced(cells, number, splice, "a constant"))
    return found


def _functions(
    cells: Sequence[NotebookCell], trees: Sequence[ParsedCell | None], dear: Sequence[tuple[int, int]]
) -> list[Edit]:
    """Change the body of a function that a dear statement reaches by names."""
    reached: set[str] = set()
    for number, line in dear:
        tree = trees[number - 1]
        reached |= tree.names_at(line) if tree is not None else set()
    found: list[Edit] = []
    grown = True
    while grown:
        grown = False
        for cell, tree in zip(cells, trees, strict=True):
            for function in tree.functions if tree is not None else ():
                if function.name in reached and not function.names <= reached:
                    reached |= function.names
                    grown = True
                if function.name in reached:
                    found += [
                        _spliced(cells, cell.number, splice, f"the body of `{function.name}`")
                        for splice in function_changes(function)
                    ]
    return list(dict.fromkeys(found))


def _values_before(
    cells: Sequence[NotebookCell], trees: Sequence[ParsedCell | None], dear: Sequence[tuple[int, int]]
) -> list[Edit]:
    """Change a constant in an earlier assignment to a name that a dear statement reads."""
    found = []
    for number, line in dear:
        tree = trees[number - 1]
        names = tree.names_at(line) if tree is not None else set()
        for cell, earlier in reversed(list(zip(cells[: number - 1], trees, strict=False))):
            for node in earlier.assigning(names) if earlier is not None else ():
                if (cell.number, node.lineno) not in dear:
                    found += [
                        _spliced(cells, cell.number, splice, "an earlier value")
                        for splice in constants([node])
                    ]
    return found


def _repeated(cells: Sequence[NotebookCell], dear: Sequence[tuple[int, int]]) -> list[Edit]:
    """Run a dear cell twice in a row."""
    return [
        Edit(f"cell {number} run twice", (*cells[:number], cells[number - 1], *cells[number:]))
        for number in dict.fromkeys(number for number, _ in dear)
    ]


def _spliced(cells: Sequence[NotebookCell], number: int, splice: Splice, what: str) -> Edit:
    edited = tuple(
        replace(cell, source=splice.applied(cell.source)) if cell.number == number else cell for cell in cells
    )
    return Edit(f"{what}: cell {number}, line {splice.line}: {splice.old} → {splice.new}", edited)
