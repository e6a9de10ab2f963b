"""How a set keeps its elements: what its order depends on, now and after later additions.

CPython keeps a set in a table of a power of two slots. An element goes to the
slot that its hash names, or, where that is taken, to the first free one of a
fixed sequence. So equal sets differ in their order by how they came about, and
a set that is built again from its elements is laid out in another way, unless
they are added in an order that gives every one of them the slot that it had.

Source: ``Objects/setobject.c`` of CPython 3.11 to 3.14.
"""

from __future__ import annotations

import ctypes
import operator
import random
import struct
import sys
import sysconfig
from array import array
from collections.abc import Iterator
from itertools import chain, compress
from typing import Any, NamedTuple

import xxhash

__all__ = ["Layout", "Recipe", "build", "build_frozen", "fill", "layout", "places", "recipe"]

AnySet = set[Any] | frozenset[Any]

_WORD = ctypes.sizeof(ctypes.c_ssize_t)
_FILL, _MASK, _TABLE, _FINGER = (offset * _WORD for offset in (2, 4, 5, 7))
_HEAD = struct.Struct("n8xn16xn")  # what is from the fill to the finger, of 8 bytes each
_LINEAR_PROBES, _PERTURB_SHIFT = 9, 5
_REMOVED = -1  # in place of a hash, which is never -1
_FEW = 5  # so many make an empty set take a larger table
_SMALL, _TRIES = 20, 100  # of the orders in which a small table is filled, some survive its growth


class Layout(NamedTuple):
    """What later additions to a set depend on, besides the order of its elements.

    Attributes
    ----------
    slots : int
        Size of the table.
    taken : int
        Slots that hold an element, or held one that was removed.
    popped : int
        The slot at which `pop` goes on to look for an element.
    """

    slots: int
    taken: int
    popped: int


class Recipe(NamedTuple):
    """How to build a set with the layout of another one.

    Attributes
    ----------
    at_once : int
        How many items are added in one step, for which a table of double that size is taken.
    again : int
        How many of these are then added once more, for which the table grows.
    gaps : tuple of int
        Slots of elements that were removed.
    items : tuple
        The elements, in the order in which they are added.
    is_exact : bool
        Whether the layout will be the same.
    is_reordered : bool
        Whether the items are in another order than that in which they are iterated.
    popped : int
        The slot at which `pop` goes on.
    """

    at_once: int
    again: int
    gaps: tuple[int, ...]
    items: tuple[Any, ...]
    is_exact: bool = True
    is_reordered: bool = False
    popped: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether adding the elements as they are iterated does it."""
        return (
            self.is_exact and not self.at_once and not self.gaps and not self.is_reordered and not self.popped
        )


class _Gap:
    """Takes a slot, to be removed again."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place

    def __hash__(self) -> int:
        return self.place


def layout(found: AnySet) -> Layout:
    """Return the size and the use of a set's table; its number of elements where that can't be seen."""
    if not _IS_READABLE:
        return Layout(len(found), len(found), 0)
    fill, mask, finger = _HEAD.unpack(ctypes.string_at(id(found) + _FILL, _HEAD.size))
    return Layout(mask + 1, fill, finger)


def places(found: AnySet) -> bytes:
    """Return a digest of the slots that are taken, and of the hashes of what is in them.

    Elements in the same order, in tables of the same size, may be in other slots.
    """
    if not _IS_READABLE:
        return b""
    cells = array("q", _table(found))
    return xxhash.xxh3_128_digest(cells[1::2].tobytes() + repr(_at_zero(cells)).encode())


def _at_zero(cells: array[int]) -> list[int]:
    """Return the slots of elements whose hash is zero, which is the hash of free ones too."""
    mask, start = len(cells) // 2 - 1, 0
    found: list[int] = []
    while True:
        more = _LINEAR_PROBES if start + _LINEAR_PROBES <= mask else 0
        for place in range(start, start + more + 1):
            if not cells[2 * place]:
                return found
            if not cells[2 * place + 1]:
                found.append(place)
        start = (start * 5 + 1) & mask


