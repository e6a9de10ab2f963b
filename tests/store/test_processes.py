"""Several kernels at once, killed at any point, on a disk that fills up."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from fpcache.store import LocalStore
from fpcache.testing import an_entry

KEY = b"k" * 32

WRITER = """
import os, sys
from fpcache.store import LocalStore
from fpcache.testing import an_entry
directory, name, count = sys.argv[1:]
store = LocalStore(directory, key=b"k" * 32)
print("ready", flush=True)
for turn in range(int(count)):
    data = (f"{name}-{turn}-".encode() * 5000)[: 20_000 + turn % 7]
    store.put(an_entry(f"{name}-{turn}"), {"payload": data, "shared": b"s" * 10_000})
    print(turn, flush=True)
"""

LIMITED = """
import resource, sys
from fpcache.errors import StoreUnavailableError
from fpcache.store import LocalStore
from fpcache.testing import an_entry
store = LocalStore(sys.argv[1], key=b"k" * 32, on_fault=lambda fault: None)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    store.put(an_entry("large"), {"small": b"x" * 10, "payload": b"x" * 200_000})
except StoreUnavailableError as error:
    print(error)
print(len(store.look_up("large")), bytes(store.read(store.look_up("old")[0].blobs["payload"])))
"""


def start(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_kill_at_any_point_leaves_a_whole_store(tmp_path):
    chance = random.Random(7)
    confirmed = set()
    for attempt in range(8):
        writer = start(WRITER, tmp_path, attempt, 100_000)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.15))
        writer.kill()
        told, errors = writer.communicate()
        assert errors == ""
        confirmed |= {f"{attempt}-{turn}" for turn in told.split()}
    store = LocalStore(tmp_path, key=KEY)
    verification = store.verify()
    assert verification.problems == ()
    assert confirmed <= {entry.key for entry in store.entries()}
    assert len(confirmed) > 8
    store.clear()
    left = [
        path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.parent.name != "aside"
    ]
    assert left == []


def test_kernels_write_and_collect_at_once(tmp_path):
    writers = [start(WRITER, tmp_path, name, 40) for name in ("same", "same", "other")]
    collector = LocalStore(tmp_path, key=KEY)
    while any(writer.poll() is None for writer in writers):
        collector.gc(grace_s=-10)
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
    assert collector.verify().problems == ()
    assert len(collector.entries()) == 80


def test_first_kernels_that_start_at_once_share_an_index(tmp_path):
    writers = [start(WRITER, tmp_path / "new", name, 1) for name in range(6)]
    assert [writer.communicate()[1] for writer in writers] == [""] * 6
    assert len(LocalStore(tmp_path / "new", key=KEY).entries()) == 6


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_file_size_limit_reads_as_a_full_disk(tmp_path):
    store = LocalStore(tmp_path, key=KEY)
    store.put(an_entry("old"), {"payload": b"old"})
    told, errors = start(LIMITED, tmp_path).communicate()
    assert errors == ""
    assert "is full" in told
    assert told.endswith("0 b'old'\n")
    assert store.verify().problems == ()
    assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == 1


READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
connection.close()
"""


def test_opening_a_store_twice_keeps_the_locks_that_other_processes_heed(tmp_path):
    """Without them, another process that closes the index would delete the log of what was kept last."""

    def others_count() -> int:
        told, errors = start(READER, tmp_path / "index.sqlite").communicate(timeout=60)
        assert errors == ""
        return int(told)

    store = LocalStore(tmp_path, key=KEY)
    again = LocalStore(tmp_path, key=KEY)
    for count in (1, 2, 3):
        store.put(an_entry(f"entry {count}"), {"payload": b"x"})
        assert others_count() == count
    again.close()
    store.close()
