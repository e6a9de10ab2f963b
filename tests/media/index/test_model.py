"""An index says what comparing with everything in a dictionary says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.errors import MediaError
from fpcache.media import MediaIndex, similarity

from .made_fingerprints import image, text

MADE = [
    *(image(seed) for seed in range(4)), *(image(100 + seed, like=seed) for seed in range(2)),
    image(200, like=1, has_vector=False), *(text(seed) for seed in range(3)), text(1, words=20),
]  # fmt: skip
ids = st.sampled_from("abcdef")
fingerprints = st.sampled_from(MADE)
years = st.none() | st.integers(0, 3)
where = st.none() | st.tuples(st.integers(0, 2), st.integers(1, 3)) | st.lists(years, max_size=2) | years
steps = st.one_of(
    st.tuples(st.just("add"), ids, fingerprints, years),
    st.tuples(st.just("update"), ids, st.none() | fingerprints, years),
    st.tuples(st.just("remove"), ids),
    st.tuples(st.just("search"), fingerprints, st.sampled_from([None, 0.0, 0.9]), where, st.integers(1, 7)),
    st.tuples(st.just("duplicates"), st.sampled_from([None, 0.3])),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("rebuild")),
)


def allows(where, year):
    if isinstance(where, tuple):
        return year is not None and where[0] <= year <= where[1]
    return year in where if isinstance(where, list) else where is None or year == where


def expected_matches(model, made, threshold, where, limit):
    told = []
    for item_id, (other, year) in model.items():
        if other.kind == made.kind and allows(where, year):
            one = similarity(made, other)
            if one.is_match if threshold is None else one.score >= threshold:
                told.append((item_id, one, {} if year is None else {"year": year}))
    return sorted(told, key=lambda match: (-match[1].score, match[0]))[:limit]


def expected_groups(model, threshold):
    groups = {item_id: {item_id} for item_id in model}
    for one, (a, _) in model.items():
        for other, (b, _) in model.items():
            if one < other and a.kind == b.kind:
                told = similarity(a, b)
                if told.is_match if threshold is None else told.score >= threshold:
                    groups[one] |= groups[other]
                    groups |= dict.fromkeys(groups[one], groups[one])
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def changed(index, model, step):
    """Make one change to both; what the model can't do, the index must refuse."""
    name, item_id, *rest = step
    is_possible = (item_id in model) != (name == "add")
    call = {"add": index.add, "update": index.update, "remove": index.remove}[name]
    if rest:
        rest[1] = None if rest[1] is None else {"year": rest[1]}
    if not is_possible:
        with pytest.raises(MediaError, match=item_id):
            call(item_id, *rest)
        return
    call(item_id, *rest)
    if name == "remove":
        del model[item_id]
        return
    before = model.pop(item_id, (None, None))
    year = before[1] if rest[1] is None else rest[1]["year"]
    model[item_id] = (before[0] if rest[0] is None else rest[0], year)


@given(st.lists(steps, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_small_index_is_exact(sequence):
    with TemporaryDirectory() as folder:
        path, model = Path(folder) / "index.sqlite", {}
        index = MediaIndex(path)
        for step in sequence:
            if step[0] in ("add", "update", "remove"):
                changed(index, model, step)
            elif step[0] == "search":
                _, made, threshold, where, limit = step
                found = index.search(made, limit, threshold, None if where is None else {"year": where})
                told = [(match.id, match.similarity, match.metadata) for match in found]
                assert told == expected_matches(model, made, threshold, where, limit)
            elif step[0] == "duplicates":
                groups = index.find_duplicates(step[1])
                assert {frozenset(group) for group in groups} == expected_groups(model, step[1])
            elif step[0] == "rebuild":
                index.rebuild()
            else:
                index.close()
                index = MediaIndex(path)
            assert len(index) == len(model)
        index.close()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 29)),
            st.tuples(st.just("remove"), st.integers(0, 29)),
            st.tuples(st.just("ask"), st.integers(0, 29)),
        ),
        max_size=40,
    ),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_what_is_there_is_found_and_nothing_else_with_few_candidates(sequence, has_vector):
    with (
        TemporaryDirectory() as folder,
        MediaIndex(Path(folder) / "i.sqlite", "image", candidates=2, numpy_below=4) as index,
    ):
        held = set()
        for name, seed in sequence:
            if name == "ask":
                asked = image(1000 + seed, like=seed, has_vector=has_vector)
                found = index.search(asked, limit=1, threshold=0.01)
                assert [match.id for match in found] == ([str(seed)] if seed in held else [])
            elif name == "add" and seed not in held:
                index.add(str(seed), image(seed, has_vector=has_vector))
                held.add(seed)
            elif name == "remove" and seed in held:
                index.remove(str(seed))
                held.remove(seed)
