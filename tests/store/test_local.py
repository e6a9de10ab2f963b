"""The local store keeps to the conformance suite, and survives what happens to files."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
import time
from pathlib import Path

import pytest

from fpcache.errors import CorruptEntryError, StoreError, StoreUnavailableError
from fpcache.store import BlobRef, LocalStore
from fpcache.store.blobs import MAP_FROM_BYTES
from fpcache.testing import StoreTests, an_entry

KEY = b"k" * 32


@pytest.fixture
def faults() -> list[StoreError]:
    return []


@pytest.fixture
def store(tmp_path, faults):
    store = LocalStore(tmp_path / "cache", key=KEY, on_fault=faults.append)
    yield store
    store.close()


def blob_path(store: LocalStore, ref: BlobRef) -> Path:
    return store.directory / "blobs" / ref.digest[:2] / ref.digest[2:4] / ref.digest


def blob_files(store: LocalStore) -> list[Path]:
    return [path for path in (store.directory / "blobs").rglob("*") if path.is_file()]


class TestLocalStore(StoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        store = LocalStore(tmp_path, key=KEY)
        yield store
        store.close()


def test_everything_on_disk_is_private(store):
    store.put(an_entry(), {"payload": b"x"})
    paths = [store.directory, *store.directory.rglob("*")]
    open_to_others = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []
    assert len(paths) > 5


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "longer"])
def test_a_damaged_blob_is_one_fault_and_its_entries_are_removed(store, faults, damage):
    ref = store.put(an_entry("a", label="a = f()"), {"payload": b"abcdef"}).blobs["payload"]
    store.put(an_entry("b"), {"payload": b"abcdef"})
    store.put(an_entry("c"), {"payload": b"sound"})
    path = blob_path(store, ref)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"truncated": b"abc", "altered": b"abcdeX", "longer": b"abcdef7"}[damage])
    for _ in range(2):
        with pytest.raises(CorruptEntryError):
            store.read(ref)
    assert len(faults) == 1
    assert "`a = f()`" in str(faults[0])
    assert (store.look_up("a"), store.look_up("b")) == ((), ())
    assert len(store.look_up("c")) == 1


def test_after_damage_the_same_content_can_be_stored_again(store):
    ref = store.put(an_entry(), {"payload": b"abcdef"}).blobs["payload"]
    blob_path(store, ref).write_bytes(b"abcdeX")
    with pytest.raises(CorruptEntryError):
        store.read(ref)
    store.put(an_entry(), {"payload": b"abcdef"})
    assert bytes(store.read(ref)) == b"abcdef"


def test_a_truncated_blob_is_written_again_by_the_next_put(store):
    ref = store.put(an_entry("a"), {"payload": b"abcdef"}).blobs["payload"]
    blob_path(store, ref).write_bytes(b"ab")
    store.put(an_entry("b"), {"payload": b"abcdef"})
    assert bytes(store.read(ref)) == b"abcdef"


def test_bytes_evicted_by_another_kernel_are_no_fault_to_tell(store, faults):
    ref = store.put(an_entry(), {"payload": b"x"}).blobs["payload"]
    LocalStore(store.directory, key=KEY).clear()
    with pytest.raises(CorruptEntryError):
        store.read(ref)
    assert faults == []


def test_a_reference_can_not_lead_out_of_the_directory(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"abc")
    with pytest.raises(CorruptEntryError):
        store.read(BlobRef("../../../secret", 3))
    assert (tmp_path / "secret").exists()


def test_large_content_is_mapped_and_private(store):
    data = bytearray(MAP_FROM_BYTES)
    data[-1] = 7
    ref = store.put(an_entry(), {"payload": data}).blobs["payload"]
    view = store.read(ref)
    assert type(view.obj).__name__ == "mmap"
    view[0] = 9
    again = store.read(ref)
    assert (again[0], again[-1]) == (0, 7)
    store.clear()
    assert (view[0], view[-1], again[-1]) == (9, 7, 7)


def test_large_content_altered_on_disk_is_found_after_an_earlier_read(store):
    ref = store.put(an_entry(), {"payload": bytes(MAP_FROM_BYTES)}).blobs["payload"]
    path = blob_path(store, ref)
    os.utime(path, (1, 1))
    store.read(ref)
    with path.open("r+b") as file:
        file.write(b"X")
    with pytest.raises(CorruptEntryError):
        store.read(ref)


def full_disk(monkeypatch, after_bytes=0):
    """Let blob writes fail as on a full disk once some bytes are written."""
    left = [after_bytes]
    write = os.write

    def write_until_full(descriptor, data):
        if len(data) > left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] -= len(data)
        return write(descriptor, data)

    monkeypatch.setattr("fpcache.store.blobs.os.write", write_until_full)


def test_a_full_disk_stores_nothing_by_halves(store, faults, monkeypatch):
    old = store.put(an_entry("old"), {"payload": b"old"})
    with monkeypatch.context() as patch:
        full_disk(patch, after_bytes=10)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"is full .* Free disk space"):
                store.put(an_entry("new"), {"first": b"12345678", "second": b"x" * 100})
    assert len(faults) == 1
    assert store.look_up("new") == ()
    assert [path.name for path in blob_files(store)] == [old.blobs["payload"].digest]
    assert bytes(store.read(store.look_up("old")[0].blobs["payload"])) == b"old"
    store.put(an_entry("new"), {"payload": b"now there is space"})
    assert len(store.look_up("new")) == 1


def test_an_interrupt_while_storing_leaves_the_store_usable(store, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fpcache.store.local.save_entry", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.put(an_entry(), {"payload": b"x"})
    assert store.look_up("key") == ()
    assert blob_files(store) == []
    store.put(an_entry(), {"payload": b"x"})
    assert store.verify().problems == ()


def test_gc_spares_a_blob_within_its_grace(store):
    kept = store.put(an_entry("young"), {"payload": b"young"})
    old = store.put(an_entry("old"), {"payload": b"old"})
    for stored in (kept, old):
        store.remove(stored.entry_id)
    os.utime(blob_path(store, old.blobs["payload"]), (1, 1))
    assert store.gc(grace_s=3600).blobs == 1
    assert [path.name for path in blob_files(store)] == [kept.blobs["payload"].digest]


def test_reusing_a_blob_restarts_its_grace(store):
    stored = store.put(an_entry("a"), {"payload": b"x"})
    os.utime(blob_path(store, stored.blobs["payload"]), (1, 1))
    again = store.put(an_entry("b"), {"payload": b"x"})
    for entry in (stored, again):
        store.remove(entry.entry_id)
    assert store.gc(grace_s=3600).blobs == 0


def test_a_blob_collected_before_its_row_is_written_is_written_again(store, monkeypatch):
    add_row = store._add_row
    collections = []

    def collect_once_first(connection, entry):
        if not collections:
            collections.append(LocalStore(store.directory, key=KEY).gc(grace_s=-10))
        return add_row(connection, entry)

    monkeypatch.setattr(store, "_add_row", collect_once_first)
    stored = store.put(an_entry(), {"payload": b"x"})
    assert collections[0].blobs == 1
    assert bytes(store.read(stored.blobs["payload"])) == b"x"


def test_what_killed_writers_left_is_swept_later(store):
    store.put(an_entry(), {"payload": b"x"})
    aside = store.directory / "blobs" / "aside"
    (aside / "dead").write_bytes(b"half")
    os.utime(aside / "dead", (1, 1))
    (aside / "alive").write_bytes(b"half")
    store.gc(grace_s=0)
    assert [path.name for path in aside.iterdir()] == ["alive"]


def test_all_damaged_blobs_of_an_entry_go_at_once_so_that_it_can_be_stored_anew(store):
    blobs = {"payload": b"payload", "outputs": b"outputs"}
    entry = store.put(an_entry(), blobs)
    for ref in entry.blobs.values():
        blob_path(store, ref).write_bytes(b"x" * ref.size_bytes)
    with pytest.raises(CorruptEntryError):
        store.read(entry.blobs["payload"])
    again = store.put(an_entry(), blobs)
    assert {role: bytes(store.read(ref)) for role, ref in again.blobs.items()} == blobs


def test_verify_names_and_removes_what_is_damaged(store):
    ref = store.put(an_entry("a"), {"payload": b"abcdef", "rest": b"r"}).blobs["payload"]
    store.put(an_entry("b"), {"payload": b"sound"})
    blob_path(store, ref).write_bytes(b"abcdeX")
    verification = store.verify()
    assert verification.entries == 2
    assert len(verification.problems) == 1
    assert ref.digest in verification.problems[0]
    assert (verification.blobs, verification.size_bytes) == (1, 5)
    assert [entry.key for entry in store.entries()] == ["b"]
    assert store.verify().problems == ()


def test_a_cache_directory_removed_under_a_running_kernel_is_made_anew(store):
    store.put(an_entry("before"), {"payload": b"x"})
    shutil.rmtree(store.directory)
    assert store.look_up("before") == ()
    store.put(an_entry("after"), {"payload": b"x"})
    assert len(LocalStore(store.directory, key=KEY).look_up("after")) == 1


def test_a_relative_directory_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = LocalStore("cache", key=KEY)
    store.put(an_entry(), {"payload": b"x"})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(store.look_up("key")) == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_locked_index_is_a_fault_after_a_bounded_wait(store, faults, monkeypatch):
    import sqlite3

    store.put(an_entry(), {"payload": b"x"})
    store._handles.get().execute("PRAGMA busy_timeout = 50")
    blocker = sqlite3.connect(store.directory / "index.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked by another process"):
        store.put(an_entry("other"), {"payload": b"y"})
    assert len(store.look_up("key")) == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert len(faults) == 1
    store.put(an_entry("other"), {"payload": b"y"})


def test_counting_a_hit_never_raises(store, faults):
    stored = store.put(an_entry(), {"payload": b"x"})
    store.close()
    (store.directory / "index.sqlite").write_bytes(b"nonsense" * 1000)
    store.touch(stored.entry_id, 1.0)
    assert [type(fault) for fault in faults] == [StoreUnavailableError]


def test_handles_of_ended_threads_are_closed(store):
    def work():
        store.look_up("key")

    for _ in range(5):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(store._handles._handles) <= 2


def test_a_forked_child_does_not_use_its_parents_handle(store):
    store.put(an_entry("parent"), {"payload": b"x"})
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.put(an_entry("child"), {"payload": b"y"})
            status = 0 if len(store.look_up("parent")) == 1 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(store.look_up("child")) == 1
    store.put(an_entry("parent 2"), {"payload": b"z"})
    assert store.verify().entries == 3


def test_profiles_and_memos_are_bounded(store, monkeypatch):
    monkeypatch.setattr("fpcache.store.notes._MOST_ROWS", {"profiles": 50, "memos": 50})
    from fpcache.store import Profile

    for number in range(300):
        store.remember_profile(f"d{number}", Profile(1.0))
        store.set_memo(f"m{number}", b"x")
    assert store.profile("d0") is None
    assert store.get_memo("m0") is None
    assert store.profile("d299") == Profile(1.0)
    assert store.get_memo("m299") == b"x"
    store.remember_profile("d", Profile(1.0, details=b"x" * 2**17))
    assert store.profile("d") == Profile(1.0)
    store.set_memo("m", b"x" * 2**21)
    assert store.get_memo("m") is None


def test_an_entry_expires_when_its_time_comes(tmp_path):
    now_s = [time.time()]
    store = LocalStore(tmp_path, key=KEY, clock=lambda: now_s[0])
    store.put(an_entry(expires_s=now_s[0] + 60), {"payload": b"x"})
    assert len(store.look_up("key")) == 1
    now_s[0] += 61
    assert store.look_up("key") == ()
    assert len(store.nearest(label="key = f()")) == 1


def test_a_store_opened_later_reports_once_what_keeps_it_closed(tmp_path, faults, monkeypatch):
    (tmp_path / "cache").touch()
    store = LocalStore(tmp_path / "cache", key=KEY, on_fault=faults.append, open_now=False)
    for call in (lambda: store.look_up("key"), lambda: store.put(an_entry(), {}), store.totals):
        with pytest.raises(StoreUnavailableError, match="is a file"):
            call()
    store.touch("id", 1.0)
    assert len(faults) == 1
    (tmp_path / "cache").unlink()
    with pytest.raises(StoreUnavailableError, match="is a file"):
        store.totals()
    monkeypatch.setattr("fpcache.store.handles._RETRY_S", 0.0)
    store.put(an_entry(), {"payload": b"x"})
    assert len(store.look_up("key")) == 1


def test_a_key_that_can_not_be_read_keeps_a_store_closed(tmp_path, faults, monkeypatch):
    (tmp_path / "key").touch(0o600)
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))
    store = LocalStore(tmp_path / "cache", on_fault=faults.append, open_now=False)
    with pytest.raises(StoreUnavailableError, match="too short"):
        store.look_up("key")
    store.set_memo("a", b"1")
    assert len(faults) == 1
