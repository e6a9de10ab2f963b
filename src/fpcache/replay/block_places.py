"""Where a pandas block lies in the memory of another one, said in slices.

Slices find the same columns and rows again in a block that lies in memory in another way.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fpcache.replay.memory import Bounds, inner_arrays

__all__ = ["How", "Piece", "Unsayable", "cut", "how_to_cut", "pieces_of"]


class Piece(NamedTuple):
    """How an array lies in memory."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: Any


class How(NamedTuple):
    """How a view is made: what to take along each axis, whether to turn it, and the shape at last."""

    items: tuple[slice | int, ...]
    is_turned: bool
    shape: tuple[int, ...] | None


class Unsayable(Exception):
    """A view can't be made by slices."""


def pieces_of(values: Any) -> tuple[Piece, ...]:
    """Return how the arrays lie that a block's values consist of."""
    return tuple(
        Piece(array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)
        for array in inner_arrays(values)
    )


def cut(values: Any, how: How | None) -> Any:
    """Return the part of `values` that `how` tells, as a view; None is all."""
    if how is None:
        return values
    made = values[how.items if len(how.items) > 1 else how.items[0]]
    if how.is_turned:
        made = made.T
    return made if how.shape is None else made.reshape(how.shape)


def how_to_cut(source: tuple[Piece, ...], view: tuple[Piece, ...]) -> How | None:
    """Return how the arrays of a block are cut from those of another, or None if they lie elsewhere.

    Raises
    ------
    Unsayable
        If they lie in the same memory in a way that slices don't make.
    """
    if not any(_overlap(one, other) for one in source for other in view):
        return None
    if len(source) != len(view):
        raise Unsayable
    first, *others = (_how(one, other) for one, other in zip(source, view, strict=True))
    if any(other != first for other in others):
        raise Unsayable
    return first


def _overlap(one: Piece, other: Piece) -> bool:
    (start, stop), (other_start, other_stop) = _bounds(one), _bounds(other)
    return max(start, other_start) < min(stop, other_stop)


def _bounds(piece: Piece) -> Bounds:
    if 0 in piece.shape:
        return piece.address, piece.address
    reaches = [(length - 1) * stride for length, stride in zip(piece.shape, piece.strides, strict=True)]
    low = piece.address + sum(reach for reach in reaches if reach < 0)
    high = piece.address + sum(reach for reach in reaches if reach > 0)
    return low, high + int(piece.dtype.itemsize)


def _how(source: Piece, view: Piece) -> How:
    if source.dtype != view.dtype or not 1 <= len(view.shape) <= 2 or not 1 <= len(source.shape) <= 2:
        raise Unsayable
    starts = _starts(source, view.address)
    found = _axes(source, view, starts)
    items = [slice(start, start + 1, 1) for start in starts]
    for number, axis in found.items():
        step = view.strides[number] // source.strides[axis]
        items[axis] = _slice(starts[axis], step, view.shape[number])
    return _shaped(items, found, source, view)


def _shaped(items: list[Any], found: dict[int, int], source: Piece, view: Piece) -> How:
    is_turned = len(view.shape) == len(source.shape) == 2 and any(
        number != of for number, of in found.items()
    )
    if len(view.shape) < len(source.shape):
        lone = next(axis for axis in range(2) if axis not in found.values())
        items[lone] = items[lone].start
    return How(tuple(items), is_turned, view.shape if len(view.shape) > len(source.shape) else None)


def _starts(source: Piece, address: int) -> list[int]:
    """Return where along each axis of `source` the item at `address` lies."""
    axes = [axis for axis, length in enumerate(source.shape) if length > 1]
    low = _bounds(source)[0]
    rest, starts = address - low, [0] * len(source.shape)
    for axis in sorted(axes, key=lambda axis: -abs(source.strides[axis])):
        stride, length = source.strides[axis], source.shape[axis]
        start = min(rest // abs(stride), length - 1) if stride else 0
        rest -= start * abs(stride)
        starts[axis] = start if stride >= 0 else length - 1 - start
    if rest:
        raise Unsayable
    return starts


def _axes(source: Piece, view: Piece, starts: list[int]) -> dict[int, int]:
    """Return along which axis of `source` each axis of `view` goes."""
    found: dict[int, int] = {}
    for number, (length, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        if length == 1:
            continue
        for axis in sorted(range(len(source.shape)), key=lambda axis: -abs(source.strides[axis])):
            own = source.strides[axis]
            if source.shape[axis] == 1 or not own or not stride or stride % own or axis in found.values():
                continue
            if 0 <= starts[axis] + stride // own * (length - 1) < source.shape[axis]:
                found[number] = axis
                break
        else:
            raise Unsayable
    return found


def _slice(start: int, step: int, length: int) -> slice:
    stop = start + step * length
    return slice(start, stop if stop >= 0 else None, step)
