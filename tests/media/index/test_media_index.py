"""What is put into an index is found, given back, changed and taken out, in one process or in several."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fpcache.errors import CorruptEntryError, MediaError, StoreError, StoreUnavailableError
from fpcache.media import MediaIndex, fingerprint, similarity

from ..conftest import TEXT, encoded, picture, tune
from .made_fingerprints import image, sentence, text


def ids(matches):
    return [match.id for match in matches]


def test_what_is_added_is_found_by_a_changed_copy(open_index):
    index = open_index()
    index.add("keeper", TEXT, {"shelf": 3})
    index.add("photo", fingerprint(picture(1), vector=False))
    index.add("other photo", fingerprint(picture(2), vector=False))
    (found,) = index.search(TEXT.upper()[:120])
    assert (found.id, dict(found.metadata)) == ("keeper", {"shelf": 3})
    assert found.similarity == similarity(TEXT.upper()[:120], TEXT)
    smaller = fingerprint(encoded(picture(1, (200, 150)), "JPEG"), vector=False)
    assert ids(index.search(smaller)) == ["photo"]


def test_sound_is_found_by_a_part_of_it(open_index):
    pytest.importorskip("av", reason="needs the media extra")
    index = open_index("audio")
    for seed in range(4):
        index.add(str(seed), (tune(seed, 12), 16000))
    assert ids(index.search((tune(2, 12)[48000:144000] * 0.3, 16000))) == ["2"]


def test_what_was_added_comes_back_bit_for_bit(open_index):
    made = [image(1), image(2, has_vector=False), text(3)]
    index = open_index()
    for place, one in enumerate(made):
        index.add(str(place), one, {"n": [place, None, "é"]})
    assert [index.get(str(place)).fingerprint for place in range(3)] == made
    assert index.get("1").metadata == {"n": [1, None, "é"]}
    assert index.get("3") is None
    assert len(index) == 3
    assert "2" in index
    assert "3" not in index
    assert 2 not in index


def test_an_id_is_taken_once(open_index):
    index = open_index()
    index.add("a", text(1))
    with pytest.raises(MediaError, match=r"'a' is in the index already; use update\(\)"):
        index.add("a", text(2))
    assert index.get("a").fingerprint == text(1)


def test_updating_replaces_what_is_given_only(open_index):
    index = open_index()
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


def test_nothing_of_a_removed_item_stays_in_the_file(open_index, tmp_path):
    index = open_index()
    for one in (text(1), image(1), image(2, has_vector=False)):
        index.add("a", one)
        index.remove("a")
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:
        for table in ("items", "fingerprints", "vectors", "codes", "tokens"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_many_are_added_and_what_fails_is_told(open_index):
    index = open_index("text")
    items = [("a", sentence(1)), ("b", "..."), ("a", sentence(2)), ("c",), "de", ("d", text(4), {"x": 1})]
    failures = index.add_many(items, on_error="collect")
    assert [(failure.index, failure.item) for failure in failures] == list(enumerate(items))[1:5]
    assert len(index) == 2
    assert index.get("d").metadata == {"x": 1}
    with pytest.raises(MediaError, match="already") as raised:
        index.add_many([("e", text(5)), ("a", text(6))])
    assert raised.value.__notes__ == ["item 1 of those to be added"]
    assert "e" not in index


def test_groups_of_duplicates_are_linked_through_others(open_index):
    index = open_index()
    for seed in range(12):
        index.add(f"i{seed}", image(seed), {"half": seed % 2})
    index.add("copy of 3", image(103, like=3), {"half": 1})
    index.add("other copy of 3", image(203, like=3), {"half": 0})
    index.add("copy of 5", image(105, like=5), {"half": 1})
    assert index.find_duplicates() == [["i3", "copy of 3", "other copy of 3"], ["i5", "copy of 5"]]
    assert index.find_duplicates(where={"half": 1}) == [["i3", "copy of 3"], ["i5", "copy of 5"]]
    assert index.find_duplicates(threshold=1.0) == []


def test_an_index_of_one_kind_takes_no_other(open_index):
    index = open_index("image")
    with pytest.raises(MediaError, match="is for image, and this is text"):
        index.add("a", text(1))
    with pytest.raises(MediaError, match="is for image, and this is text"):
        index.search(text(1))
    index.close()
    with pytest.raises(MediaError, match="is for image, not for text"):
        open_index("text")
    assert open_index().kind == "image"


def test_other_versions_must_be_added_again(open_index, tmp_path):
    index = open_index()
    old = replace(text(1), algorithm="text-0")
    with pytest.raises(
        MediaError, match=r"is of text-0, and this fpcache makes text-1; fingerprint .* again"
    ):
        index.add("a", old)
    index.add("a", text(1))
    index.add("b", image(1))
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:
        connection.execute("UPDATE items SET algorithm = 'text-0' WHERE id = 'a'")
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
def test_ids_that_cannot_be_kept_are_refused(open_index, bad):
    with pytest.raises(MediaError, match="id"):
        open_index().add(bad, text(1))


@pytest.mark.parametrize("bad", [{"a": object()}, {"a": float("nan")}, {1: 2}, [1], {"a": {1, 2}}])
def test_metadata_that_json_cannot_hold_is_refused(open_index, bad):
    index = open_index()
    with pytest.raises(MediaError, match="metadata"):
        index.add("a", text(1), bad)
    assert len(index) == 0


def test_options_that_make_no_sense_are_refused(open_index):
    for options in ({"kind": "smell"}, {"candidates": 0}, {"numpy_below": -1}):
        with pytest.raises(MediaError):
            open_index(**options)
    with pytest.raises(MediaError, match="limit"):
        open_index().search(text(1), limit=0)


def test_a_file_that_is_no_index_is_left_as_it_is(open_index, tmp_path):
    path = tmp_path / "media.sqlite"
    path.write_bytes(b"what else " * 1000)
    with pytest.raises(CorruptEntryError, match=r"media.sqlite is damaged"):
        open_index()
    assert path.read_bytes() == b"what else " * 1000
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(StoreUnavailableError, match="another program"):
        open_index()
    with pytest.raises(StoreUnavailableError, match="can't be opened"):
        MediaIndex(tmp_path / "no folder" / "x.sqlite")


def test_a_damaged_page_is_a_clear_error(open_index, tmp_path):
    index = open_index()
    index.add_many((str(seed), text(seed)) for seed in range(40))
    index.close()
    path = tmp_path / "media.sqlite"
    data = bytearray(path.read_bytes())
    data[8192:] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="media.sqlite"):
        open_index().search(text(1))


def test_a_newer_format_is_not_touched(open_index, tmp_path):
    open_index().close()
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailableError, match="newer"):
        open_index()


def test_a_closed_index_says_so(open_index):
    index = open_index()
    index.close()
    index.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        len(index)


READ = """
import sys
from fpcache.media import MediaIndex
with MediaIndex(sys.argv[1]) as index:
    item = index.get("b")
    print([match.id for match in index.search(item.fingerprint)], item.metadata, len(index))
