"""Only what was written with the user's key is looked at."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys

import pytest

from fpcache.errors import StoreUnavailableError, UntrustedEntryError
from fpcache.store import LocalStore
from fpcache.store.keys import load_key
from fpcache.testing import an_entry

KEY = b"k" * 32
COLUMNS = {
    "key": "key",
    "created_s": 1.0,
    "duration_s": 9.0,
    "restore_s": 9.0,
    "size_bytes": 7,
    "expires_s": 1e12,
    "code_digest": "other",
    "label": "other",
    "binds": "other",
    "name": "other",
    "notebook": "other",
    "cell": "other",
    "source": "other",
    "dependencies": b"other",
    "meta": b"other",
    "blobs": '{"payload": ["' + "0" * 64 + '", 1]}',
    "signature": b"other",
}


@pytest.fixture
def faults():
    return []


@pytest.fixture
def store(tmp_path, faults):
    store = LocalStore(tmp_path / "cache", key=KEY, on_fault=faults.append)
    yield store
    store.close()


def alter(store, column, value):
    connection = sqlite3.connect(store.directory / "index.sqlite")
    connection.execute(f"UPDATE entries SET {column} = ?", (value,))
    connection.commit()
    connection.close()


@pytest.mark.parametrize("column", sorted(set(COLUMNS) - {"key"}))
def test_a_row_altered_in_any_column_is_ignored_and_told_once(store, faults, column):
    store.put(an_entry(), {"payload": b"x"})
    alter(store, column, COLUMNS[column])
    assert store.look_up("key") == ()
    assert store.look_up("key") == ()
    assert [type(fault) for fault in faults] == [UntrustedEntryError]
    assert store.entries() == ()


def test_a_row_moved_under_another_key_is_ignored(store, faults):
    store.put(an_entry("theirs"), {"payload": b"x"})
    alter(store, "key", "mine")
    assert store.look_up("mine") == ()
    assert [type(fault) for fault in faults] == [UntrustedEntryError]


@pytest.mark.parametrize(
    ("column", "value"),
    [("blobs", "not json"), ("blobs", "[]"), ("created_s", "text"), ("dependencies", 5), ("label", b"\xff")],
)
def test_a_row_of_nonsense_is_ignored(store, faults, column, value):
    store.put(an_entry(), {"payload": b"x"})
    alter(store, column, value)
    assert store.look_up("key") == ()
    assert [type(fault) for fault in faults] == [UntrustedEntryError]


def test_entries_written_with_another_key_are_ignored_but_kept(store, faults):
    store.put(an_entry(), {"payload": b"x"})
    other_faults = []
    other = LocalStore(store.directory, key=b"o" * 32, on_fault=other_faults.append)
    assert other.look_up("key") == ()
    assert [type(fault) for fault in other_faults] == [UntrustedEntryError]
    assert len(other.verify().problems) == 1
    assert len(store.look_up("key")) == 1
    assert faults == []


def test_an_altered_memo_is_not_returned(store):
    store.set_memo("a", b"1")
    connection = sqlite3.connect(store.directory / "index.sqlite")
    connection.execute("UPDATE memos SET value = ?", (b"2",))
    connection.commit()
    connection.close()
    assert store.get_memo("a") is None


def test_a_pin_needs_no_signature(store):
    stored = store.put(an_entry(), {"payload": b"x"})
    store.pin(stored.entry_id)
    assert store.look_up("key")[0].pinned


def test_the_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "new" / "key"
    key = load_key(path)
    assert load_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["key"]


def test_processes_that_start_at_once_share_one_key(tmp_path):
    code = "import sys, pathlib, fpcache.store.keys as k; print(k.load_key(pathlib.Path(sys.argv[1])).hex())"
    command = [sys.executable, "-c", code, str(tmp_path / "key")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    assert len({process.communicate()[0] for process in started}) == 1


def test_a_key_open_to_others_is_refused(tmp_path):
    load_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(StoreUnavailableError, match="chmod 600"):
        load_key(tmp_path / "key")


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "key").touch(0o600)
    with pytest.raises(StoreUnavailableError, match="too short"):
        load_key(tmp_path / "key")


def test_a_key_that_can_not_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="FPCACHE_KEY_FILE"):
        load_key(tmp_path / "file" / "key")


def test_the_key_does_not_lie_in_the_cache_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("FPCACHE_KEY_FILE", raising=False)
    store = LocalStore(tmp_path / "cache")
    store.put(an_entry(), {"payload": b"x"})
    assert (tmp_path / "data" / "fpcache" / "key").exists() or sys.platform != "linux"
    assert list((tmp_path / "cache").rglob("key")) == []


def test_a_key_file_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "team"))
    LocalStore(tmp_path / "cache").put(an_entry(), {"payload": b"x"})
    assert len((tmp_path / "team").read_bytes()) == 32
