"""The names of files in the columns of a dataset, whose own fingerprint doesn't tell of the files' content.

A column of names is one from its beginning, so a column is searched to its end
only where one of its first texts names a file, and what was not searched is told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fpcache.hf.outside import paths_in
from fpcache.hf.tabular import has_arrow_text

__all__ = ["files_in_columns"]

_FIRST = 100_000
_LONGEST_BYTES = 4096
_LIKE_A_PATH = r"[/\\]|\.[^\s.]{1,32}$"  # as in `outside`, a little more


def files_in_columns(
    dataset: Any, near: Iterable[str], tell: Callable[[str], object], first: int | None = None
) -> Iterator[str]:
    """Yield the texts in a dataset that have the form of a path, or are the name of a file nearby.

    Parameters
    ----------
    dataset : datasets.Dataset
        Rows that a selection leaves out are searched too.
    near : iterable of str
        Names of the files in the working directory.
    tell : callable
        Is called with a sentence on each column that was not searched to its end.
    first : int
        How many texts of a column are searched where none of them names a file; 100,000 by default.
    """
    names, first = frozenset(near), first or _FIRST
    table = dataset.data.table
    for column, values in zip(table.column_names, table.columns, strict=True):
        if has_arrow_text(values.type):
            found, is_whole = _searched(values, names, first)
            yield from found
            if not is_whole:
                tell(
                    f"none of the first {first:,} texts in column `{column}` of a dataset names a file; "
                    "the others were not searched"
                )


def _searched(values: Any, near: frozenset[str], first: int) -> tuple[set[str], bool]:
    """Return what a column names, and whether it was searched to its end."""
    found: set[str] = set()
    seen, names_files = 0, False
    for chunk in values.chunks:
        for start in range(0, len(chunk), first):
            if seen >= first and not names_files:
                return found, False
            for texts in _texts(chunk.slice(start, first)):
                like = set(_like_paths(texts, near))
                names_files = names_files or any(map(os.path.lexists, like - found))
                found |= like
                seen += len(texts)
    return found, True


def _texts(array: Any) -> Iterator[Any]:
    """Yield the arrays of texts in an array, however deep."""
    import pyarrow.types as kinds

    kind = array.type
    if hasattr(kind, "storage_type"):
        yield from _texts(array.storage)
    elif kinds.is_dictionary(kind):
        yield from _texts(array.dictionary)
    elif kinds.is_run_end_encoded(kind):
        yield from _texts(array.values)
    elif kinds.is_struct(kind):
        for part in array.flatten():
            yield from _texts(part)
    elif kinds.is_map(kind):
        yield from _texts(array.keys)
        yield from _texts(array.items)
    elif kinds.is_union(kind):
        for place in range(kind.num_fields):
            yield from _texts(array.field(place))
    elif kind.num_fields:
        yield from _texts(array.flatten())
    elif has_arrow_text(kind):
        yield array


def _like_paths(array: Any, near: frozenset[str]) -> Iterator[str]:
    import pyarrow as arrow
    import pyarrow.compute as compute

    array = array.cast(arrow.large_binary())
    array = array.filter(compute.less_equal(compute.binary_length(array), _LONGEST_BYTES))
    values = arrow.array(map(os.fsencode, sorted(near)), type=arrow.large_binary())
    is_like = compute.match_substring_regex(array, _LIKE_A_PATH)
    for text in array.filter(compute.or_(is_like, compute.is_in(array, values))).unique().to_pylist():
        name = os.fsdecode(text)
        if name in near:
            yield name
        else:
            yield from paths_in([name])