"""


def test_another_process_finds_the_same(open_index, tmp_path):
    index = open_index()
    index.add("a", text(1))
    index.add("b", text(2), {"é": 1})
    done = subprocess.run(
        [sys.executable, "-c", READ, tmp_path / "media.sqlite"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    here = [match.id for match in index.search(text(2))]
    assert done.stdout.strip() == f"{here} {{'é': 1}} 2"


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from made_fingerprints import image
from fpcache.media import MediaIndex
start = int(sys.argv[3])
with MediaIndex(sys.argv[1]) as index:
    for seed in range(start, start + 25):
        index.add(str(seed), image(seed))
"""


def test_two_write_and_one_reads_at_once(open_index, tmp_path):
    index, path = open_index(), tmp_path / "media.sqlite"
    command = [sys.executable, "-c", WRITER, path, Path(__file__).parent]
    writers = [subprocess.Popen([*command, start]) for start in ("0", "100")]
    while any(writer.poll() is None for writer in writers):
        before = len(index)
        assert len(index.search(image(3), limit=100, threshold=0)) >= min(before, 1)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(index) == 50
    assert ids(index.search(image(3))) == ["3"]
    assert ids(index.search(image(120))) == ["120"]


def test_what_another_handle_writes_and_removes_is_seen(open_index):
    writer, reader = open_index(candidates=2), open_index(candidates=2)
    for seed in range(20):
        writer.add(str(seed), image(seed))
    assert ids(reader.search(image(4))) == ["4"]
    writer.remove("4")
    writer.update("5", image(104, like=4))
    assert ids(reader.search(image(4))) == ["5"]
    assert ids(reader.search(image(5))) == []
    writer.rebuild()
    assert ids(reader.search(image(4))) == ["5"]


def test_a_locked_file_is_a_clear_error(open_index, tmp_path, monkeypatch):
    monkeypatch.setattr("fpcache.media.index.database.BUSY_S", 0.05)
    index = open_index()
    other = sqlite3.connect(tmp_path / "media.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="written by another process"):
        index.add("a", text(1))
    assert len(index) == 0
    other.close()
    index.add("a", text(1))


def test_threads_share_an_index(open_index):
    index, wrong = open_index(), []

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_told_to_open_it_anew(open_index):
    index = open_index()
    index.add("a", text(1))
    child = os.fork()
    if child == 0:
        try:
            len(index)
        except StoreUnavailableError as error:
            os._exit(0 if "forked" in str(error) else 2)
        finally:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "a" in index
