"""What an index is asked wrongly, or opened where none is: said in words, and nothing is changed by it."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from fpcache.errors import CorruptEntryError, FpcacheError, MediaError, StoreUnavailableError
from fpcache.media import MediaFingerprint, MediaIndex, Parts
from fpcache.media.words import in_words

from .made_fingerprints import image, np, sentence, text

pytestmark = pytest.mark.media
ODD = [
    3, None, [], {}, object(), -1, math.nan, math.inf, 1.5, True, False, 10**30, "", b"", (), (1, 2), {1, 2},
    lambda: 1, 0, 1j, np.float64(2), np.int64(2), np.zeros(0), np.array("x"), "\0",
]  # fmt: skip


def outcome(call):
    """Return what a call gives, or the project's own error; any other error fails the test."""
    try:
        found = call()
    except FpcacheError as error:
        found = error
    assert not isinstance(found, CorruptEntryError)
    assert not (isinstance(found, FpcacheError) and "0x" in str(found))
    return found


@pytest.mark.parametrize("odd", ODD, ids=in_words)
def test_every_odd_argument_gives_a_result_or_an_error_of_the_projects_own(odd, open_any):
    index = open_any()
    index.add_many((f"text {n}", text(n), {"n": n}) for n in range(4))
    for call in (
        lambda: index.add(odd, text(9)),
        lambda: index.add("new", odd),
        lambda: index.add("other", text(9), odd),
        lambda: index.add_many(odd),
        lambda: index.add_many([odd], on_error="collect"),
        lambda: index.add_many([], on_error=odd),
        lambda: index.get(odd),
        lambda: odd in index,
        lambda: index.remove(odd),
        lambda: index.update(odd, text(9)),
        lambda: index.update("text 0", odd),
        lambda: index.update("text 0", None, odd),
        lambda: index.search(odd),
        lambda: index.search(text(1), odd),
        lambda: index.search(text(1), threshold=odd),
        lambda: index.search(text(1), where=odd),
        lambda: index.search(text(1), where={"n": odd}),
        lambda: index.find_duplicates(odd),
        lambda: index.find_duplicates(where=odd),
        lambda: open_any(kind=odd),
        lambda: open_any(candidates=odd).search(text(1)),
        lambda: open_any(numpy_below=odd),
        lambda: MediaIndex(client=index, collection=odd),
    ):
        outcome(call)
    assert [match.id for match in index.search(text(1), 1)] == ["text 1"]


@pytest.mark.parametrize("odd", [0, -1, 1.5, True, None, "3", math.nan])
def test_a_limit_is_a_count(odd, open_any):
    with pytest.raises(MediaError, match="limit= is a whole number of at least 1"):
        open_any().search(text(1), odd)


def test_a_limit_beyond_all_items_gives_all(open_any):
    index = open_any(candidates=10**30)
    index.add_many((str(n), text(n)) for n in range(5))
    assert len(index.search(text(1), 10**30, threshold=0)) == 5


@pytest.mark.parametrize("odd", [80, -1, 1.01, math.nan, "0.9"])
def test_a_threshold_that_finds_nothing_is_refused(odd, open_any):
    index = open_any()
    index.add("a", text(1))
    for call in (lambda: index.search(text(1), threshold=odd), lambda: index.find_duplicates(odd)):
        with pytest.raises(MediaError, match="a score from 0 to 1"):
            call()


def test_what_is_no_list_of_items_is_refused(open_any):
    for odd in (3, None, "a.png", object()):
        with pytest.raises(MediaError, match="items are a list"):
            open_any().add_many(odd)


def test_failures_of_an_index_hold_no_frames_and_no_addresses(open_any):
    (failure,) = open_any().add_many([(object(), text(1))], on_error="collect")
    assert "an id is a text of 1 to 4096 characters, not <object object>" in str(failure)
    assert "0x" not in repr(failure)
    assert failure.error.__traceback__ is None


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_a_fingerprint_that_holds_not_what_its_kind_has_is_refused(kind, open_any):
    from fpcache.media.methods import method

    if kind in ("audio", "video"):
        pytest.importorskip("av", reason="needs the media extra")
    made = MediaFingerprint(kind, "x", method(kind).algorithm, Parts({"own": np.zeros(3, np.uint8)}))
    index = open_any()
    with pytest.raises(MediaError, match=r"the hashes \['own'\] are not those of"):
        index.add("a", made)
    assert len(index) == 0
    if kind == "image":
        index.add_many((str(n), image(n)) for n in range(40))
        with pytest.raises(MediaError, match="fingerprint the source again"):
            index.search(made)


