"""An index in a file: several processes, damage, other programs' files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fpcache.errors import CorruptEntryError, StoreError, StoreUnavailableError
from fpcache.media import MediaIndex

from .made_fingerprints import image, text


def ids(matches):
    return [match.id for match in matches]


def test_nothing_of_a_removed_item_stays_in_the_file(open_index, tmp_path):
    index = open_index()
    for one in (text(1), image(1), image(2, has_vector=False)):
        index.add("a", one)
        index.remove("a")
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:
        for table in ("items", "fingerprints", "vectors", "codes", "tokens"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


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


def test_an_index_of_the_first_format_is_taken_over(open_index, tmp_path):
    index = open_index(numpy_below=5)
    index.add_many((str(seed), image(seed)) for seed in range(20))
    index.close()
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:  # as it was written then
        for seed in range(20):
            bare = replace(image(seed), parts=replace(image(seed).parts, vector=None))
            values = (bare.to_bytes(), seed + 1)
            connection.execute("UPDATE fingerprints SET data = ? WHERE row = ?", values)
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    index = open_index(numpy_below=5)
    assert index.get("7").fingerprint == image(7)
    assert ids(index.search(image(107, like=7), limit=1)) == ["7"]
    index.add("new", image(30))
    index.rebuild()
    assert ids(index.search(image(107, like=7), limit=1)) == ["7"]
    with sqlite3.connect(tmp_path / "media.sqlite") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_what_is_said_to_be_finished_is_in_the_vector_file(open_index, tmp_path):
    pytest.importorskip("usearch", reason="needs usearch")
    index = open_index(numpy_below=10)
    index.add_many((str(seed), image(seed)) for seed in range(50))
    index.finish()
    index.add("one more", image(60))
    index.finish()
    index.close()
    index = open_index(numpy_below=10)
    index.search(image(3), threshold=0)
    assert [table.tail for table in index.store.proposing.vectors] == [0]
