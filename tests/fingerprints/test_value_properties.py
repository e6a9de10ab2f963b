"""Nested containers: equal fingerprints exactly where the structure is equal."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import Plain

from fpcache.fingerprints import fingerprint

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1.0]),
    st.text(max_size=3),
    st.binary(max_size=3),
)
HASHABLE = st.recursive(
    LEAVES, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=3),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        st.lists(st.fixed_dictionaries({"a": inner, "b": inner}), max_size=3),
        st.sets(HASHABLE, max_size=3),
        inner.map(lambda value: Plain(a=value)),
        st.lists(inner.map(lambda value: Plain(a=value)), max_size=3),
    )


VALUES = st.recursive(LEAVES, _containers, max_leaves=12)


def structure(value: Any) -> Any:
    """Return a plain description that is equal exactly where two values look equal."""
    kind = type(value).__name__
    if isinstance(value, float):
        return (kind, "nan" if value != value else value.hex())
    if isinstance(value, (list, tuple)):
        return (kind, [structure(item) for item in value])
    if isinstance(value, dict):
        return (kind, [(structure(k), structure(v)) for k, v in value.items()])
    if isinstance(value, (set, frozenset)):
        return (kind, sorted(repr(structure(item)) for item in value))
    return (kind, structure(vars(value))) if isinstance(value, Plain) else (kind, repr(value))


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES)
def test_fingerprints_are_equal_exactly_where_structures_are(one: Any, other: Any) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (structure(one) == structure(other))


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_copies_and_pickle_round_trips_keep_the_fingerprint(value: Any) -> None:
    expected = fingerprint(value)
    assert fingerprint(pickle.loads(pickle.dumps(value))) == expected
    assert fingerprint(copy.deepcopy(value)) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4), st.integers(0, 3))
def test_a_changed_leaf_changes_the_fingerprint(values: list[Any], place: int) -> None:
    before = fingerprint(values)
    values[place % len(values)] = "a leaf that no strategy makes"
    assert fingerprint(values) != before


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=3), st.lists(st.integers(0, 2), min_size=2, max_size=5))
def test_sharing_gives_another_fingerprint_than_copies(values: list[Any], order: list[int]) -> None:
    boxes = [[value] for value in values] or [[0]]
    shared = [boxes[index % len(boxes)] for index in order]
    apart = [copy.deepcopy(box) for box in shared]
    is_shared = len({id(box) for box in shared}) < len(shared)
    assert (fingerprint(shared) != fingerprint(apart)) == is_shared