def test_mixed_kinds_and_other_versions_are_refused(open_any):
    index = open_any("text")
    with pytest.raises(MediaError, match="this index is for text"):
        index.add("a", image(1))
    with pytest.raises(MediaError, match="this index is for text"):
        index.search(image(1))
    with pytest.raises(MediaError, match="is of text-0"):
        index.add("a", replace(text(1), algorithm="text-0"))
    assert len(index) == 0


@pytest.mark.parametrize("size", [1, 100, 511, 600, 5000])
def test_another_file_is_left_as_it_is(size, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text(("a shopping list " * 400)[:size])
    with pytest.raises((StoreUnavailableError, CorruptEntryError), match="something else"):
        MediaIndex(path)
    assert path.read_text() == ("a shopping list " * 400)[:size]
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(StoreUnavailableError, match="it is a folder"):
        MediaIndex(tmp_path)
    with pytest.raises(StoreUnavailableError, match="its folder exists"):
        MediaIndex(tmp_path / "no" / "such" / "index")
    for odd in (3, "", b"index", "\0", [tmp_path]):
        with pytest.raises(MediaError, match="the path of its file"):
            MediaIndex(odd)
    with pytest.raises(MediaError, match="can't be a file's"):
        MediaIndex("\ud800")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(StoreUnavailableError, match="no regular file"):
            MediaIndex(tmp_path / "pipe")


def test_an_index_of_a_newer_fpcache_or_another_program_is_left_as_it_is(tmp_path):
    newer, others = tmp_path / "newer", tmp_path / "others"
    MediaIndex(newer).close()
    for path, statement in ((newer, "PRAGMA user_version = 99"), (others, "CREATE TABLE own (name)")):
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()
    with pytest.raises(StoreUnavailableError, match="use a newer fpcache"):
        MediaIndex(newer)
    with pytest.raises(StoreUnavailableError, match="another program"):
        MediaIndex(others)


def test_a_closed_index_says_so_whatever_it_is_asked(open_any):
    index = open_any()
    index.add("a", text(1))
    index.close()
    index.close()
    for call in (
        lambda: index.add("b", text(2)),
        lambda: index.add_many([("b", text(2))]),
        lambda: index.update("a", text(2)),
        lambda: index.remove("a"),
        lambda: index.get("a"),
        lambda: "a" in index,
        lambda: len(index),
        lambda: index.search(text(1)),
        index.find_duplicates,
        index.outdated,
        index.rebuild,
    ):
        with pytest.raises(StoreUnavailableError, match="was closed; open it again"):
            call()


def refuses_all(index):
    for call in (
        lambda: index.add("c", text(3)),
        lambda: index.search(text(1)),
        index.rebuild,
        index.finish,
    ):
        with pytest.raises(StoreUnavailableError, match="deleted, emptied or replaced while it was open"):
            call()


@pytest.mark.skipif(os.name == "nt", reason="there a file that is open can't be deleted")
@pytest.mark.parametrize("is_replaced", [False, True])
def test_nothing_is_written_to_an_index_whose_file_is_gone(is_replaced, tmp_path):
    path = tmp_path / "media.sqlite"
    with MediaIndex(path) as index:
        index.add("a", text(1))
        for one in tmp_path.glob("media.sqlite*"):
            one.unlink()
        if is_replaced:
            with MediaIndex(path) as other:
                other.add("b", text(2))
        refuses_all(index)
    with MediaIndex(path) as index:
        assert [name for name in "abc" if name in index] == (["b"] if is_replaced else [])


def test_nothing_is_written_to_an_index_whose_file_was_emptied(tmp_path):
    path = tmp_path / "media.sqlite"
    with MediaIndex(path) as index:
        index.add("a", text(1))
        os.truncate(path, 0)
        refuses_all(index)


OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM items").fetchone()[0])
connection.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="locks of a file are the process's on POSIX only")
def test_opening_an_index_twice_keeps_the_locks_that_other_processes_heed(tmp_path):
    """Without them, another process that closes it would delete the log that holds what was added last."""
    path = tmp_path / "media.sqlite"

    def others_count() -> int:
        done = subprocess.run([sys.executable, "-c", OTHER, path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    with MediaIndex(path) as index, MediaIndex(path):
        index.add("a", sentence(1))
        assert others_count() == 1
        index.add("b", sentence(2))
        assert others_count() == 2
