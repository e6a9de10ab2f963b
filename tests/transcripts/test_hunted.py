"""Sessions that a random search, or a reading of the code, found to be replayed wrongly."""

from __future__ import annotations

import pytest
from harness import expect
from run_edit_run import run_one_then_other, run_twice

MEMO = """
    from functools import lru_cache
    log, k = [], 1
    # %%
    @lru_cache({size})
    def memo(n, step=0):
        {body}
"""


@pytest.mark.parametrize("size", ["None", "3"])
def test_what_a_memoised_function_returned_is_one_object_with_what_it_returns_later(transcript, size):
    cells = MEMO.format(size=size, body="return [n, step]")
    calls = "\n# %%\na = memo(1, step=2)\n# %%\nb = memo(1, step=2)"
    _, warm = run_one_then_other(transcript, cells + calls, cells + calls + "; c = 1\n# %%\na is b, c")
    expect(warm, {"a = memo": "uncacheable: lru_cache", "b = memo": "hit"})


def test_a_stale_result_of_a_memoised_function_is_not_taken_for_a_new_one(transcript):
    cells = MEMO.format(size="None", body="return n + k")
    one = cells + "\n# %%\na = memo(1)\n# %%\nk = 5\n# %%\nb = memo(1)"
    _, warm = run_one_then_other(transcript, one, cells + "\n# %%\nk = 5\n# %%\nb = memo(1)")
    expect(warm, {"b = memo": "uncacheable"})


def test_what_a_memoised_function_does_beside_is_done_by_its_first_call_alone(transcript):
    cells = MEMO.format(size="None", body="log.append(n); print(n); return n")
    call = "\n# %%\na = memo(1)"
    _, warm = run_one_then_other(transcript, cells + call + call, cells + call + "\n# %%\nlog.clear()" + call)
    expect(warm, {"a = memo": "uncacheable, miss"})


def test_a_memoised_function_of_values_alone_hits(transcript):
    cells = MEMO.format(size="3", body="return n if n < 1 else memo(n - 1, step=n)")
    _, warm = run_twice(transcript, cells + "\n# %%\na = memo(3)")
    expect(warm, {"a = memo(3)": "hit"})
