"""Which buffers share memory, said without addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fpcache.fingerprints.records import Buffer

__all__ = ["overlap_groups"]


class _Span(NamedTuple):
    start: int
    stop: int
    root: str
    rank: int
    copy_on_write: bool


def overlap_groups(buffers: Mapping[str, Iterable[Buffer]]) -> list[tuple[tuple[str, int, int, int], ...]]:
    """Return groups of buffers that touch the same memory.

    Parameters
    ----------
    buffers : mapping of str to iterable of Buffer
        By root name.

    Returns
    -------
    list of tuple of (root, rank, offset, size_bytes)
        Offsets are from the group's lowest address, so that they are equal in
        every process. Groups of which each member copies before it writes
        are left out: their overlap can't be seen.
    """
    spans = sorted(
        _Span(b.start, b.start + b.size_bytes, root, b.rank, b.copy_on_write)
        for root, found in buffers.items()
        for b in found
    )
    groups = [_relative(group) for group in _touching(spans) if _is_visible(group)]
    return sorted(groups)


def _touching(spans: list[_Span]) -> list[list[_Span]]:
    groups: list[list[_Span]] = []
    stop = -1
    for span in spans:
        if span.start < stop:
            groups[-1].append(span)
            stop = max(stop, span.stop)
        else:
            groups.append([span])
            stop = span.stop
    return groups


def _is_visible(group: list[_Span]) -> bool:
    return len(group) > 1 and not all(span.copy_on_write for span in group)


def _relative(group: list[_Span]) -> tuple[tuple[str, int, int, int], ...]:
    lowest = group[0].start
    return tuple(sorted((s.root, s.rank, s.start - lowest, s.stop - s.start) for s in group))
