from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.media.text.characters import mixed
from fpcache.media.text.sketch import Sketch, Sketcher, overlap

LEAST, ONE_IN, MOST = 50, 8, 400


def hashes(start: int, stop: int) -> np.ndarray:
    return mixed(np.arange(start, stop, dtype=np.uint64))


def sketch(*blocks: np.ndarray) -> Sketch:
    sketcher = Sketcher(LEAST, ONE_IN, MOST)
    for block in blocks:
        sketcher.add(block)
    return sketcher.result()


def expected(values: np.ndarray) -> np.ndarray:
    """Return what is to be kept, said as plainly as can be."""
    values = np.unique(values)
    in_fraction = int(np.searchsorted(values, np.uint64(((1 << 64) - 1) // ONE_IN)))
    return values[: min(max(LEAST, in_fraction), MOST)]


@pytest.mark.parametrize("size", [0, 1, 49, 50, 51, 399, 401, 3000, 3500, 20_000])
def test_a_sketch_keeps_the_least_a_fraction_and_never_too_many(size) -> None:
    found = sketch(hashes(0, size))
    assert found.values.tolist() == expected(hashes(0, size)).tolist()
    assert found.is_complete == (size <= LEAST)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 6000), max_size=6), st.integers(0, 6000), st.booleans(), st.randoms())
def test_a_sketch_does_not_depend_on_blocks_or_order_or_repeats(cuts, size, repeated, source) -> None:
    values = hashes(0, size)
    shuffled = values[source.sample(range(size), size)]
    blocks = np.split(shuffled, sorted(min(cut, size) for cut in cuts))
    if repeated:
        blocks = [*blocks, shuffled, np.repeat(values[:3], 5000)]
    found, whole = sketch(*blocks), sketch(values)
    assert found.values.tolist() == whole.values.tolist()
    assert found.limit == whole.limit


def test_many_blocks_are_settled_on_the_way(monkeypatch) -> None:
    monkeypatch.setattr("fpcache.media.text.sketch._PENDING", 100)
    found = sketch(*np.split(hashes(0, 20_000), 50))
    assert found.values.tolist() == expected(hashes(0, 20_000)).tolist()


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 80), max_size=LEAST), st.sets(st.integers(0, 80), max_size=LEAST))
def test_of_small_sets_all_is_known(one, other) -> None:
    first, second = (sketch(mixed(np.array(sorted(each), np.uint64))) for each in (one, other))
    found = overlap(first, second)
    assert (found.shared, found.in_a, found.in_b) == (len(one & other), len(one), len(other))
    assert found.resemblance == (len(one & other) / len(one | other) if one | other else 0)


@pytest.mark.parametrize(
    ("size_a", "size_b", "shared"), [(9000, 9000, 4500), (9000, 500, 500), (40_000, 2000, 1000)]
)
def test_containment_is_estimated_also_between_sets_of_very_different_size(size_a, size_b, shared) -> None:
    a = sketch(hashes(0, size_a))
    b = sketch(hashes(size_a - shared, size_a - shared + size_b))
    found = overlap(a, b)
    assert found.a_in_b == pytest.approx(shared / size_a, abs=0.06)
    assert found.b_in_a == pytest.approx(shared / size_b, abs=0.2 if size_b < 1000 or size_a > 9000 else 0.06)
    assert overlap(b, a).a_in_b == found.b_in_a


def test_sets_with_nothing_in_common_share_nothing() -> None:
    found = overlap(sketch(hashes(0, 5000)), sketch(hashes(5000, 9000)))
    assert (found.shared, found.resemblance, found.a_in_b) == (0, 0, 0)
