"""Reading a file leaves the locks alone that this process holds on it, and descriptors don't pile up."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time

import pytest

from fpcache.dependencies import locked_files
from fpcache.dependencies.file_digests import content_digest
from fpcache.dependencies.file_effects import file_effect

fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="there is no table of locks here")

COUNT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM t").fetchone()[0])
connection.close()
"""
TAKE = """
import fcntl, sys
try:
    fcntl.lockf(open(sys.argv[1], "r+"), fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("taken")
except OSError:
    print("refused")
"""


def told(code: str, path) -> str:
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def by_digest(path) -> None:
    content_digest(str(path))


def by_effect(path) -> None:
    file_effect(str(path), "x", keeps_times=False, makes_parent=False)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("read", [by_digest, by_effect])
def test_other_processes_see_what_a_database_that_was_read_gets_later(tmp_path, read):
    """Without its locks, they would delete the log to which its connection goes on writing."""
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (a)")
    for count in (1, 2, 3):
        connection.execute("INSERT INTO t VALUES (1)")
        for one in (path, *tmp_path.glob("d.sqlite-*")):
            read(one)
        assert told(COUNT, path) == str(count)
    connection.close()


@pytest.mark.parametrize("read", [by_digest, by_effect])
def test_a_lock_of_the_users_own_is_kept_until_it_is_given_up(tmp_path, read):
    path = tmp_path / "x.lock"
    path.write_text("a")
    read(path)  # closes what other tests left
    before = open_files()
    with open(path, "r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        for _ in range(3):
            read(path)
            assert told(TAKE, path) == "refused"
        assert open_files() == before + 2  # the user's, and one that was kept
        fcntl.lockf(file, fcntl.LOCK_UN)
        assert told(TAKE, path) == "taken"
    read(path)
    assert open_files() == before


def test_a_file_that_was_kept_open_is_read_anew(tmp_path):
    path = tmp_path / "x.lock"
    path.write_text("a" * 3_000_000)
    with open(path, "r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        digests = [content_digest(str(path))]
        for text in ("b", "a" * 3_000_000):
            time.sleep(0.02)
            path.with_name("y").write_text(text)
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
            digests.append(content_digest(str(path)))
            assert digests[-1] == content_digest(str(path.with_name("y")))
    assert digests[0] == digests[2] != digests[1]


def test_without_a_table_of_locks_databases_stay_open_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(locked_files, "_LOCKS", str(tmp_path / "nothing"))
    monkeypatch.setattr(locked_files, "_kept", [])
    sqlite3.connect(tmp_path / "d.sqlite").execute("CREATE TABLE t (a)").connection.close()
    (tmp_path / "a.txt").write_text("a")
    before = open_files()
    for _ in range(3):
        content_digest(str(tmp_path / "a.txt"))
        content_digest(str(tmp_path / "d.sqlite"))
    assert open_files() == before + 1
    os.close(locked_files._kept[0].descriptor)