def build(made: Recipe) -> set[Any]:
    """Return the set that a recipe describes."""
    again: set[Any] = set()
    fill(again, made)
    return again


def fill(into: set[Any], made: Recipe) -> None:
    """Change a set into what a recipe describes."""
    set.clear(into)
    if made.popped:
        _pop_up_to(into, made.popped)
    gaps = [_Gap(place) for place in made.gaps]
    items = [*gaps, *made.items]
    if made.at_once:
        set.update(into, dict.fromkeys(items[: made.at_once]))
        set.update(into, dict.fromkeys(items[: made.again]))
    set.update(into, items[made.at_once :])
    for gap in gaps:
        set.discard(into, gap)


def _pop_up_to(into: set[Any], place: int) -> None:
    """Let `pop` take an element before this slot: clearing a set leaves it where it went on."""
    many = max(place, _FEW)
    set.update(into, dict.fromkeys(_Gap(place - 1 + n) for n in range(many)))  # in slots of their own
    while set.pop(into).place != place - 1:
        pass
    set.clear(into)


def build_frozen(made: Recipe) -> frozenset[Any]:
    """Return the frozenset that a recipe describes."""
    return frozenset(dict.fromkeys(made.items) if made.at_once else made.items)


def recipe(found: AnySet) -> Recipe:
    """Return how to build a set with the layout of `found`, whose elements Python itself hashes.

    Not every layout can be had: none of a size that only elements explain
    which a growing table has forgotten.
    """
    is_frozen = isinstance(found, frozenset)
    elements = tuple(frozenset.__iter__(found) if isinstance(found, frozenset) else set.__iter__(found))
    for made in _candidates(found, elements, is_frozen):
        made = made._replace(popped=layout(found).popped)
        again = build_frozen(made) if is_frozen else build(made)
        if layout(again) == layout(found) and _are_alike(again, found):
            return made
    return Recipe(0, 0, (), elements, is_exact=False)


def _candidates(found: AnySet, elements: tuple[Any, ...], is_frozen: bool) -> Iterator[Recipe]:
    slots, taken, _ = layout(found)
    steps = dict.fromkeys((0, taken) if is_frozen else (0, taken, 5))
    growths = [(step, 0) for step in steps if step <= taken and _slots_for(step, taken) == slots]
    if taken == len(elements):
        is_numbers = set(map(type, elements)) == {int}  # these came in their order more often than not
        for growth in growths:
            yield Recipe(*growth, (), elements)
            if is_numbers:
                yield Recipe(*growth, (), tuple(sorted(elements)), is_reordered=True)
    elif is_frozen:
        return
    gaps, first, late = _in_order_of_need(found, elements)
    items, chance = [*first, *late], random.Random(0)
    if not is_frozen:
        growths += _growths(slots, len(gaps) + len(first))
    for _ in range(_TRIES if taken <= _SMALL else 1):
        yield from (Recipe(*growth, gaps, tuple(items), is_reordered=True) for growth in growths)
        chance.shuffle(items)


