"""An index that can't be used is refused in plain words and left as it is."""

from __future__ import annotations

import sqlite3

import pytest

from fpcache.errors import StoreUnavailableError
from fpcache.store import LocalStore
from fpcache.testing import an_entry

KEY = b"k" * 32


def change_index(directory, statement):
    connection = sqlite3.connect(directory / "index.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_index_that_is_not_a_database_is_refused_and_left_alone(tmp_path):
    index = tmp_path / "index.sqlite"
    index.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailableError) as caught:
        LocalStore(tmp_path, key=KEY)
    assert str(index) in str(caught.value)
    assert "not a database" in str(caught.value)
    assert "move it away" in str(caught.value)
    assert index.read_bytes() == b"not a database" * 100


def test_an_index_of_a_newer_format_is_refused_and_left_alone(tmp_path):
    store = LocalStore(tmp_path, key=KEY)
    store.put(an_entry(), {"payload": b"x"})
    store.close()
    change_index(tmp_path, "PRAGMA user_version = 99")
    before = (tmp_path / "index.sqlite").read_bytes()
    with pytest.raises(StoreUnavailableError, match="format 99, newer than"):
        LocalStore(tmp_path, key=KEY)
    assert (tmp_path / "index.sqlite").read_bytes() == before
    change_index(tmp_path, "PRAGMA user_version = 1")
    assert len(LocalStore(tmp_path, key=KEY).look_up("key")) == 1


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    change_index(tmp_path, "CREATE TABLE theirs (x)")
    before = (tmp_path / "index.sqlite").read_bytes()
    with pytest.raises(StoreUnavailableError, match="another program"):
        LocalStore(tmp_path, key=KEY)
    assert (tmp_path / "index.sqlite").read_bytes() == before


def test_an_index_that_is_a_directory_is_refused(tmp_path):
    (tmp_path / "index.sqlite").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"index\.sqlite"):
        LocalStore(tmp_path, key=KEY)


def test_an_index_damaged_inside_is_refused_where_it_matters(tmp_path):
    store = LocalStore(tmp_path, key=KEY)
    for number in range(200):
        store.put(an_entry(f"{number}", source="x" * 2000), {})
    store.close()
    index = tmp_path / "index.sqlite"
    damaged = bytearray(index.read_bytes())
    damaged[8192:-4096] = b"\xff" * (len(damaged) - 12288)
    index.write_bytes(damaged)
    faults = []
    store = LocalStore(tmp_path, key=KEY, on_fault=faults.append)
    with pytest.raises(StoreUnavailableError, match="move it away"):
        store.entries()
    assert len(faults) == 1


def test_an_empty_file_becomes_an_index(tmp_path):
    (tmp_path / "index.sqlite").touch()
    stored = LocalStore(tmp_path, key=KEY).put(an_entry(), {"payload": b"x"})
    assert LocalStore(tmp_path, key=KEY).look_up(stored.key) == (stored,)


def test_the_index_is_in_write_ahead_mode(tmp_path):
    store = LocalStore(tmp_path, key=KEY)
    assert store._handles.get().execute("PRAGMA journal_mode").fetchone() == ("wal",)
