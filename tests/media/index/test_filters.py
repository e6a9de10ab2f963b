"""What filters let through is what Python's own comparisons would."""

from __future__ import annotations

import re
import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fpcache.errors import MediaError
from fpcache.media.index.filters import condition
from fpcache.media.index.items import metadata_text

from .made_fingerprints import image, text

numbers = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, -1.0, 2.0, 1e300]))
texts = st.sampled_from(["", "a", "b", "B", "é", "2", "2000", "%", "' OR 1 --", '["a"]', "None"])
plain = st.one_of(st.none(), numbers, texts)
values = st.one_of(plain, st.lists(plain, max_size=2), st.dictionaries(texts, plain, max_size=1))
keys = st.sampled_from(["album", "year", "a b", "a.b", "x-y", "é"])
ranges = st.one_of(
    st.tuples(numbers, st.none() | numbers), st.tuples(st.none(), numbers),
    st.tuples(texts, st.none() | texts), st.tuples(st.none(), texts),
)  # fmt: skip
wanted = st.one_of(plain, ranges, st.lists(plain, max_size=3))


def passes(value, wanted):
    if isinstance(wanted, list):
        return any(passes(value, one) for one in wanted)
    if not isinstance(wanted, tuple):
        return value is None if wanted is None else not isinstance(value, (list, dict)) and value == wanted
    low, high = wanted
    is_text = isinstance(low if low is not None else high, str)
    if not isinstance(value, str if is_text else (int, float)):
        return False
    return (low is None or low <= value) and (high is None or value <= high)


@given(
    st.lists(st.dictionaries(keys, values, max_size=3), max_size=6), st.dictionaries(keys, wanted, max_size=2)
)
@example([{"year": 1}, {"year": True}, {"year": "1"}, {"year": 1.0}, {}], {"year": (1, 1)})
@settings(max_examples=300, deadline=None)
def test_a_filter_means_what_it_means_in_python(items, where):
    clause, parameters = condition(where)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE items (row INTEGER PRIMARY KEY, metadata TEXT)")
    connection.executemany(
        "INSERT INTO items (metadata) VALUES (?)", [(metadata_text(one),) for one in items]
    )
    asked = f"SELECT row FROM items WHERE {clause} ORDER BY row"
    found = [row for (row,) in connection.execute(asked, parameters)]
    connection.close()
    expected = [
        place
        for place, item in enumerate(items, 1)
        if all(passes(item.get(key), one) for key, one in where.items())
    ]
    assert found == expected


@pytest.mark.parametrize(
    "bad",
    [
        {'a" OR 1=1 --': 1}, {"": 1}, {"a'b": 1}, {3: 1}, {"a": object()}, {"a": float("inf")},
        {"a": 1 << 64},
        {"a": (1, "b")}, {"a": (1, 2, 3)}, {"a": ()}, {"a": (None, None)}, {"a": "\ud800"}, {"a": {"b": 1}},
        {"a": list(range(501))}, {"a": [(1, object())]}, "album", [("a", 1)],
    ],
    ids=lambda bad: re.sub(r" at 0x\w+", "", repr(bad)),
)  # fmt: skip
def test_what_cannot_be_asked_for_is_a_clear_error(bad):
    with pytest.raises(MediaError, match="where="):
        condition(bad)


def test_a_text_full_of_quotes_is_only_a_text(open_index):
    index = open_index()
    evil = "'; DROP TABLE items; --"
    index.add("a", text(1), {"album": evil})
    index.add("b", text(1), {"album": "x"})
    assert [match.id for match in index.search(text(1), where={"album": evil})] == ["a"]
    assert [match.id for match in index.search(text(1), where={"album": ["x", "y"]})] == ["b"]
    assert [match.id for match in index.search(text(1), where={"album": [*map(str, range(499)), "x"]})] == [
        "b"
    ]
    assert index.search(text(1), where={"album": []}) == []
    assert len(index) == 2


def test_a_filter_holds_where_many_more_are_nearer(open_index):
    index = open_index(candidates=3)
    for number in range(40):
        index.add(f"near {number}", text(1), {"n": number})
    index.add("far", text(1, words=25), {"n": -1})
    assert [match.id for match in index.search(text(1), where={"n": -1})] == ["far"]
    assert len(index.search(text(1), limit=100, where={"n": (10, 19)})) == 10


@pytest.mark.parametrize("one_in", [2, 25, 2000])
def test_among_many_a_filter_proposes_what_it_would_of_a_smaller_index(open_index, tmp_path, one_in):
    index = open_index("image", candidates=2)
    made = {str(seed): image(seed) for seed in range(200)}
    made |= {f"copy of {seed}": image(1000 + seed, like=seed) for seed in range(0, 200, 2)}
    items = [(item_id, one, {"n": place}) for place, (item_id, one) in enumerate(made.items())]
    index.add_many(items)
    wanted = list(range(0, 300, one_in))
    for seed in range(0, 200, 20):
        asked = image(5000 + seed, like=seed)
        found = {match.id for match in index.search(asked, where={"n": wanted})}
        assert found == {one for one in (str(seed), f"copy of {seed}") if list(made).index(one) in wanted}
