"""Traps 101–103: the store. They need more than cells, and are told where the store's own tests are."""

from __future__ import annotations

__all__ = ["STORE_TESTS"]

# Number to test, below tests/.
STORE_TESTS = {
    101: (
        "transcripts/test_store_faults.py::test_two_kernels_at_once_share_a_cache",
        "store/test_processes.py::test_kernels_write_and_collect_at_once",
    ),
    102: ("store/test_processes.py::test_a_kill_at_any_point_leaves_a_whole_store",),
    103: (
        "transcripts/test_store_faults.py::test_truncated_and_changed_blobs_run_the_code_again",
        "transcripts/test_store_faults.py::test_a_row_that_was_tampered_with_is_never_unpickled",
        "transcripts/test_store_faults.py::test_entries_of_another_key_are_ignored",
    ),
}
