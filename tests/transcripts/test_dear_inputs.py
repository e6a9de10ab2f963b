"""What is too dear to fingerprint for now runs without a word, and is tried again where there is more to spend."""

from __future__ import annotations

from fpcache.testing.sessions import expect

PURSE = """
from fpcache.session import governor
governor.START_S, governor.SHARE_OF_RUN_TIME, governor.LEAST_S = {start_s}, 0.0, {least_s}
governor.SHARE_FOR_STORING = 0.02
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
        [PURSE.format(start_s=-1.0, least_s=0.001), *CELLS.split("    # %%\n")],
        environment={"FPCACHE_MIN_SECONDS": "0.0001"},
    )
    assert run.faults == ()
    expect(run, {"np.set_printoptions": "plain: fingerprinting its inputs took over 0.00 s"})


DEAR_RESULT = """
    import time
    class P:
        def __init__(self, n): self.n = n
    def make():
        time.sleep(1)
        return [P(n) for n in range(50_000)]
    # %%
    out = make()
    # %%
    n = len(out)
"""


def test_a_result_too_dear_to_look_at_is_stored_by_a_run_with_more_to_spend(transcript):
    found = []
    for start_s in (-1.0, -1.0, 5.0, -1.0):
        cells = [PURSE.format(start_s=start_s, least_s=0.01), *DEAR_RESULT.split("    # %%\n")]
        run = transcript.run(cells, environment={"FPCACHE_MIN_SECONDS": "0.01"})
        assert run.faults == ()
        found += [f"{row.status}: {row.reason}" for row in run.rows() if row.name == "out = make()"]
    assert "looking at its result took over 0.02 s; a run with more" in found[0]
    assert found[1] == found[0]
    assert found[2:] == ["miss: never seen", "hit: same code and inputs as before"]
