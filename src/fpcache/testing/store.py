"""What every store must do, as tests to subclass.

Override the ``store`` fixture::

    class TestMyStore(StoreTests):
        @pytest.fixture
        def store(self, tmp_path):
            return MyStore(tmp_path)

The class asks for nothing beyond plain assertions, so importing it needs no
test library.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from fpcache.errors import CorruptEntryError
from fpcache.store.entry import BlobRef, Entry, Profile
from fpcache.store.protocol import Store

__all__ = ["StoreTests", "an_entry"]


def an_entry(key: str = "key", **fields: object) -> Entry:
    """Return an entry for tests, created now unless told otherwise."""
    return replace(Entry(key=key, created_s=time.time(), label=f"{key} = f()"), **fields)  # type: ignore[arg-type]


class StoreTests:
    """The behaviour that sessions rely on.

    A subclass provides the fixture ``store``: an empty store, trusted by the
    key that it writes with.
    """

    def test_an_unknown_key_has_no_entries(self, store: Store) -> None:
        assert store.look_up("never seen") == ()

    def test_what_was_put_is_looked_up_whole(self, store: Store) -> None:
        entry = an_entry(
            duration_s=2.5,
            restore_s=0.25,
            notebook="a.ipynb",
            cell="c1",
            code_digest="d1",
            source="x = f('é')",
            name="mine",
            binds=("b", "a"),
            dependencies=b'["file"]',
            meta=b'{"roots": []}',
            expires_s=time.time() + 1000,
        )
        stored = store.put(entry, {"payload": b"abc", "outputs": b"[]"})
        (found,) = store.look_up("key")
        assert found == stored
        assert replace(found, blobs={}, size_bytes=0, entry_id="") == replace(entry, binds=("a", "b"))
        assert found.size_bytes == 5
        assert set(found.blobs) == {"payload", "outputs"}

    def test_bytes_come_back_as_they_were(self, store: Store) -> None:
        blobs = {"empty": b"", "small": b"\0\xff", "large": bytes(range(256)) * 4096}
        stored = store.put(an_entry(), blobs)
        assert {role: bytes(store.read(ref)) for role, ref in stored.blobs.items()} == blobs

    def test_any_contiguous_buffer_is_taken(self, store: Store) -> None:
        import array

        numbers = array.array("d", [1.0, 2.0])
        blobs: dict[str, Any] = {
            "array": numbers,
            "view": memoryview(b"0123")[1:3],
            "bytearray": bytearray(b"xy"),
        }
        stored = store.put(an_entry(), blobs)
        read = {role: bytes(store.read(ref)) for role, ref in stored.blobs.items()}
        assert read == {"array": numbers.tobytes(), "view": b"12", "bytearray": b"xy"}

    def test_writing_into_what_was_read_does_not_reach_the_store(self, store: Store) -> None:
        ref = store.put(an_entry(), {"payload": b"abc"}).blobs["payload"]
        data = store.read(ref)
        data[0] = ord("X")
        assert bytes(store.read(ref)) == b"abc"

    def test_entries_of_one_key_come_newest_first(self, store: Store) -> None:
        now_s = time.time()
        for age_s in (20, 0, 10):
            store.put(an_entry(created_s=now_s - age_s, dependencies=b"[%d]" % age_s), {"payload": b"x"})
        assert [entry.dependencies for entry in store.look_up("key")] == [b"[0]", b"[10]", b"[20]"]

    def test_the_same_key_and_dependencies_make_one_entry(self, store: Store) -> None:
        first = store.put(an_entry(), {"payload": b"old"})
        second = store.put(an_entry(), {"payload": b"new"})
        assert first.entry_id == second.entry_id
        (found,) = store.look_up("key")
        assert bytes(store.read(found.blobs["payload"])) == b"new"

    def test_identical_content_is_stored_once(self, store: Store) -> None:
        store.put(an_entry("a"), {"payload": b"x" * 1000})
        store.put(an_entry("b"), {"payload": b"x" * 1000, "again": b"x" * 1000})
        assert store.size_bytes() == 1000

    def test_an_expired_entry_is_not_looked_up(self, store: Store) -> None:
        store.put(an_entry(expires_s=time.time() - 1), {"payload": b"x"})
        assert store.look_up("key") == ()

    def test_one_key_does_not_collect_recordings_without_end(self, store: Store) -> None:
        for number in range(100):
            store.put(an_entry(dependencies=b"[%d]" % number), {"payload": b"x"})
        found = store.look_up("key")
        assert len(found) < 100
        assert found[0].dependencies == b"[99]"

    def test_a_removed_entry_is_gone(self, store: Store) -> None:
        stored = store.put(an_entry(), {"payload": b"x"})
        assert store.remove(stored.entry_id)
        assert store.look_up("key") == ()
        assert store.entry(stored.entry_id) is None
        assert not store.remove(stored.entry_id)

    def test_clear_leaves_pinned_entries_usable(self, store: Store) -> None:
        kept = store.put(an_entry("kept"), {"payload": b"kept", "shared": b"both"})
        store.put(an_entry("gone"), {"payload": b"gone", "shared": b"both"})
        assert store.pin(kept.entry_id)
        collected = store.clear()
        assert (collected.entries, collected.blobs, collected.size_bytes) == (1, 1, 4)
        (found,) = store.look_up("kept")
        assert found.pinned
        assert bytes(store.read(found.blobs["shared"])) == b"both"
        assert store.look_up("gone") == ()

    def test_clear_can_take_pinned_entries_too(self, store: Store) -> None:
        store.pin(store.put(an_entry(), {"payload": b"x"}).entry_id)
        store.clear(keep_pinned=False)
        assert store.entries() == ()
        assert store.size_bytes() == 0

    def test_a_pin_stays_when_the_entry_is_recorded_again(self, store: Store) -> None:
        store.pin(store.put(an_entry(), {"payload": b"x"}).entry_id)
        store.put(an_entry(), {"payload": b"y"})
        assert store.look_up("key")[0].pinned

    def test_pinning_what_is_not_there_says_so(self, store: Store) -> None:
        assert not store.pin("0" * 32)

    def test_hits_are_counted_and_outlive_their_entry(self, store: Store) -> None:
        stored = store.put(an_entry(), {"payload": b"x"})
        store.touch(stored.entry_id, 1.5)
        store.touch(stored.entry_id, 2.0)
        (found,) = store.look_up("key")
        assert (found.hits, found.saved_s) == (2, 3.5)
        assert found.used_s > 0
        store.clear()
        totals = store.totals()
        assert (totals.entries, totals.hits, totals.saved_s) == (0, 2, 3.5)

    def test_totals_count_entries_pins_and_bytes(self, store: Store) -> None:
        store.put(an_entry("a"), {"payload": b"12345"})
        store.pin(store.put(an_entry("b"), {"payload": b"123"}).entry_id)
        totals = store.totals()
        assert (totals.entries, totals.pinned, totals.size_bytes) == (2, 1, 8)

    def test_nearest_prefers_code_then_label_then_names(self, store: Store) -> None:
        store.put(an_entry("names", label="m = g()", binds=("m",)), {})
        store.put(an_entry("code", label="other", code_digest="d"), {})
        store.put(an_entry("label", label="m = f()", code_digest="e"), {})
        store.put(an_entry("unlike", label="z", binds=("z",)), {})
        found = store.nearest(code_digest="d", label="m = f()", names=["m"])
        assert [entry.key for entry in found] == ["code", "label", "names"]
        assert [entry.key for entry in store.nearest(code_digest="d", label="m = f()", limit=1)] == ["code"]

    def test_nearest_prefers_the_same_notebook(self, store: Store) -> None:
        now_s = time.time()
        store.put(an_entry("here", label="x", notebook="a.ipynb", created_s=now_s - 9), {})
        store.put(an_entry("elsewhere", label="x", notebook="b.ipynb", created_s=now_s), {})
        assert store.nearest(label="x", notebook="a.ipynb")[0].key == "here"

    def test_listings_sort_search_and_page(self, store: Store) -> None:
        for number, label in enumerate(("b", "c", "a")):
            entry = an_entry(label, label=label, duration_s=float(number), source=f"100%_{label}")
            store.put(entry, {"payload": bytes(5 - number)})
        assert [e.label for e in store.entries(sort="label")] == ["a", "b", "c"]
        assert [e.label for e in store.entries(sort="duration", limit=2)] == ["a", "c"]
        assert [e.label for e in store.entries(sort="size", limit=1, offset=1)] == ["c"]
        assert [e.label for e in store.entries(search="%_c")] == ["c"]
        assert store.entries(search="1__%") == ()
        assert [store.count(), store.count("%_c"), store.count("1__%")] == [3, 1, 0]

    def test_a_listing_by_notebook_keeps_the_cells_of_one_together(self, store: Store) -> None:
        for number, (notebook, cell) in enumerate((("b", "1"), ("a", "2"), ("b", "0"), ("a", "1"))):
            store.put(an_entry(str(number), notebook=notebook, cell=cell), {"payload": b"x"})
        listed = [(entry.notebook, entry.cell) for entry in store.entries(sort="notebook")]
        assert listed == [("a", "1"), ("a", "2"), ("b", "0"), ("b", "1")]

    def test_a_profile_is_remembered_and_replaced(self, store: Store) -> None:
        assert store.profile("d") is None
        store.remember_profile("d", Profile(0.001))
        store.remember_profile("d", Profile(0.5, 2, "opens a figure", b'{"a": 1}'))
        assert store.profile("d") == Profile(0.5, 2, "opens a figure", b'{"a": 1}')

    def test_clear_keeps_profiles(self, store: Store) -> None:
        store.remember_profile("d", Profile(0.5))
        store.clear(keep_pinned=False)
        assert store.profile("d") == Profile(0.5)

    def test_a_memo_is_kept_under_its_name(self, store: Store) -> None:
        assert store.get_memo("a") is None
        store.set_memo("a", b"1")
        store.set_memo("b", b"2")
        store.set_memo("a", b"3")
        assert (store.get_memo("a"), store.get_memo("b")) == (b"3", b"2")

    def test_missing_bytes_are_a_corrupt_entry(self, store: Store) -> None:
        try:
            store.read(BlobRef("0" * 64, 3))
        except CorruptEntryError:
            return
        raise AssertionError("bytes that are not there were read")

    def test_gc_keeps_what_entries_need(self, store: Store) -> None:
        stored = store.put(an_entry(), {"payload": b"x"})
        store.gc(grace_s=0)
        assert bytes(store.read(stored.blobs["payload"])) == b"x"

    def test_gc_frees_what_no_entry_needs(self, store: Store) -> None:
        store.remove(store.put(an_entry(), {"payload": b"x" * 10}).entry_id)
        assert store.gc(grace_s=-10).size_bytes == 10

    def test_gc_removes_expired_entries(self, store: Store) -> None:
        stored = store.put(an_entry(expires_s=time.time() - 1), {"payload": b"x"})
        assert store.gc().entries == 1
        assert store.entry(stored.entry_id) is None

    def test_a_whole_store_verifies(self, store: Store) -> None:
        store.put(an_entry(), {"payload": b"x"})
        verification = store.verify()
        assert (verification.entries, verification.blobs, verification.problems) == (1, 1, ())

    def test_odd_texts_are_stored(self, store: Store) -> None:
        store.put(an_entry(label="a\0b", source="'\ud800'", notebook="\N{SNOWMAN}"), {})
        (found,) = store.look_up("key")
        assert (found.label, found.source, found.notebook) == ("a\0b", "'\\ud800'", "\N{SNOWMAN}")

    def test_threads_share_one_store(self, store: Store) -> None:
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for turn in range(10):
                    stored = store.put(an_entry(f"{number}-{turn}"), {"payload": b"%d" % number, "all": b"x"})
                    assert bytes(store.read(stored.blobs["payload"])) == b"%d" % number
                    store.touch(stored.entry_id, 1.0)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.totals().entries == 40
        assert store.totals().hits == 40

    def test_a_closed_store_opens_again(self, store: Store) -> None:
        store.put(an_entry(), {"payload": b"x"})
        store.close()
        assert len(store.look_up("key")) == 1