def _slots_for(at_once: int, taken: int) -> int:
    """Return the size of a set's table where some elements were added at once, and others one by one."""
    slots = 8 if at_once < 5 else 1 << (2 * at_once).bit_length()
    while True:
        full = -(-3 * (slots - 1) // 5)  # with so many, the table grows
        if not _IS_READABLE or taken < full:
            return slots if _IS_READABLE else taken
        slots = max(8, 1 << (full * (2 if full > 50_000 else 4)).bit_length())


def _growths(slots: int, settled: int) -> Iterator[tuple[int, int]]:
    """Return how many of the settled elements to add at once, and again, for a table of `slots`.

    Adding many at once makes a table of the next power of two above double the
    number of those that are there and those that come, even if they are the same.
    """
    if settled >= slots // 4:
        yield slots // 4, 0
    before = 8 if settled < 5 else 1 << (2 * settled).bit_length()
    again = max(1, slots // 4 - settled, (3 * before) // 5 + 1 - settled)
    if again <= settled:
        yield settled, again


def _in_order_of_need(
    found: AnySet, elements: tuple[Any, ...]
) -> tuple[tuple[int, ...], tuple[Any, ...], tuple[Any, ...]]:
    """Return gaps, the elements in the slot of their hash, and the others after those they gave way to.

    The first may be added in any order: a table that grows meanwhile gives
    them their slots again.
    """
    if not _IS_READABLE:
        return (), elements, ()
    slots, taken, _ = layout(found)
    cells = (ctypes.c_ssize_t * (2 * slots)).from_address(_word(found, _TABLE))[:]
    keys, hashes = cells[::2], cells[1::2]
    places = list(compress(range(slots), keys))
    gaps = _gaps_of(found) if taken != len(elements) else ()
    if gaps:
        places = [place for place in places if hashes[place] != _REMOVED]
    mask = slots - 1
    at_home = [hashes[place] & mask == place for place in places]
    there = bytearray(slots)
    for place in chain(compress(places, at_home), gaps):
        there[place] = 1
    held = zip(places, elements, at_home, strict=True)
    waiting = [(place, hashes[place], element) for place, element, is_home in held if not is_home]
    late: list[Any] = []
    while waiting:
        left = []
        for place, hashed, element in waiting:
            if _next_free(hashed, mask, there) == place:
                there[place] = 1
                late.append(element)
            else:
                left.append((place, hashed, element))
        if len(left) == len(waiting):  # the table has forgotten why they are there
            break
        waiting = left
    return gaps, tuple(compress(elements, at_home)), (*late, *(element for *_, element in waiting))


def _are_alike(one: AnySet, other: AnySet) -> bool:
    """Whether two sets of the same size keep the same elements in the same slots."""
    if not _IS_READABLE:
        return all(map(operator.is_, one, other))
    return _table(one) == _table(other)


def _table(found: AnySet) -> bytes:
    """Return the addresses and the hashes of the elements, slot by slot."""
    return ctypes.string_at(_word(found, _TABLE), layout(found).slots * 2 * _WORD)


def _gaps_of(found: AnySet) -> tuple[int, ...]:
    """Return the slots of removed elements."""
    slots = layout(found).slots
    cells = (ctypes.c_ssize_t * (2 * slots)).from_address(_word(found, _TABLE))[:]
    return tuple(place for place in range(slots) if cells[2 * place] and cells[2 * place + 1] == _REMOVED)


def _next_free(hashed: int, mask: int, there: bytearray) -> int:
    """Return the first free slot in the sequence that a hash tries."""
    perturb = hashed & sys.maxsize * 2 + 1
    start = hashed & mask
    while True:
        more = _LINEAR_PROBES if start + _LINEAR_PROBES <= mask else 0
        place = there.find(0, start, start + more + 1)
        if place >= 0:
            return place
        perturb >>= _PERTURB_SHIFT
        start = (start * 5 + 1 + perturb) & mask


def _word(found: AnySet, offset: int) -> int:
    return ctypes.c_ssize_t.from_address(id(found) + offset).value


def _is_readable() -> bool:
    """Whether this interpreter's sets are known: what is read of some has to be what they tell themselves."""
    if sys.implementation.name != "cpython" or _WORD != 8 or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return False
    small, large = set(range(3)), set(range(100))
    small.discard(1)
    empty = set.__sizeof__(set())
    large.pop()
    return (
        (_word(small, _FILL), _word(small, _MASK)) == (3, 7)
        and _word(large, _FILL) == len(large) + 1
        and _word(large, _FINGER) == 1
        and set.__sizeof__(large) - empty == (_word(large, _MASK) + 1) * 2 * _WORD
    )


_IS_READABLE = _is_readable()
