"""What is put into an index is found, given back, changed and taken out, wherever its items are kept."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from fpcache.errors import MediaError, StoreUnavailableError
from fpcache.media import fingerprint, similarity

from ..conftest import TEXT, encoded, picture, tune
from .made_fingerprints import image, sentence, text


def ids(matches):
    return [match.id for match in matches]


def test_what_is_added_is_found_by_a_changed_copy(open_any):
    index = open_any()
    index.add("keeper", TEXT, {"shelf": 3})
    index.add("photo", fingerprint(picture(1), vector=False))
    index.add("other photo", fingerprint(picture(2), vector=False))
    (found,) = index.search(TEXT.upper()[:120])
    assert (found.id, dict(found.metadata)) == ("keeper", {"shelf": 3})
    assert found.similarity == similarity(TEXT.upper()[:120], TEXT)
    smaller = fingerprint(encoded(picture(1, (200, 150)), "JPEG"), vector=False)
    assert ids(index.search(smaller)) == ["photo"]


def test_sound_is_found_by_a_part_of_it(open_any):
    pytest.importorskip("av", reason="needs the media extra")
    index = open_any("audio")
    for seed in range(4):
        index.add(str(seed), (tune(seed, 12), 16000))
    assert ids(index.search((tune(2, 12)[48000:144000] * 0.3, 16000))) == ["2"]


def test_what_was_added_comes_back_bit_for_bit(open_any):
    made = [image(1), image(2, has_vector=False), text(3)]
    index = open_any()
    for place, one in enumerate(made):
        index.add(str(place), one, {"n": [place, None, "é"]})
    assert [index.get(str(place)).fingerprint for place in range(3)] == made
    assert index.get("1").metadata == {"n": [1, None, "é"]}
    assert index.get("3") is None
    assert len(index) == 3
    assert "2" in index
    assert "3" not in index
    assert 2 not in index


def test_an_id_is_taken_once(open_any):
    index = open_any()
    index.add("a", text(1))
    with pytest.raises(MediaError, match=r"'a' is in the index already; use update\(\)"):
        index.add("a", text(2))
    assert index.get("a").fingerprint == text(1)


def test_updating_replaces_what_is_given_only(open_any):
    index = open_any()
    index.add("a", text(1), {"year": 1})
    index.update("a", text(2))
    assert (index.get("a").fingerprint, index.get("a").metadata) == (text(2), {"year": 1})
    assert index.search(text(1), threshold=0.99) == []
    assert ids(index.search(text(2), threshold=0.99)) == ["a"]
    index.update("a", metadata={"year": 2})
    assert (index.get("a").fingerprint, index.get("a").metadata) == (text(2), {"year": 2})
    for change in (index.update, index.remove):
        with pytest.raises(MediaError, match="there is no 'b'"):
            change("b")


def test_many_are_added_and_what_fails_is_told(open_any):
    index = open_any("text")
    items = [("a", sentence(1)), ("b", "..."), ("a", sentence(2)), ("c",), "de", ("d", text(4), {"x": 1})]
    failures = index.add_many(items, on_error="collect")
    assert [(failure.index, failure.item) for failure in failures] == list(enumerate(items))[1:5]
    assert len(index) == 2
    assert index.get("d").metadata == {"x": 1}
    with pytest.raises(MediaError, match="already") as raised:
        index.add_many([("e", text(5)), ("a", text(6))])
    assert raised.value.__notes__ == ["item 1 of those to be added"]
    assert "e" not in index


def test_groups_of_duplicates_are_linked_through_others(open_any):
    index = open_any()
    for seed in range(12):
        index.add(f"i{seed}", image(seed), {"half": seed % 2})
    index.add("copy of 3", image(103, like=3), {"half": 1})
    index.add("other copy of 3", image(203, like=3), {"half": 0})
    index.add("copy of 5", image(105, like=5), {"half": 1})
    assert index.find_duplicates() == [["i3", "copy of 3", "other copy of 3"], ["i5", "copy of 5"]]
    assert index.find_duplicates(where={"half": 1}) == [["i3", "copy of 3"], ["i5", "copy of 5"]]
    assert index.find_duplicates(threshold=1.0) == []


def test_an_index_of_one_kind_takes_no_other(open_any):
    index = open_any("image")
    with pytest.raises(MediaError, match="is for image, and this is text"):
        index.add("a", text(1))
    with pytest.raises(MediaError, match="is for image, and this is text"):
        index.search(text(1))
    index.close()
    with pytest.raises(MediaError, match="is for image, not for text"):
        open_any("text")
    assert open_any().kind == "image"


def test_other_versions_must_be_added_again(open_any):
    index = open_any()
    old = replace(text(1), algorithm="text-0")
    with pytest.raises(
        MediaError, match=r"is of text-0, and this fpcache makes text-1; fingerprint .* again"
    ):
        index.add("a", old)
    index.add("a", text(1))
    index.add("b", image(1))
    open_any.make_old("a", "text-0")
    with pytest.raises(MediaError, match=r"'a' are of text-0.*outdated\(\)"):
        index.search(text(1))
    with pytest.raises(MediaError, match="text-0"):
        index.find_duplicates()
    assert ids(index.search(image(1))) == ["b"]
    assert index.outdated() == ["a"]
    index.update("a", text(1))
    assert index.outdated() == []
    assert ids(index.search(text(1), threshold=0.99)) == ["a"]


@pytest.mark.parametrize("bad", ["", 3, None, "x" * 5000, "\ud800", "a\0b"])
def test_ids_that_cannot_be_kept_are_refused(open_any, bad):
    with pytest.raises(MediaError, match="id"):
        open_any().add(bad, text(1))


@pytest.mark.parametrize("bad", [{"a": object()}, {"a": float("nan")}, {1: 2}, [1], {"a": {1, 2}}])
def test_metadata_that_json_cannot_hold_is_refused(open_any, bad):
    index = open_any()
    with pytest.raises(MediaError, match="metadata"):
        index.add("a", text(1), bad)
    assert len(index) == 0


def test_options_that_make_no_sense_are_refused(open_any):
    for options in ({"kind": "smell"}, {"candidates": 0}, {"numpy_below": -1}):
        with pytest.raises(MediaError):
            open_any(**options)
    with pytest.raises(MediaError, match="limit"):
        open_any().search(text(1), limit=0)


def test_a_closed_index_says_so(open_any):
    index = open_any()
    index.close()
    index.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        len(index)


def test_what_another_handle_writes_and_removes_is_seen(open_any):
    writer, reader = open_any(candidates=2), open_any(candidates=2)
    for seed in range(20):
        writer.add(str(seed), image(seed))
    assert ids(reader.search(image(4))) == ["4"]
    writer.remove("4")
    writer.update("5", image(104, like=4))
    assert ids(reader.search(image(4))) == ["5"]
    assert ids(reader.search(image(5))) == []
    writer.rebuild()
    assert ids(reader.search(image(4))) == ["5"]


def test_threads_share_an_index(open_any):
    index, wrong = open_any(), []

    def work(start):
        for seed in range(start, start + 10):
            index.add(str(seed), image(seed))
            if ids(index.search(image(seed))) != [str(seed)]:
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(index) == 30


def test_filters_choose_by_metadata(open_any):
    index = open_any()
    years = {"a": 2000, "b": 2001.5, "c": True, "d": "2000", "e": None, "f": [2000]}
    for item_id, year in years.items():
        index.add(item_id, text(1), {"year": year, "a b": item_id})
    index.add("g", text(1))
    for where, expected in [
        ({"year": 2000}, "a"), ({"year": 2000.0}, "a"), ({"year": 1}, "c"), ({"year": "2000"}, "d"),
        ({"year": None}, "eg"), ({"year": (2000, None)}, "ab"), ({"year": (None, 2000)}, "ac"),
        ({"year": ("2", "3")}, "d"), ({"year": ("20001", None)}, ""),
        ({"year": [None, True, "2000"]}, "cdeg"),
        ({"year": []}, ""), ({"a b": ["a", "b"], "year": (2001, 2002)}, "b"), ({"A B": "a"}, ""),
    ]:  # fmt: skip
        assert "".join(sorted(ids(index.search(text(1), limit=20, where=where)))) == expected, where
        groups = index.find_duplicates(where=where)
        assert ["".join(group) for group in groups] == ([expected] if len(expected) > 1 else []), where


def test_what_is_like_it_is_proposed_among_many(open_any):
    index = open_any(candidates=3)
    index.add_many((str(seed), image(seed)) for seed in range(40))
    index.add_many((f"bare {seed}", image(seed, has_vector=False)) for seed in range(40, 60))
    index.add_many((f"text {seed}", text(seed)) for seed in range(30))
    assert ids(index.search(image(100, like=7)))[0] == "7"
    assert ids(index.search(image(101, like=47, has_vector=False), threshold=0.01))[0] == "bare 47"
    assert ids(index.search(text(11)))[0] == "text 11"
    index.remove("7")
    assert index.search(image(100, like=7)) == []
    index.rebuild()
    assert ids(index.search(image(102, like=8)))[0] == "8"


def test_items_that_are_no_index_s_own_are_no_items(open_any):
    index = open_any()
    assert len(index) == 0
    assert index.find_duplicates() == []
    assert index.search(text(1)) == []
    index.finish()
