"""A set that is built again is laid out as the one that it stands for, now and after later additions."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.fingerprints.set_layouts import build, build_frozen, fill, layout, places, recipe
from fpcache.fingerprints.set_values import has_steady_hashes, is_hashed_by_address, is_hashed_by_python

ELEMENTS = st.one_of(
    st.integers(0, 200), st.integers(), st.text(max_size=3), st.tuples(st.integers(0, 9), st.integers(0, 9))
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "discard", "pop"]), ELEMENTS),
        st.tuples(st.sampled_from(["update", "merge", "remove"]), st.lists(ELEMENTS, max_size=40)),
        st.tuples(st.just("copy"), st.none()),
    ),
    max_size=12,
)


def made_by(steps: list[tuple[str, object]]) -> set[object]:
    found: set[object] = set()
    for step, value in steps:
        match step:
            case "pop":
                found.pop() if found else None
            case "merge":
                found |= set(value)
            case "remove":
                found -= set(value)
            case "copy":
                found = found.copy()
            case _:
                getattr(found, step)(value)
    return found


@settings(max_examples=300, deadline=None)
@given(STEPS, st.lists(ELEMENTS, max_size=60))
def test_a_set_built_again_can_not_be_told_from_the_first_by_its_order(steps, later):
    found = made_by(steps)
    made = recipe(found)
    if not made.is_exact:  # some tables have forgotten how they were filled
        return
    again = set(iter(found)) if made.is_plain else build(made)
    in_place = {"something", "else", *range(9)}
    fill(in_place, made)
    assert layout(again) == layout(in_place) == layout(found)
    for element in later:
        if element in found and found:
            assert again.pop() == in_place.pop() == (taken := found.pop()), taken
        for one in (found, again, in_place):
            one.add(element)
        assert list(again) == list(in_place) == list(found)


@pytest.mark.parametrize("size", [*range(30), 100, 1000, 20_000])
@pytest.mark.parametrize("step", [1, 8, 7919, 2**40], ids=str)
def test_sets_of_all_sizes_that_grew_are_built_again(size, step):
    values = [n * n * step + n for n in range(size)]
    for found in (set(values), frozenset(values), set(values).copy(), set(values[::2]) | set(values[1::2])):
        made = recipe(found)
        assert made.is_exact
        again = build_frozen(made) if isinstance(found, frozenset) else build(made)
        assert type(again) is type(found)
        assert (list(again), layout(again)) == (list(found), layout(found))


def test_elements_in_the_same_order_may_be_in_other_slots():
    """Of two that want one slot the second one gets another, which may come before it or after it."""
    for first, second in itertools.permutations([3 + 8 * n for n in range(40)], 2):
        found = {first}
        found.add(second)
        again = build(recipe(found))
        turned = {second}
        turned.add(first)
        assert places(again) == places(found) != places(turned)
        for element in range(8):
            found.add(element)
            again.add(element)
            assert list(again) == list(found)


def test_slots_of_removed_elements_are_taken_in_the_copy_too():
    found = set(range(0, 4000, 8))
    while len(found) > 3:
        found.pop()
    again = build(recipe(found))
    assert layout(again) == layout(found)
    assert layout(again).taken > 400
    for element in (5, 13, 1024, 2048):
        found.add(element)
        again.add(element)
    assert list(again) == list(found)


def test_what_hashes_depend_on_is_told_apart():
    import numpy

    steady = [{1, 2.5}, {(1, 2), (3, True)}, {Fraction(1, 3)}, set(numpy.arange(3)), set()]
    assert all(map(has_steady_hashes, steady))
    assert not any(map(has_steady_hashes, [{"a"}, {1, None}, {(1, "a")}, {frozenset({1})}, {object()}]))
    assert is_hashed_by_address({object()})
    assert not is_hashed_by_address({"a", 1})
    assert is_hashed_by_python({1, "a", (2, b"b"), None})
    assert not is_hashed_by_python({frozenset({1})})
    assert not is_hashed_by_python({(1, object())})
