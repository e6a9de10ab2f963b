"""Statements whose inputs are too dear to fingerprint run without a word, and their effects are known all the same."""

from __future__ import annotations

from fpcache.testing.sessions import expect

PURSE = """
from fpcache.session import governor
governor.START_S, governor.SHARE_OF_RUN_TIME, governor.LEAST_S = -1.0, 0.0, {least_s}
"""
CELLS = """
    import numpy as np
    big = [(n, n + 1) for n in range(100_000)]
    # %%
    np.set_printoptions(precision=len(big) % 7 + 1)
    # %%
    text = [str(np.float64(n) / 7 + np.zeros(2)) for n in range(9)]
    # %%
    np.set_printoptions(precision=len(big) % 7 + 1)
"""


def test_what_was_too_dear_to_fingerprint_before_still_counts_as_an_effect(transcript):
    run = transcript.run(
        [PURSE.format(least_s="0.001"), *CELLS.split("    # %%\n")],
        environment={"FPCACHE_MIN_SECONDS": "0.0001"},
    )
    assert run.faults == ()
    expect(run, {"np.set_printoptions": "plain: fingerprinting its inputs took over 0.00 s"})
