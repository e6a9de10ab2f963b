"""Groups of what is the same are those that comparing each with each gives, also among many."""

from __future__ import annotations

from itertools import combinations

import pytest

from fpcache.media import fingerprint, similarity

from ..conftest import np, tune
from .made_fingerprints import WORDS, image, text
from .made_videos import changed, video
from .test_candidates import bare, scene


def grouped(made):
    """Return the groups by comparing all."""
    groups = {item_id: {item_id} for item_id in made}
    for one, other in combinations(made, 2):
        if similarity(made[one], made[other]).is_match:
            groups[one] |= groups[other]
            groups |= dict.fromkeys(groups[one], groups[one])
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def found(index, made, **options):
    index.add_many(made.items())
    return {frozenset(group) for group in index.find_duplicates(**options)}


def test_pictures_with_vectors(open_index):
    made = {str(seed): image(seed) for seed in range(90)}
    made |= {f"copy of {seed}": image(100 + seed, like=seed) for seed in range(0, 90, 3)}
    made |= {f"copy of a copy of {seed}": image(300 + seed, like=seed) for seed in range(0, 90, 9)}
    expected = grouped(made)
    assert len(expected) == 30
    assert found(open_index("image", candidates=4), made) == expected


def test_pictures_in_a_vector_file(open_index):
    pytest.importorskip("usearch", reason="needs usearch")
    made = {str(seed): image(seed) for seed in range(200)}
    made |= {f"copy of {seed}": image(1000 + seed, like=seed) for seed in range(0, 200, 5)}
    index = open_index("image", candidates=4, numpy_below=20)
    index.add_many(made.items())
    index.rebuild()
    assert {frozenset(group) for group in index.find_duplicates()} == grouped(made)


def test_pictures_cropped_and_turned_without_vectors(open_index):
    made = {}
    for seed in range(12):
        one = scene(seed)
        made[f"{seed}"] = bare(one)
        made[f"{seed} turned"] = bare(one.rotate(90, expand=True))
        made[f"{seed} cropped"] = bare(one.crop((40, 30, 360, 270)))
    expected = grouped(made)
    assert len(expected) == 12
    groups = found(open_index("image", candidates=16), made)
    assert all(any(group <= whole for whole in expected) for group in groups)
    together = [{f"{seed}", f"{seed} turned", f"{seed} cropped"} in groups for seed in range(12)]
    # Corners are alike in all of these, so that samples of them say less than in photographs.
    assert sum(together) >= 9
    assert sum({f"{seed}", f"{seed} turned"} <= group for seed in range(12) for group in groups) == 12


def test_texts(open_index):
    random = np.random.default_rng(5)
    rare = [f"{word}{number}" for number in range(40) for word in WORDS]
    made = {}
    for seed in range(20):
        words = random.choice(rare, 300).tolist()
        made[f"{seed}"] = fingerprint(" ".join(words), "text")
        if seed % 2:
            made[f"{seed} upper"] = fingerprint(" ".join(words).upper() + " and more", "text")
            made[f"{seed} part"] = fingerprint(" ".join(words[100:250]), "text")
    expected = grouped(made)
    assert len(expected) == 10
    assert found(open_index("text", candidates=4), made) == expected


def test_sounds(open_index):
    pytest.importorskip("av", reason="needs the media extra")
    made = {}
    for seed in range(10):
        samples = tune(seed, 12)
        made[f"{seed}"] = fingerprint((samples, 16000))
        if seed % 2:
            made[f"{seed} part"] = fingerprint((samples[40_000:150_000] * 0.2, 16000))
    expected = grouped(made)
    assert len(expected) == 5
    assert found(open_index("audio", candidates=4), made) == expected


def test_videos(open_index):
    pytest.importorskip("av", reason="PyAV is missing; it comes with the media extra")
    made = {}
    for seed in range(14):
        planes = video(seed)
        made[f"{seed}"] = fingerprint_of(planes, seed)
        if seed % 2:
            made[f"{seed} mirrored"] = fingerprint_of(changed(planes, "mirrored"), 100 + seed)
            made[f"{seed} cut"] = fingerprint_of(changed(planes, "cut"), 200 + seed)
    expected = grouped(made)
    assert len(expected) == 7
    assert found(open_index("video", candidates=4), made) == expected


def fingerprint_of(planes, number):
    from .made_videos import fingerprint_of

    return fingerprint_of(planes, f"{number:032x}")


def test_equal_content_is_one_group_however_much_of_it_there_is(open_index):
    made = {str(number): text(1) for number in range(50)}
    made |= {f"other {seed}": text(seed) for seed in range(2, 12)}
    groups = found(open_index("text", candidates=3), made)
    assert frozenset(str(number) for number in range(50)) in groups


def test_a_filter_and_a_threshold_hold(open_index):
    index = open_index("image", candidates=3)
    for seed in range(60):
        index.add(str(seed), image(seed), {"half": seed % 2})
        index.add(f"copy of {seed}", image(100 + seed, like=seed), {"half": seed % 4 % 2})
    assert len(index.find_duplicates(where={"half": 1})) == 30
    assert index.find_duplicates(threshold=1.0) == []
    assert index.find_duplicates(threshold=0.999999, where={"half": [7]}) == []


def test_what_rows_were_compared_with_is_forgotten_once_they_are_through():
    from fpcache.media.index.duplicates import Groups

    groups = Groups(range(4))
    assert groups.is_open(2, 0)
    assert not groups.is_open(0, 2)
    assert groups.is_open(2, 3)
    groups.is_through(2)
    assert not groups.is_open(3, 2), "the higher one of these is still to come"
    groups.link(0, 3)
    assert not groups.is_open(0, 3)
    assert groups.linked() == [[0, 3]]
    for row in (0, 1, 3):
        groups.is_through(row)
    assert not groups._compared
